import type { StreamChannel } from '../../../core/ports/channels.ts'
import type { FirehoseContext } from '../context.ts'
import type { Deliverable, Deliverables } from '../delivery/deliverable.ts'
import { ChannelMetrics } from './channel-metrics.ts'
import { channelPlan } from './channel-plan.ts'

/** The channels of streams, by id, as what is to be delivered. */
export class DeliveredChannels implements Deliverables {
  readonly #context: FirehoseContext

  constructor(context: FirehoseContext) {
    this.#context = context
  }

  keys(): readonly string[] {
    return this.#context.channels.all().map(({ id }) => id)
  }

  find(key: string): Deliverable | undefined {
    const channel = this.#context.channels.find(key)
    return channel && deliverableOf(this.#context, channel)
  }

  watch(listener: (key: string) => void): () => void {
    const { channels, counts } = this.#context
    return channels.watch((id) => {
      if (!channels.find(id)) counts.forget(deliveryIdOf(id))
      listener(id)
    })
  }
}

const deliveryIdOf = (channelId: string) => `channel/${channelId}`

function deliverableOf(context: FirehoseContext, channel: StreamChannel): Deliverable {
  const { bucketArn, name, startMs, status, streamArn, version } = channel
  const id = deliveryIdOf(channel.id)
  const metrics = new ChannelMetrics(context.channelMetrics, channel)
  return {
    ...{ id, version, isActive: startMs !== undefined },
    facts: {
      ...{ name: `channel ${name}`, status, version, source: streamArn },
      destination: { kind: 'S3', name: bucketArn },
    },
    parts: { ...context, metrics, counts: context.counts.of(id) },
    plan: () => channelPlan(context, channel, { id, startMs: startMs!, metrics }),
  }
}
