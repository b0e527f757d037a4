import { createGzip, createZstdCompress } from 'node:zlib'
import { throughZlib } from '@millrace/formats'
import type { StreamChannel } from '../../../core/ports/channels.ts'
import type { ObjectStore } from '../../../core/ports/objects.ts'
import type { DeliveryBatch, Destination } from '../destinations/destination.ts'
import { PreparedBatches } from '../destinations/prepared-batches.ts'
import { s3Failure } from '../destinations/s3/s3-failure.ts'
import type { ChannelMetrics } from './channel-metrics.ts'

type Parts = readonly Uint8Array[]

/** Off the main thread, a chunk at a time; what is said of the object beside. */
const compressions = {
  NONE: { contentEncoding: undefined, compress: async (parts: Parts): Promise<Parts> => parts },
  GZIP: { contentEncoding: 'gzip', compress: (parts: Parts): Promise<Parts> => throughZlib(createGzip, parts) },
  ZSTD: {
    contentEncoding: 'zstd',
    compress: (parts: Parts): Promise<Parts> => throughZlib(createZstdCompress, parts),
  },
} as const

const newline = Buffer.from('\n')

/**
 * The objects of a channel, named by its template. Records stand in them as they came; JSON and text each on a line (AWS's
 * layout is not known). A batch has the same key at each try, so that a try of which nothing is known leaves no second one.
 */
export class ChannelDestination implements Destination {
  readonly #objects: ObjectStore
  readonly #channel: StreamChannel
  readonly #metrics: ChannelMetrics
  readonly #compressed = new PreparedBatches(({ records }) => this.#compress(records))

  constructor(objects: ObjectStore, channel: StreamChannel, metrics: ChannelMetrics) {
    this.#objects = objects
    this.#channel = channel
    this.#metrics = metrics
  }

  prepare(batch: DeliveryBatch, signal: AbortSignal): void {
    this.#compressed.begin(batch, signal)
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly []> {
    const { bucketArn, compression, kmsKeyId, objectKey, storageClass } = this.#channel
    const { contentEncoding } = compressions[compression]
    const compressed = await this.#compressed.of(batch, signal)
    const headers = { contentType: 'application/octet-stream', contentEncoding, kmsKeyArn: kmsKeyId, storageClass }
    const key = objectKey(batch.firstArrivalMs, batch.id)
    await this.#objects.put(bucketOf(bucketArn), key, compressed, headers, signal).catch((error: unknown) => {
      throw s3Failure(error)
    })
    const sizeBytes = compressed.reduce((sum, { byteLength }) => sum + byteLength, 0)
    this.#metrics.count('DeliveryToS3.BytesOut', sizeBytes)
    this.#metrics.count('DeliveryToS3.DeliverySuccess', 1)
    return []
  }

  async close(): Promise<void> {}

  #compress(records: DeliveryBatch['records']): Promise<Parts> {
    const { compression, recordFormat } = this.#channel
    const isLines = recordFormat !== 'BYTE_ARRAY'
    const parts = records.flatMap(({ data }) => (isLines && data.at(-1) !== newline[0] ? [data, newline] : [data]))
    return compressions[compression].compress(parts)
  }
}

const bucketOf = (bucketArn: string) => bucketArn.replace(/^.*:::/, '')
