import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { hashKey, shardId, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'SplitShard', {
  required: { ShardToSplit: shardId, NewStartingHashKey: hashKey },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
