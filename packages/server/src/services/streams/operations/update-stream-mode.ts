import { limitExceeded } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { checkOnDemandRoom, checkWarmThroughput } from '../capacity-checks.ts'
import type { StreamsContext } from '../context.ts'
import { streamHasChannels } from '../faults.ts'
import { streamArn, streamId, streamModeDetails, streamNameOf, streamResource, warmThroughput } from '../members.ts'
import { changeSettings } from '../stream-settings.ts'

const dayMs = 24 * 3_600_000

export const updateStreamMode = operation({
  name: 'UpdateStreamMode',
  input: structure({
    StreamARN: streamArn,
    StreamId: streamId,
    StreamModeDetails: streamModeDetails,
    WarmThroughputMiBps: optional(warmThroughput),
  }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { channels, clock, limits, place, streams } = context
    const mode = input.StreamModeDetails.StreamMode
    const name = streamNameOf(context, input)
    streams.get(name)
    checkWarmThroughput(context, mode, input.WarmThroughputMiBps)
    await streams.inTurn(() =>
      changeSettings(context, name, (stream) => {
        const nowMs = clock.nowMs()
        const updates = stream.modeUpdatesMs.filter((atMs) => atMs > nowMs - dayMs)
        if (updates.length >= limits.modeUpdatesPerDay)
          throw limitExceeded(
            `UpdateStreamMode cannot be called on stream ${name} more than ${limits.modeUpdatesPerDay} times in 24 hours.`,
          )
        if (mode === 'PROVISIONED' && channels.ofStream(stream).length > 0)
          throw streamHasChannels(name, place.accountId)
        if (mode === 'ON_DEMAND' && stream.mode !== mode) checkOnDemandRoom(context)
        return {
          mode,
          modeUpdatesMs: [...updates, nowMs],
          // What only on-demand streams have ends with the mode; the shards stay as they are.
          distributionStrategy: mode === 'ON_DEMAND' ? stream.distributionStrategy : 'USER_PARTITION_KEY',
          warmThroughputMiBps:
            mode === 'ON_DEMAND' ? (input.WarmThroughputMiBps ?? stream.warmThroughputMiBps) : undefined,
        }
      }),
    )
  },
})
