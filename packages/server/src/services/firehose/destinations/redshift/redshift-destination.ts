import type { ObjectStore } from '../../../../core/ports/objects.ts'
import type { RefusedRecord } from '../../delivery/delivery-record.ts'
import type { DeliveryBatch, Destination } from '../destination.ts'
import { s3Failure } from '../s3/s3-failure.ts'
import type { Loader, SkippedRow } from './loader.ts'

/*
 * What is in the bucket, below the prefix [docs; the names of manifests are those of their objects]:
 *
 *   yyyy/MM/dd/HH/NAME-…                    what was copied, and what will be
 *   manifests/yyyy/MM/dd/HH/NAME-…          {"entries":[{"url":"s3://bucket/…","mandatory":true}]}
 *   errors/manifests/yyyy/MM/dd/HH/NAME-…   the same, of what was given up: to be copied by hand
 *   errors/load-errors/yyyy/MM/dd/HH/NAME-… rows that MAXERROR left out of a PostgreSQL, one JSON object for each
 */

export type RedshiftDestinationParts = {
  readonly objects: ObjectStore
  readonly bucket: string
  readonly prefix: string
  /** Puts a batch as an object, and says under which key. The same for each try. @throws DeliveryFailed */
  readonly stage: (batch: DeliveryBatch) => Promise<string>
  readonly loader: Loader
}

/** Objects in a bucket that a database copies, one after the other. */
export class RedshiftDestination implements Destination {
  readonly #parts: RedshiftDestinationParts
  /** The batch that was staged last: it is not staged again when it is tried again. */
  #staged: { readonly batchId: string; readonly key: string } | undefined

  constructor(parts: RedshiftDestinationParts) {
    this.#parts = parts
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RefusedRecord[]> {
    const { bucket, loader } = this.#parts
    const key = await this.#keyOf(batch)
    const staged = {
      batch,
      bytes: Buffer.concat(batch.records.map(({ data }) => data)),
      objectUrl: `s3://${bucket}/${key}`,
      manifestUrl: `s3://${bucket}/${this.#beside(key, 'manifests/')}`,
      skip: (rows: readonly SkippedRow[]) =>
        this.#put(this.#beside(key, 'errors/load-errors/'), rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
    }
    await loader.load(staged, signal)
    return []
  }

  /** Tells what was not copied in time, for whoever copies it by hand. @throws DeliveryFailed */
  async giveUp(batch: DeliveryBatch): Promise<void> {
    const key = await this.#keyOf(batch)
    await this.#put(this.#beside(key, 'errors/manifests/'), this.#manifestOf(key))
  }

  async close(): Promise<void> {}

  async #keyOf(batch: DeliveryBatch): Promise<string> {
    if (this.#staged?.batchId === batch.id) return this.#staged.key
    const key = await this.#parts.stage(batch)
    await this.#put(this.#beside(key, 'manifests/'), this.#manifestOf(key))
    this.#staged = { batchId: batch.id, key }
    return key
  }

  /** The same name in another folder, without the ending of what is compressed. */
  #beside(key: string, folder: string): string {
    const { prefix } = this.#parts
    return `${prefix}${folder}${key.slice(prefix.length).replace(/\.gz$/, '')}`
  }

  #manifestOf(key: string): string {
    return JSON.stringify({ entries: [{ url: `s3://${this.#parts.bucket}/${key}`, mandatory: true }] })
  }

  async #put(key: string, text: string): Promise<void> {
    const { bucket, objects } = this.#parts
    try {
      await objects.put(bucket, key, [Buffer.from(text)])
    } catch (error) {
      throw s3Failure(error)
    }
  }
}
