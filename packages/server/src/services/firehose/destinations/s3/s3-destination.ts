import { CompressionLane, type GzipPieces } from '@millrace/formats'
import type { Random } from '@millrace/ports'
import type { ObjectStore } from '../../../../core/ports/objects.ts'
import type { MadeObject, ObjectFormat } from '../../conversion/object-format.ts'
import type { DeliveryRecord, ErrorOutputType, FailedRecord, RefusedRecord } from '../../delivery/delivery-record.ts'
import { errorLine } from '../../delivery/error-record.ts'
import { dataOf } from '../../delivery/stored-record.ts'
import type { S3Settings } from '../../settings/settings.ts'
import type { DeliveryBatch, Destination } from '../destination.ts'
import { PreparedBatches } from '../prepared-batches.ts'
import { beginGzip, compressed, contentEncodingOf, extensionOf } from './compression.ts'
import { errorObjectKey, objectKey } from './object-key.ts'
import { s3Failure } from './s3-failure.ts'

export type S3Parts = {
  readonly objects: ObjectStore
  readonly random: Random
  /** Of the delivery stream. */
  readonly name: string
  /** What objects are made of records; undefined where they are the records, one behind the other. */
  readonly format?: ObjectFormat | undefined
  /** Where objects are compressed. @default one of its own */
  readonly lane?: CompressionLane | undefined
}

export type S3DestinationSettings = S3Settings & {
  readonly FileExtension?: string | undefined
  readonly CustomTimeZone?: string | undefined
}

const neverAborted = new AbortController().signal

/** An object as it is put. */
type Prepared = {
  /** Undefined if no record had a place in it. */
  readonly object: { readonly key: string; readonly bytes: readonly Uint8Array[] } | undefined
  /** What its format says of it. */
  readonly made: MadeObject | undefined
}

/** Objects in a bucket: one for each batch, and one for each batch of error records. */
export class S3Destination implements Destination {
  readonly #parts: S3Parts
  readonly #settings: S3DestinationSettings
  readonly #lane: CompressionLane
  /** By what is in the object: each try puts it under the same key, so that one that was taken unheard is replaced. */
  readonly #keys = new WeakMap<object, string>()
  /** What is compressed of objects before their records are all there, by the list of them, until that is prepared. */
  readonly #begun = new Map<readonly DeliveryRecord[], { readonly gzip: GzipPieces; count: number }>()
  readonly #prepared = new PreparedBatches((batch, signal) => this.#prepare(batch, signal))

  constructor(parts: S3Parts, settings: S3DestinationSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#lane = parts.lane ?? new CompressionLane()
  }

  /** Begins to compress. */
  ahead(records: readonly DeliveryRecord[]): void {
    if (records.length === 0 || this.#parts.format || this.#settings.CompressionFormat !== 'GZIP') return
    const begun = this.#begun.get(records) ?? { gzip: beginGzip(this.#lane), count: 0 }
    for (const part of dataOf(records, begun.count)) begun.gzip.add(part)
    begun.count = records.length
    this.#begun.set(records, begun)
  }

  prepare(batch: DeliveryBatch, signal: AbortSignal): void {
    this.#prepared.begin(batch, signal)
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal = neverAborted): Promise<readonly RefusedRecord[]> {
    const { object, made } = await this.#prepared.of(batch, signal)
    if (object) await this.#put(object.key, object.bytes, signal)
    made?.delivered()
    return made?.refused ?? []
  }

  /** Puts error records of one kind. @throws DeliveryFailed */
  async deliverErrors(
    errorOutputType: ErrorOutputType,
    failed: readonly FailedRecord[],
    at: { readonly version: number; readonly firstArrivalMs: number },
    signal?: AbortSignal,
  ): Promise<void> {
    const { ErrorOutputPrefix, Prefix } = this.#settings
    const prefixes = { prefix: Prefix ?? '', errorOutputPrefix: ErrorOutputPrefix }
    const key = this.#keyOf(failed, () => errorObjectKey(prefixes, errorOutputType, this.#keyParts(at)))
    await this.#put(key, await this.#compressed(failed.map(errorLine), at.firstArrivalMs), signal)
  }

  async close(): Promise<void> {
    for (const { gzip } of this.#begun.values()) gzip.drop()
    this.#begun.clear()
    await this.#parts.format?.close()
  }

  async #prepare(batch: DeliveryBatch, signal: AbortSignal): Promise<Prepared> {
    const { records } = batch
    const made = await this.#parts.format?.make(records, signal)
    if (made?.parts.length === 0) return { object: undefined, made }
    const { FileExtension, Prefix = '' } = this.#settings
    const extension = FileExtension || this.#parts.format?.extension
    const key = this.#keyOf(records, () => objectKey(Prefix, this.#keyParts(batch, extension), batch.partitionKeys))
    const begun = await this.#finished(records)
    const bytes = begun ?? (await this.#compressed(made?.parts ?? dataOf(records), batch.firstArrivalMs))
    return { object: { key, bytes }, made }
  }

  /** An object that was begun before it was whole; undefined if it was not. @throws DeliveryFailed */
  async #finished(records: readonly DeliveryRecord[]): Promise<readonly Uint8Array[] | undefined> {
    if (!this.#begun.has(records)) return undefined
    this.ahead(records)
    const { gzip } = this.#begun.get(records)!
    this.#begun.delete(records)
    return gzip.finish().catch(failed)
  }

  #keyOf(content: object, make: () => string): string {
    const made = this.#keys.get(content) ?? make()
    this.#keys.set(content, made)
    return made
  }

  #keyParts(
    { version, firstArrivalMs }: { readonly version: number; readonly firstArrivalMs: number },
    fileExtension?: string,
  ) {
    const { CompressionFormat, CustomTimeZone } = this.#settings
    const { name, random } = this.#parts
    const extension = fileExtension || extensionOf(CompressionFormat)
    return { name, version, atMs: firstArrivalMs, timeZone: CustomTimeZone || 'UTC', random, extension }
  }

  /** @throws DeliveryFailed */
  async #compressed(parts: readonly Uint8Array[], atMs: number): Promise<readonly Uint8Array[]> {
    const { CompressionFormat } = this.#settings
    return compressed(parts, CompressionFormat, { atMs, entryName: this.#parts.random.uuid(), lane: this.#lane }).catch(
      failed,
    )
  }

  /** @throws DeliveryFailed */
  async #put(key: string, bytes: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
    const { BucketARN, CompressionFormat, EncryptionConfiguration } = this.#settings
    const bucket = BucketARN.replace(/^.*:::/, '')
    const headers = {
      contentType: 'application/octet-stream',
      contentEncoding: contentEncodingOf(CompressionFormat),
      kmsKeyArn: EncryptionConfiguration?.KMSEncryptionConfig?.AWSKMSKeyARN,
    }
    await this.#parts.objects.put(bucket, key, bytes, headers, signal).catch(failed)
  }
}

function failed(error: unknown): never {
  throw s3Failure(error)
}
