import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, list, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'PutRecords', {
  required: { Records: list([{ Data: 'ZGF0YQ==', PartitionKey: 'key' }]) },
  optional: { StreamName: streamName, StreamARN: streamArn, DryRun: boolean },
  findsStream: 'StreamName',
})
