import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { pageSize, streamArn, text, timestamp } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListStreamConsumers', {
  required: { StreamARN: streamArn },
  optional: { NextToken: text, MaxResults: pageSize, StreamCreationTimestamp: timestamp },
  findsStream: 'StreamARN',
})
