import { dryRunSucceeded } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, optional, structure, timestamp } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { sequenceNumber, shardId, streamNameOf, streamReference, streamResource } from '../members.ts'
import { sealIterator } from '../shard-iterator.ts'
import { namedShard, shardIteratorType, startingOffset } from '../starting-position.ts'

export const getShardIterator = operation({
  name: 'GetShardIterator',
  audit: { event: 'data', resourceType: 'AWS::Kinesis::Stream' },
  input: structure({
    ...streamReference,
    ShardId: shardId,
    ShardIteratorType: shardIteratorType,
    StartingSequenceNumber: optional(sequenceNumber),
    Timestamp: optional(timestamp()),
    DryRun: optional(boolean()),
  }),
  resource: streamResource,
  async handle(context: StreamsContext, input) {
    const { stream, shard } = namedShard(context, streamNameOf(context, input), input.ShardId)
    const position = {
      type: input.ShardIteratorType,
      sequenceNumber: input.StartingSequenceNumber,
      timestamp: input.Timestamp,
    }
    const offset = await startingOffset(context, stream, shard, position, 'GetShardIterator')
    if (input.DryRun) throw dryRunSucceeded('GetShardIterator')
    return { ShardIterator: sealIterator(context, { stream, shard, offset }) }
  },
})
