import type { Random } from '@millrace/ports'
import type { ObjectStore } from '../../../../core/ports.ts'
import type { ErrorOutputType, FailedRecord } from '../../delivery/delivery-record.ts'
import { errorLine } from '../../delivery/error-record.ts'
import type { S3Settings } from '../../settings/settings.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination } from '../destination.ts'
import { compressed, extensionOf } from './compression.ts'
import { errorObjectKey, objectKey } from './object-key.ts'

export type S3Parts = {
  readonly objects: ObjectStore
  readonly random: Random
  /** Of the delivery stream. */
  readonly name: string
}

export type S3DestinationSettings = S3Settings & {
  readonly FileExtension?: string | undefined
  readonly CustomTimeZone?: string | undefined
}

/** Objects in a bucket: one for each batch, and one for each batch of error records. */
export class S3Destination implements Destination {
  readonly #parts: S3Parts
  readonly #settings: S3DestinationSettings

  constructor(parts: S3Parts, settings: S3DestinationSettings) {
    this.#parts = parts
    this.#settings = settings
  }

  async deliver(batch: DeliveryBatch): Promise<readonly FailedRecord[]> {
    const { CompressionFormat, Prefix = '' } = this.#settings
    const key = objectKey(Prefix, this.#keyParts(batch), batch.partitionKeys)
    const bytes = Buffer.concat(batch.records.map(({ data }) => data))
    await this.#put(key, await compressed(bytes, CompressionFormat))
    return []
  }

  /** Puts error records of one kind. @throws DeliveryFailed */
  async deliverErrors(
    errorOutputType: ErrorOutputType,
    failed: readonly FailedRecord[],
    at: { readonly version: number; readonly firstArrivalMs: number },
  ): Promise<void> {
    const { CompressionFormat, ErrorOutputPrefix, Prefix } = this.#settings
    const prefixes = { prefix: Prefix ?? '', errorOutputPrefix: ErrorOutputPrefix }
    const key = errorObjectKey(prefixes, errorOutputType, this.#keyParts(at))
    await this.#put(key, await compressed(Buffer.concat(failed.map(errorLine)), CompressionFormat))
  }

  async close(): Promise<void> {}

  #keyParts({ version, firstArrivalMs }: { readonly version: number; readonly firstArrivalMs: number }) {
    const { CompressionFormat, CustomTimeZone, FileExtension } = this.#settings
    const { name, random } = this.#parts
    const extension = FileExtension || extensionOf(CompressionFormat)
    return { name, version, atMs: firstArrivalMs, timeZone: CustomTimeZone || 'UTC', random, extension }
  }

  async #put(key: string, bytes: Uint8Array): Promise<void> {
    const bucket = this.#settings.BucketARN.replace(/^.*:::/, '')
    try {
      await this.#parts.objects.put(bucket, key, bytes)
    } catch (error) {
      throw new DeliveryFailed('S3.PutFailed', (error as Error).message, undefined, { cause: error })
    }
  }
}
