import type { CompressionLane } from '@millrace/formats'
import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../../core/arn.ts'
import type { StreamChannels } from '../../core/ports/channels.ts'
import type { FunctionInvoker } from '../../core/ports/functions.ts'
import type { LogKeys, SecretBox } from '../../core/ports/keys.ts'
import type { LogEvents } from '../../core/ports/log-events.ts'
import type { MetricSink } from '../../core/ports/metrics.ts'
import type { ObjectStore } from '../../core/ports/objects.ts'
import type { Outbound } from '../../core/ports/outbound.ts'
import type { StreamReader } from '../../core/ports/streams.ts'
import type { TableSchemas } from '../../core/ports/tables.ts'
import type { RoleAccess } from '../../core/role-access.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { RecordLog } from '../../storage/log.ts'
import type { Backlog } from './backlog.ts'
import type { ConversionPool } from './conversion/conversion-pool.ts'
import type { AllDeliveryCounts } from './delivery/delivery-counts.ts'
import type { DeliveryStreamStore } from './delivery-stream-store.ts'
import type { FirehoseLimits } from './limits.ts'
import type { PutRates } from './put-rates.ts'

/** What Firehose needs of the world. */
export type FirehoseParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly log: RecordLog
  /** Buckets; undefined where there is no folder for them. */
  readonly objects: ObjectStore | undefined
  /** The network, to destinations. */
  readonly outbound: Outbound
  /** What roles may do that delivery streams are handed. @default everything */
  readonly roles?: RoleAccess | undefined
  /** Streams that delivery streams read. */
  readonly streams: StreamReader
  /** What the tables look like that records are converted to. */
  readonly tables: TableSchemas
  /** Reads of a stream's shard are so far apart at least, in milliseconds: others read it, too. */
  readonly pollMs: number
  /** Functions that transform records. */
  readonly functions: FunctionInvoker
  /** Channels of streams, which are delivered here as well. */
  readonly channels: StreamChannels
  /** Where channels are counted (namespace `AWS/Kinesis`). */
  readonly channelMetrics: MetricSink
  readonly catalog: Catalog
  /** Data keys of delivery streams that are encrypted. @default there are none */
  readonly keys?: LogKeys | undefined
  /** Seals what destinations keep secret. @default the catalog has it as it is */
  readonly secrets?: SecretBox | undefined
  /** AWS's metrics of Firehose (namespace `AWS/Firehose`); see metrics.ts. */
  readonly metrics: MetricSink
  /** Error logs; undefined where nothing is kept. */
  readonly logEvents: LogEvents | undefined
  readonly limits: FirehoseLimits
  /** What was put and waits to be delivered may take so much of the disk, over all delivery streams. */
  readonly backlogBytesMax: number
  /** How long CREATING, DELETING and the changes of encryption last, in milliseconds. */
  readonly transitionMs: number
  /** Takes endpoints by `http://` and hosts that are not AWS's, which AWS refuses. */
  readonly anyEndpoint: boolean
}

/** What an operation of Firehose works with. */
export type FirehoseContext = FirehoseParts & {
  readonly deliveryStreams: DeliveryStreamStore
  readonly rates: PutRates
  readonly backlog: Backlog
  readonly counts: AllDeliveryCounts
  /** Threads that convert records to files of columns; none before the first needs one. */
  readonly conversions: ConversionPool
  /** Where objects are compressed. */
  readonly compressions: CompressionLane
}
