import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, consumerArn, shardId, structure } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'SubscribeToShard', {
  required: { ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: structure({ Type: 'LATEST' }) },
  optional: { DryRun: boolean },
})
