import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArn, streamName, tagKeys } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'RemoveTagsFromStream', {
  required: { TagKeys: tagKeys },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
