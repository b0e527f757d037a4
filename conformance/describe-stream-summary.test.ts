import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArn, streamId, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeStreamSummary', {
  optional: { StreamName: streamName, StreamARN: streamArn, StreamId: streamId },
  findsStream: 'StreamName',
})
