import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { channelArn } from '../channel-input.ts'
import { channelView } from '../channel-view.ts'
import type { StreamsContext } from '../context.ts'

export const describeChannel = operation({
  name: 'DescribeChannel',
  input: structure({ ChannelARN: channelArn }),
  resource: ({ ChannelARN }) => ChannelARN,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    return { ChannelDescription: channelView(context, context.channels.byArn(input.ChannelARN)) }
  },
})
