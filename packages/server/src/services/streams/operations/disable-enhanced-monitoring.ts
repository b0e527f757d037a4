import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { metricNamesOf, monitoringView, shardLevelMetrics } from '../enhanced-monitoring.ts'
import { streamNameOf, streamReference, streamResource } from '../members.ts'
import { changeSettings } from '../stream-settings.ts'

export const disableEnhancedMonitoring = operation({
  name: 'DisableEnhancedMonitoring',
  input: structure({ ...streamReference, ShardLevelMetrics: shardLevelMetrics }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const named = metricNamesOf(input.ShardLevelMetrics)
    let before: readonly string[] = []
    const stream = await changeSettings(context, streamNameOf(context, input), (current) => {
      before = current.shardLevelMetrics
      return { shardLevelMetrics: before.filter((name) => !named.includes(name)) }
    })
    return monitoringView(context, stream, before)
  },
})
