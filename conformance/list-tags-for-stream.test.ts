import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArn, streamName, tagLimit, text } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListTagsForStream', {
  optional: { StreamName: streamName, StreamARN: streamArn, ExclusiveStartTagKey: text, Limit: tagLimit },
  findsStream: 'StreamName',
})
