import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { shardsNotAdjacent } from '../faults.ts'
import { shardId, streamNameOf, streamReference, streamResource } from '../members.ts'
import { checkMayReshard, openShardOf } from '../reshard-checks.ts'
import { changed, type Shard } from '../stream.ts'

export const mergeShards = operation({
  name: 'MergeShards',
  input: structure({ ...streamReference, ShardToMerge: shardId, AdjacentShardToMerge: shardId }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, place, streams } = context
    await streams.update(streamNameOf(context, input), (stream) => {
      checkMayReshard(context, stream, 'MergeShards')
      const shard = openShardOf(context, stream, input.ShardToMerge)
      const adjacent = openShardOf(context, stream, input.AdjacentShardToMerge)
      if (!touch(shard, adjacent) && !touch(adjacent, shard))
        throw shardsNotAdjacent(shard, adjacent, stream.name, place.accountId)
      return changed(stream, {
        status: 'UPDATING',
        pending: {
          kind: 'merge',
          dueAtMs: clock.nowMs() + durations.updateMs,
          shardIndex: shard.index,
          adjacentIndex: adjacent.index,
        },
      })
    })
  },
})

const touch = (lower: Shard, upper: Shard) => lower.endingHashKey + 1n === upper.startingHashKey
