import type { FirehoseContext } from '../context.ts'
import { type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import type { DeliveryBatch, Destination } from '../destinations/destination.ts'
import { destinationOf } from '../destinations/destinations.ts'
import type { S3Destination } from '../destinations/s3/s3-destination.ts'
import type { Source } from '../sources/source.ts'
import { sourceOf } from '../sources/sources.ts'
import type { Transform } from '../transforms/transform.ts'
import { transformsOf } from '../transforms/transforms.ts'
import type { DeliveryRecord, ErrorOutputType } from './delivery-record.ts'
import { type ErrorLogTarget, errorLogsOf } from './error-log.ts'

/** When a buffer is delivered: at so many bytes before compression, or so long after its first record. */
export type BufferLimits = {
  readonly sizeBytesMax: number
  readonly intervalMs: number
  /** Or at so many records, where a destination takes no more at once. */
  readonly recordsMax?: number | undefined
}

/** Where records go, and how. */
export type Delivered = BufferLimits & {
  readonly destination: Destination
  /** What names its metrics: `DeliveryToS3` and so on. */
  readonly metricPrefix: string
  /** Batches that are prepared at once. They are brought one by one, each when it is saved that the one before is there. */
  readonly concurrentMax: number
  /**
   * They are brought at once as well: where one that comes again after a crash changes nothing, or the destination itself
   * brings them one by one. @default false
   */
  readonly isSideBySide?: boolean | undefined
  /** Bytes that may wait or be on their way. @default two buffers, and at least 16 MiB */
  readonly heldBytesMax?: number | undefined
  /** Partitions that may wait or be on their way; absent where records are not partitioned. */
  readonly activePartitionsMax?: number | undefined
  /** How long a batch is tried again before it goes to the error output. */
  readonly retryMs: number
  /** The time between two tries, where it is always the same. @default longer and longer, up to two minutes */
  readonly retryEveryMs?: number | undefined
  /** What an error code becomes when a batch is given up. */
  readonly errorOutputType: ErrorOutputType
  /** Members that its error records have beside the common ones. */
  readonly errorDetails?: ((record: DeliveryRecord) => Readonly<Record<string, unknown>>) | undefined
  /**
   * Keeps a batch whose time is over in a way of its own, in place of error records: Redshift's manifests. Called again
   * until it resolves.
   */
  readonly giveUp?: ((batch: DeliveryBatch) => Promise<void>) | undefined
  /** Where records go that could not be delivered or transformed. */
  readonly errors: BufferLimits & { readonly destination: Pick<S3Destination, 'deliverErrors'> }
  /** Where all records go as they came, beside their delivery. */
  readonly backup?: (BufferLimits & { readonly destination: S3Destination }) | undefined
}

/** How records are delivered, as a delivery stream's settings say. */
export type Plan = Delivered & {
  readonly name: string
  /** Of its checkpoint. */
  readonly id: string
  readonly version: number
  readonly source: Source
  /** In AWS's order. */
  readonly transforms: readonly Transform[]
  /** Where its errors are told; undefined where nobody asked. */
  readonly errorLog?: ErrorLogTarget | undefined
  readonly backupLog?: ErrorLogTarget | undefined
}

/** A delivery stream's settings → how it is delivered. @throws InvalidArgumentException for what cannot be delivered to */
export const planOf = (context: FirehoseContext, stream: DeliveryStream): Plan => ({
  name: stream.name,
  id: logIdOf(stream),
  version: stream.version,
  source: sourceOf(context, stream),
  transforms: transformsOf(context, stream),
  ...destinationOf(context, stream),
  ...errorLogsOf(context, stream),
})
