import { invalidArgument } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { channelArn, channelLogging, checkFreshness, freshnessUpdate, loggingOf } from '../channel-input.ts'
import { channelView } from '../channel-view.ts'
import type { StreamsContext } from '../context.ts'
import { channelNotActive } from '../faults.ts'

export const updateChannel = operation({
  name: 'UpdateChannel',
  input: structure({
    ChannelARN: channelArn,
    S3DestinationConfiguration: optional(freshnessUpdate),
    S3TablesDestinationConfiguration: optional(freshnessUpdate),
    LoggingConfiguration: optional(channelLogging),
  }),
  resource: ({ ChannelARN }) => ChannelARN,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { channels, clock, durations, limits, place } = context
    const { S3DestinationConfiguration: s3, LoggingConfiguration: logging } = input
    const { id } = channels.byArn(input.ChannelARN)
    if (input.S3TablesDestinationConfiguration)
      throw invalidArgument('S3TablesDestinationConfiguration is for channels that deliver to S3 Tables.')
    if (!s3 && !logging) throw invalidArgument('There is nothing to update.')
    if (s3) checkFreshness(s3.DataFreshnessInSeconds, limits)
    const updated = await channels.update(id, (channel) => {
      if (channel.status !== 'ACTIVE') throw channelNotActive(input.ChannelARN, channel.status, place.accountId)
      return {
        ...channel,
        status: 'UPDATING',
        dueAtMs: clock.nowMs() + durations.updateMs,
        version: channel.version + 1,
        freshnessSeconds: s3?.DataFreshnessInSeconds ?? channel.freshnessSeconds,
        logging: logging ? loggingOf(logging, channel.logging) : channel.logging,
      }
    })
    return { ChannelDescription: channelView(context, updated) }
  },
})
