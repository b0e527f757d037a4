import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { channelArn } from '../channel-input.ts'
import type { StreamsContext } from '../context.ts'

export const deleteChannel = operation({
  name: 'DeleteChannel',
  input: structure({ ChannelARN: channelArn }),
  resource: ({ ChannelARN }) => ChannelARN,
  rate: { perSecond: 5, per: 'account' },
  async handle({ channels, clock, durations }: StreamsContext, input) {
    await channels.update(channels.byArn(input.ChannelARN).id, (channel) =>
      channel.status === 'DELETING'
        ? channel
        : { ...channel, status: 'DELETING', dueAtMs: clock.nowMs() + durations.deleteMs },
    )
  },
})
