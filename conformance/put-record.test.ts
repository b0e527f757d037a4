import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, data, hashKey, partitionKey, sequenceNumber, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'PutRecord', {
  required: { Data: data },
  optional: {
    StreamName: streamName,
    StreamARN: streamArn,
    PartitionKey: partitionKey,
    ExplicitHashKey: hashKey,
    SequenceNumberForOrdering: sequenceNumber,
    DryRun: boolean,
  },
  findsStream: 'StreamName',
})
