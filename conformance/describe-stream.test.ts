import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { pageSize, shardId, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeStream', {
  optional: { StreamName: streamName, StreamARN: streamArn, Limit: pageSize, ExclusiveStartShardId: shardId },
  findsStream: 'StreamName',
})
