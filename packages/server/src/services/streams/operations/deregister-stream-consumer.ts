import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { consumerOf, consumerReference, consumerResource } from '../consumer-reference.ts'
import type { StreamsContext } from '../context.ts'

export const deregisterStreamConsumer = operation({
  name: 'DeregisterStreamConsumer',
  input: structure({ ...consumerReference }),
  resource: consumerResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { clock, consumers, durations } = context
    const dueAtMs = clock.nowMs() + durations.consumerMs
    await consumers.update(consumerOf(context, input), (consumer) =>
      consumer.status === 'DELETING' ? consumer : { ...consumer, status: 'DELETING', dueAtMs },
    )
  },
})
