import type { Place } from '../../core/arn.ts'
import type { Clock } from '../../core/clock.ts'
import type { Operation, Service } from '../../core/operation.ts'
import type { Logger, MetricSink, Random, RecordFaults } from '../../core/ports.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { RecordLog } from '../../storage/log.ts'
import { ConsumerStore } from './consumer-store.ts'
import type { Durations, StreamsContext } from './context.ts'
import { Lifecycle } from './lifecycle.ts'
import type { StreamsLimits } from './limits.ts'
import { OnDemandCapacity } from './on-demand.ts'
import { startOnDemandScaling } from './on-demand-scaling.ts'
import * as operations from './operations/index.ts'
import { SealedTokens } from './sealed-token.ts'
import { ShardThroughput } from './shard-throughput.ts'
import { StreamStore } from './stream-store.ts'
import { Subscriptions } from './subscriptions.ts'

/** What Data Streams needs of the world. */
export type StreamsParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly log: RecordLog
  readonly catalog: Catalog
  readonly metrics: MetricSink
  readonly logger: Logger
  readonly limits: StreamsLimits
  readonly durations: Durations
  readonly recordFaults?: RecordFaults | undefined
}

export type StreamsService = Service<StreamsContext> & {
  /** Ends subscriptions and background work. What is pending goes on at the next start. */
  stop(): Promise<void>
}

/** Data Streams on a storage: loads what the catalog knows, and takes up what was pending. */
export async function openStreams(parts: StreamsParts): Promise<StreamsService> {
  const { catalog, clock, limits, place, random } = parts
  const context: StreamsContext = {
    ...parts,
    streams: new StreamStore(catalog, place),
    consumers: new ConsumerStore(catalog, place),
    throughput: new ShardThroughput(clock, limits),
    onDemand: new OnDemandCapacity(clock, limits),
    tokens: await SealedTokens.open(catalog, random),
    subscriptions: new Subscriptions(clock),
  }
  const lifecycle = new Lifecycle(context)
  lifecycle.start()
  const stopScaling = startOnDemandScaling(context)
  return {
    name: 'kinesis',
    targetPrefix: 'Kinesis_20131202',
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context,
    async stop() {
      context.subscriptions.stop()
      stopScaling()
      await lifecycle.stop()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<StreamsContext, any>
