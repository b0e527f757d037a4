import type { Clock, Logger, Random } from '@millrace/ports'
import type { PolicyLanguage } from '../../core/access.ts'
import type { Place } from '../../core/arn.ts'
import type { ChannelDeliveries } from '../../core/ports/channels.ts'
import type { LogKeys, SecretBox } from '../../core/ports/keys.ts'
import type { MetricSink } from '../../core/ports/metrics.ts'
import type { RecordFaults } from '../../core/ports/record-faults.ts'
import type { RoleAccess } from '../../core/role-access.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { RecordLog } from '../../storage/log.ts'
import type { ChannelStore } from './channel-store.ts'
import type { ConsumerStore } from './consumer-store.ts'
import type { StreamsLimits } from './limits.ts'
import type { OnDemandCapacity } from './on-demand.ts'
import type { SealedTokens } from './sealed-token.ts'
import type { ShardThroughput } from './shard-throughput.ts'
import type { SharedEvents } from './shared-events.ts'
import type { StreamStore } from './stream-store.ts'
import type { Subscriptions } from './subscriptions.ts'

/** How long the states between take. AWS needs seconds to minutes; ours are short unless someone wants to see them. */
export type Durations = {
  /** CREATING of a stream, in milliseconds. */
  readonly createMs: number
  /** DELETING of a stream. */
  readonly deleteMs: number
  /** UPDATING: a split, a merge, each round of UpdateShardCount, a changed retention. */
  readonly updateMs: number
  /** CREATING and DELETING of a consumer. */
  readonly consumerMs: number
}

export const shortDurations: Durations = { createMs: 50, deleteMs: 50, updateMs: 50, consumerMs: 50 }

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
  /** Data keys of encrypted streams. @default there are none, and no stream can be encrypted */
  readonly keys?: LogKeys | undefined
  /** Seals the key of shard iterators, in the catalog. @default none: it lies there in clear */
  readonly secrets?: SecretBox | undefined
  /** Single records of PutRecords that fail on purpose. */
  readonly recordFaults?: RecordFaults | undefined
  /** What roles may do that channels are handed. @default everything */
  readonly roles?: RoleAccess | undefined
  /** What a policy may say. @default only what is looked at here */
  readonly policyLanguage?: PolicyLanguage | undefined
  /** Who delivers channels. @default nobody: none can be made */
  readonly channelDeliveries?: ChannelDeliveries | undefined
}

/** What an operation of Data Streams works with. */
export type StreamsContext = StreamsParts & {
  readonly channelDeliveries: ChannelDeliveries
  readonly keys: LogKeys
  readonly channels: ChannelStore
  readonly streams: StreamStore
  readonly consumers: ConsumerStore
  readonly throughput: ShardThroughput
  readonly onDemand: OnDemandCapacity
  readonly tokens: SealedTokens
  readonly subscriptions: Subscriptions
  readonly sharedEvents: SharedEvents
}
