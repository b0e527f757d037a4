import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeStreamSummary', {
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
