import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { shardId, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'MergeShards', {
  required: { ShardToMerge: shardId, AdjacentShardToMerge: shardId },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
