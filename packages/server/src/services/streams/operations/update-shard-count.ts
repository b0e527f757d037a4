import { operation } from '../../../core/operation.ts'
import { enumeration, integer, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { countUpdatedTooOften, targetAboveDouble, targetAboveStreamMax, targetBelowHalf } from '../faults.ts'
import { streamArnOf, streamNameOf, streamReference, streamResource } from '../members.ts'
import { checkMayReshard, checkShardRoom } from '../reshard-checks.ts'
import { changed } from '../stream.ts'

/** Open shards that UpdateShardCount gives one stream at most. */
const targetShardCountMax = 10_000

const dayMs = 86_400_000

export const updateShardCount = operation({
  name: 'UpdateShardCount',
  input: structure({
    ...streamReference,
    TargetShardCount: integer({ min: 1 }),
    ScalingType: enumeration('UNIFORM_SCALING'),
  }),
  resource: streamResource,
  rate: { perSecond: 10, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, limits, streams } = context
    const target = input.TargetShardCount
    let current = 0
    const name = streamNameOf(context, input)
    const stream = await streams.inTurn(() =>
      streams.update(name, (stream) => {
        checkMayReshard(context, stream, 'UpdateShardCount')
        current = stream.shardMap.openShards.length
        if (target > targetShardCountMax || (current > targetShardCountMax && target === targetShardCountMax))
          throw targetAboveStreamMax(targetShardCountMax, current, target)
        if (target > current * 2) throw targetAboveDouble(current, target)
        if (target < current / 2) throw targetBelowHalf(current, target)
        const nowMs = clock.nowMs()
        const today = stream.countUpdatesMs.filter((atMs) => atMs > nowMs - dayMs)
        if (today.length >= limits.shardCountUpdatesPerDay)
          throw countUpdatedTooOften(stream.name, limits.shardCountUpdatesPerDay)
        if (target > current) checkShardRoom(context, target - current)
        return changed(stream, {
          status: 'UPDATING',
          pending: { kind: 'scale', dueAtMs: nowMs + durations.updateMs, targetShardCount: target },
          countUpdatesMs: Number.isFinite(limits.shardCountUpdatesPerDay) ? [...today, nowMs] : [],
        })
      }),
    )
    return {
      StreamName: stream.name,
      CurrentShardCount: current,
      TargetShardCount: target,
      StreamARN: streamArnOf(context, stream),
    }
  },
})
