import { CompressionLane } from '@millrace/formats'
import type { Operation, Service } from '../../core/operation.ts'
import { Backlog } from './backlog.ts'
import { DeliveredChannels } from './channels/delivered-channels.ts'
import type { FirehoseContext, FirehoseParts } from './context.ts'
import { ConversionPool } from './conversion/conversion-pool.ts'
import { CheckpointStore } from './delivery/checkpoint-store.ts'
import { DeliveredStreams } from './delivery/delivered-streams.ts'
import { Deliveries } from './delivery/deliveries.ts'
import { AllDeliveryCounts } from './delivery/delivery-counts.ts'
import type { DeliveryView } from './delivery/delivery-view.ts'
import { DeliveryStreamStore } from './delivery-stream-store.ts'
import { hasOpenSecrets, withSealedSecrets } from './destination-secrets.ts'
import { face } from './door.ts'
import { noBuckets } from './faults.ts'
import { Lifecycle } from './lifecycle.ts'
import { metered } from './metered-operations.ts'
import * as operations from './operations/index.ts'
import { PutRates } from './put-rates.ts'
import { FirehoseGuard } from './resource-guard.ts'

export type FirehoseService = Service<FirehoseContext> & {
  /** How each delivery stands at this moment, by name. */
  deliveries(): Promise<readonly DeliveryView[]>
  /** Channels are delivered since this service was opened. @throws InvalidArgumentException if there are no buckets */
  beginChannels(): void
  /** Ends deliveries and background work; what is not delivered goes on at the next start. */
  stop(): Promise<void>
}

/** Firehose on a storage: loads what the catalog knows, and goes on delivering. */
export function openFirehose(parts: FirehoseParts): FirehoseService {
  const deliveryStreams = new DeliveryStreamStore(parts.catalog, parts.place)
  const rates = new PutRates(parts.clock, parts.limits)
  const backlog = new Backlog({ ...parts, deliveryStreams })
  const counts = new AllDeliveryCounts()
  const conversions = new ConversionPool()
  const compressions = new CompressionLane()
  const context: FirehoseContext = { ...parts, deliveryStreams, rates, backlog, counts, conversions, compressions }
  const lifecycle = new Lifecycle(context)
  lifecycle.start()
  const sealing = sealOpenSecrets(context)
  const deliveries = new Deliveries(context, new DeliveredStreams(context), new CheckpointStore(parts.catalog))
  deliveries.start()
  const channelCheckpoints = new CheckpointStore(parts.catalog, 'channel')
  const channels = new Deliveries(context, new DeliveredChannels(context), channelCheckpoints)
  channels.start()
  return {
    ...face,
    operations: new Map(
      Object.values(operations).map((declared) => [declared.name, metered(declared as AnyOperation)]),
    ),
    context,
    guard: new FirehoseGuard(context),
    deliveries: async () => [...(await deliveries.views()), ...(await channels.views())],
    beginChannels() {
      if (!parts.objects) throw noBuckets()
    },
    async stop() {
      await lifecycle.stop()
      await sealing
      await deliveries.stop()
      await channels.stop()
      parts.outbound.close()
    },
  }
}

/** Secrets of before there was a keyring. */
async function sealOpenSecrets({ deliveryStreams, logger, secrets }: FirehoseContext): Promise<void> {
  if (!secrets) return
  for (const stream of deliveryStreams.all())
    try {
      if (!(await hasOpenSecrets(stream))) continue
      const { destination } = await withSealedSecrets(secrets, stream)
      await deliveryStreams.update(stream.name, (newest) =>
        newest.createdMs === stream.createdMs && newest.version === stream.version
          ? { ...newest, destination }
          : newest,
      )
    } catch (error) {
      logger.log('warn', 'the secrets of a delivery stream are in the catalog in clear text', {
        name: stream.name,
        error,
      })
    }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<FirehoseContext, any>
