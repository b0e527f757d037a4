import type { Operation, Service } from '../../core/operation.ts'
import { Backlog } from './backlog.ts'
import type { FirehoseContext, FirehoseParts } from './context.ts'
import { Deliveries } from './delivery/deliveries.ts'
import { AllDeliveryCounts } from './delivery/delivery-counts.ts'
import type { DeliveryView } from './delivery/delivery-view.ts'
import { DeliveryStreamStore } from './delivery-stream-store.ts'
import { face } from './door.ts'
import { Lifecycle } from './lifecycle.ts'
import { metered } from './metered-operations.ts'
import * as operations from './operations/index.ts'
import { PutRates } from './put-rates.ts'

export type FirehoseService = Service<FirehoseContext> & {
  /** How each delivery stands at this moment, by name. */
  deliveries(): Promise<readonly DeliveryView[]>
  /** Ends deliveries and background work; what is not delivered goes on at the next start. */
  stop(): Promise<void>
}

/** Firehose on a storage: loads what the catalog knows, and goes on delivering. */
export function openFirehose(parts: FirehoseParts): FirehoseService {
  const deliveryStreams = new DeliveryStreamStore(parts.catalog, parts.place)
  const rates = new PutRates(parts.clock, parts.limits)
  const backlog = new Backlog({ ...parts, deliveryStreams })
  const context: FirehoseContext = { ...parts, deliveryStreams, rates, backlog, counts: new AllDeliveryCounts() }
  const lifecycle = new Lifecycle(context)
  lifecycle.start()
  const deliveries = new Deliveries(context)
  deliveries.start()
  return {
    ...face,
    operations: new Map(
      Object.values(operations).map((declared) => [declared.name, metered(declared as AnyOperation)]),
    ),
    context,
    deliveries: () => deliveries.views(),
    async stop() {
      await lifecycle.stop()
      await deliveries.stop()
      parts.outbound.close()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<FirehoseContext, any>
