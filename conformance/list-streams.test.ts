import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { pageSize, streamName, text } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListStreams', {
  optional: { Limit: pageSize, ExclusiveStartStreamName: streamName, NextToken: text },
})
