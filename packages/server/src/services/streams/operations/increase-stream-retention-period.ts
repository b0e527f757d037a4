import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { retentionIncreaseRefused } from '../faults.ts'
import { streamNameOf, streamReference, streamResource } from '../members.ts'
import { checkRetentionHours, retentionHours } from '../retention.ts'
import { changeSettings } from '../stream-settings.ts'

export const increaseStreamRetentionPeriod = operation({
  name: 'IncreaseStreamRetentionPeriod',
  input: structure({ ...streamReference, RetentionPeriodHours: retentionHours }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const hours = input.RetentionPeriodHours
    const name = streamNameOf(context, input)
    context.streams.get(name)
    checkRetentionHours(hours)
    await changeSettings(context, name, (stream) => {
      if (hours < stream.retentionHours) throw retentionIncreaseRefused(hours, stream)
      return { retentionHours: hours }
    })
  },
})
