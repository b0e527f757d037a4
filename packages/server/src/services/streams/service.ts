import type { Operation, Service } from '../../core/operation.ts'
import type { ChannelDeliveries, StreamChannels } from '../../core/ports/channels.ts'
import type { StreamReader } from '../../core/ports/streams.ts'
import { ChannelFeed } from './channel-feed.ts'
import { ChannelStore } from './channel-store.ts'
import { ConsumerStore } from './consumer-store.ts'
import type { StreamsContext, StreamsParts } from './context.ts'
import { nobodyDelivers } from './faults.ts'
import { Lifecycle } from './lifecycle.ts'
import { OnDemandCapacity } from './on-demand.ts'
import { startOnDemandScaling } from './on-demand-scaling.ts'
import * as operations from './operations/index.ts'
import { StreamsGuard } from './resource-guard.ts'
import { SealedTokens } from './sealed-token.ts'
import { ShardThroughput } from './shard-throughput.ts'
import { SharedEvents } from './shared-events.ts'
import { noKeys } from './stream-keys.ts'
import { InnerStreamReader } from './stream-reader.ts'
import { StreamStore } from './stream-store.ts'
import { Subscriptions } from './subscriptions.ts'

export type StreamsService = Service<StreamsContext> & {
  readonly guard: StreamsGuard
  /** How other services read streams. */
  readonly reader: StreamReader
  /** What is to be delivered from streams to buckets. */
  readonly channels: StreamChannels
  /** Ends subscriptions and background work. What is pending goes on at the next start. */
  stop(): Promise<void>
}

/** Data Streams on a storage: loads what the catalog knows, and takes up what was pending. */
export async function openStreams(parts: StreamsParts): Promise<StreamsService> {
  const { catalog, clock, limits, place } = parts
  const context: StreamsContext = {
    ...parts,
    channelDeliveries: parts.channelDeliveries ?? nobody,
    keys: parts.keys ?? noKeys,
    streams: new StreamStore(catalog, place),
    channels: new ChannelStore(catalog, place),
    consumers: new ConsumerStore(catalog, place),
    throughput: new ShardThroughput(clock, limits),
    onDemand: new OnDemandCapacity(clock, limits),
    tokens: await SealedTokens.open(parts),
    subscriptions: new Subscriptions(clock),
    sharedEvents: new SharedEvents(),
  }
  const lifecycle = new Lifecycle(context)
  lifecycle.start()
  const stopScaling = startOnDemandScaling(context)
  return {
    name: 'kinesis',
    targetPrefix: 'Kinesis_20131202',
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context,
    guard: new StreamsGuard(context),
    reader: new InnerStreamReader(context),
    channels: new ChannelFeed(context),
    async stop() {
      context.subscriptions.stop()
      stopScaling()
      await lifecycle.stop()
    },
  }
}

const nobody: ChannelDeliveries = {
  begin() {
    throw nobodyDelivers()
  },
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<StreamsContext, any>
