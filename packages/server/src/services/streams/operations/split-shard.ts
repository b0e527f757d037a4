import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { splitPointOutside } from '../faults.ts'
import { hashKey, shardId, streamNameOf, streamReference, streamResource } from '../members.ts'
import { checkMayReshard, checkShardRoom, openShardOf } from '../reshard-checks.ts'
import { changed } from '../stream.ts'

export const splitShard = operation({
  name: 'SplitShard',
  input: structure({ ...streamReference, ShardToSplit: shardId, NewStartingHashKey: hashKey }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, place, streams } = context
    const newStartingHashKey = BigInt(input.NewStartingHashKey)
    const name = streamNameOf(context, input)
    await streams.inTurn(() =>
      streams.update(name, (stream) => {
        checkMayReshard(context, stream, 'SplitShard')
        const shard = openShardOf(context, stream, input.ShardToSplit)
        if (newStartingHashKey <= shard.startingHashKey + 1n || newStartingHashKey >= shard.endingHashKey)
          throw splitPointOutside(newStartingHashKey, shard, stream.name, place.accountId)
        checkShardRoom(context, 1)
        return changed(stream, {
          status: 'UPDATING',
          pending: {
            kind: 'split',
            dueAtMs: clock.nowMs() + durations.updateMs,
            shardIndex: shard.index,
            newStartingHashKey,
          },
        })
      }),
    )
  },
})
