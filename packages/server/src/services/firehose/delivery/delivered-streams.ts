import type { FirehoseContext } from '../context.ts'
import { type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { destinationName } from '../destination-name.ts'
import { withOpenSecrets } from '../destination-secrets.ts'
import { count } from '../metrics.ts'
import type { Deliverable, Deliverables } from './deliverable.ts'
import { planOf } from './plan.ts'

/** Delivery streams, by name, as what is to be delivered. */
export class DeliveredStreams implements Deliverables {
  readonly #context: FirehoseContext

  constructor(context: FirehoseContext) {
    this.#context = context
  }

  keys(): readonly string[] {
    return this.#context.deliveryStreams.all().map(({ name }) => name)
  }

  find(key: string): Deliverable | undefined {
    const stream = this.#context.deliveryStreams.find(key)
    return stream && deliverableOf(this.#context, stream)
  }

  watch(listener: (key: string) => void): () => void {
    return this.#context.deliveryStreams.watch(listener)
  }

  /** What may be put into each delivery stream that something was put into since the last time. */
  report(): void {
    const { counts, deliveryStreams, limits, metrics } = this.#context
    if (!Number.isFinite(limits.putBytesPerSecond)) return
    for (const stream of deliveryStreams.all()) {
      const known = counts.of(logIdOf(stream))
      if (known.put.records === known.reportedPutRecords) continue
      known.reportedPutRecords = known.put.records
      count(metrics, stream.name, 'BytesPerSecondLimit', limits.putBytesPerSecond)
      count(metrics, stream.name, 'RecordsPerSecondLimit', limits.putRecordsPerSecond)
      count(metrics, stream.name, 'PutRequestsPerSecondLimit', limits.putRequestsPerSecond)
    }
  }
}

function deliverableOf(context: FirehoseContext, stream: DeliveryStream): Deliverable {
  const { destination, name, source, status, version } = stream
  return {
    id: logIdOf(stream),
    version,
    isActive: status === 'ACTIVE',
    facts: {
      ...{ name, status, version, source: source.type === 'DirectPut' ? 'DirectPut' : source.streamArn },
      destination: { kind: destination.kind, name: destinationName(destination) },
    },
    parts: { ...context, counts: context.counts.of(logIdOf(stream)) },
    plan: async () => planOf(context, await withOpenSecrets(context.secrets, stream)),
  }
}
