import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, iteratorType, sequenceNumber, shardId, streamArn, streamName, timestamp } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'GetShardIterator', {
  required: { ShardId: shardId, ShardIteratorType: iteratorType },
  optional: {
    StreamName: streamName,
    StreamARN: streamArn,
    StartingSequenceNumber: sequenceNumber,
    Timestamp: timestamp,
    DryRun: boolean,
  },
  findsStream: 'StreamName',
})
