import type { S3Client } from '@aws-sdk/client-s3'
import { batchObject, type ObjectOptions } from './batch-object.ts'
import type { Batch, Emitter, Refusal } from './pipeline.ts'

export type S3EmitterOptions<Out> = ObjectOptions<Out> & {
  readonly bucket: string
  /** e.g. `application/x-ndjson`. @default `application/octet-stream` */
  readonly contentType?: string
  /** Is told of each object that is written: to copy it on, or to list it. When it rejects, the batch comes again. */
  readonly written?: (object: { readonly bucket: string; readonly key: string }) => Promise<void> | void
}

/** Writes each batch as one object of a bucket: of any service that speaks S3. */
export class S3Emitter<Out> implements Emitter<Out> {
  readonly #client: S3Client
  readonly #options: S3EmitterOptions<Out>

  constructor(client: S3Client, options: S3EmitterOptions<Out>) {
    this.#client = client
    this.#options = options
  }

  async emit(batch: Batch<Out>, abortSignal: AbortSignal): Promise<readonly Refusal<Out>[]> {
    const { bucket, compression, contentType = 'application/octet-stream', written } = this.#options
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const { key, body, refusals } = await batchObject(batch, this.#options)
    if (!body) return refusals
    await this.#client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: contentType,
        ContentEncoding: compression,
      }),
      { abortSignal },
    )
    await written?.({ bucket, key })
    return refusals
  }
}
