import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { shardNotFound } from '../faults.ts'
import { pageSize, shardId, streamOf, streamReference, streamResource } from '../members.ts'
import { parseShardId, shardView } from '../shard-view.ts'
import { isExpired } from '../stream.ts'
import { streamView } from '../stream-view.ts'

/** The largest page of shards; also the default. */
const pageMax = 100

export const describeStream = operation({
  name: 'DescribeStream',
  input: structure({ ...streamReference, Limit: optional(pageSize), ExclusiveStartShardId: optional(shardId) }),
  resource: streamResource,
  rate: { perSecond: 10, per: 'account' },
  async handle(context: StreamsContext, input) {
    const stream = streamOf(context, input)
    const after = input.ExclusiveStartShardId === undefined ? -1 : parseShardId(input.ExclusiveStartShardId)
    if (after === undefined) throw shardNotFound(input.ExclusiveStartShardId!, stream.name, context.place.accountId)
    const nowMs = context.clock.nowMs()
    const left =
      stream.status === 'CREATING'
        ? []
        : stream.shards.filter((shard) => shard.index > after && !isExpired(stream, shard, nowMs))
    const shards = left.slice(0, Math.min(input.Limit ?? pageMax, pageMax))
    return {
      StreamDescription: {
        ...streamView(context, stream),
        Shards: shards.map(shardView),
        HasMoreShards: shards.length < left.length,
      },
    }
  },
})
