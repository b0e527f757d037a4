import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { pageSize, shardId, streamArn, streamName, structure, text, timestamp } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListShards', {
  optional: {
    StreamName: streamName,
    StreamARN: streamArn,
    NextToken: text,
    ExclusiveStartShardId: shardId,
    MaxResults: pageSize,
    StreamCreationTimestamp: timestamp,
    ShardFilter: structure({}),
  },
  findsStream: 'StreamName',
})
