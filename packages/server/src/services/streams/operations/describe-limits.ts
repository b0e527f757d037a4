import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { openShardCount } from '../stream-view.ts'

/** To S3, and to S3 Tables: the account's limit follows from it [docs]. */
const channelsOfStreamMax = 2

export const describeLimits = operation({
  name: 'DescribeLimits',
  input: structure({}),
  resource: () => undefined,
  rate: { perSecond: 1, per: 'account' },
  async handle({ channels, limits, streams }: StreamsContext) {
    const all = streams.all()
    return {
      ShardLimit: limits.shardCountMax,
      OpenShardCount: all.reduce((sum, stream) => sum + openShardCount(stream), 0),
      OnDemandStreamCount: all.filter(({ mode }) => mode === 'ON_DEMAND').length,
      OnDemandStreamCountLimit: limits.onDemandStreamCountMax,
      ChannelCount: channels.all().length,
      ChannelCountLimit: limits.onDemandStreamCountMax * channelsOfStreamMax,
    }
  },
})
