import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArn, streamName, tags } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'AddTagsToStream', {
  required: { Tags: tags },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
