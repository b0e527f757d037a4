import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DeleteStream', {
  optional: { StreamName: streamName, StreamARN: streamArn, EnforceConsumerDeletion: boolean },
  findsStream: 'StreamName',
})
