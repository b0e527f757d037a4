import type { CompletedPart, S3Client, S3ClientConfig, StorageClass } from '@aws-sdk/client-s3'
import { chunksOf } from '@millrace/formats'
import { anySignal, type Clock } from '@millrace/ports'
import { type ObjectHeaders, ObjectRefused, type ObjectStore } from '../../core/ports/objects.ts'
import { refusalOf } from './s3-refusal.ts'

export type S3ObjectsOptions = {
  /** A service that speaks S3, by path-style addresses; `aws` is Amazon S3 itself. */
  readonly endpoint: string
  /** What requests are signed for; of AWS, where the buckets are looked for first. */
  readonly region: string
  /** The machine's: the network has no other. */
  readonly clock: Clock
}

/** A larger object is uploaded in parts of so many bytes. S3 takes parts of 5 MiB to 5 GiB, and 10,000 of them. */
const partBytes = 8 * 1024 * 1024
const wholeBytesMax = 2 * partBytes
/** Parts of one object on their way at once. */
const concurrentPartsMax = 3

/** How long nothing may move; how long one request may take, of 16 MiB at most; and a connection to be made. */
const silenceMsMax = 60_000
const requestMsMax = 300_000
const connectMsMax = 10_000
/** How long a put that is told to stop may go on: one that is broken off may be there all the same, and comes again. */
const graceMs = 5000

/**
 * Buckets of a service that speaks S3, by AWS's SDK, which is loaded at the first object. Credentials come from where AWS's
 * own tools look for them: environment, profile, the machine's role. Each request carries a checksum (CRC-32), which the
 * service compares with what it got.
 */
export class S3Objects implements ObjectStore {
  readonly #options: S3ObjectsOptions
  #client: Promise<S3Client> | undefined

  constructor(options: S3ObjectsOptions) {
    this.#options = options
  }

  async put(
    bucket: string,
    key: string,
    parts: readonly Uint8Array[],
    headers: ObjectHeaders = {},
    signal?: AbortSignal,
  ): Promise<void> {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0)
    const breaking = new AbortController()
    let forget = () => {}
    const breakLater = () => {
      forget = this.#options.clock.after(graceMs, () => breaking.abort())
    }
    signal?.addEventListener('abort', breakLater, { once: true })
    try {
      signal?.throwIfAborted()
      const upload = new Upload(await this.#opened(), bucket, key, headers, breaking.signal)
      if (sizeBytes <= wholeBytesMax) await upload.whole(Buffer.concat(parts))
      else await upload.inParts(chunksOf(parts, partBytes))
    } catch (error) {
      throw error instanceof ObjectRefused ? error : refusalOf(error)
    } finally {
      signal?.removeEventListener('abort', breakLater)
      forget()
    }
  }

  async get(bucket: string, key: string, bytesMax: number): Promise<Uint8Array | undefined> {
    const { GetObjectCommand, NoSuchKey } = await import('@aws-sdk/client-s3')
    try {
      const client = await this.#opened()
      const Range = `bytes=0-${bytesMax}` // one byte more than there may be
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      if (bytes.byteLength <= bytesMax) return bytes
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined
      throw refusalOf(error)
    }
    throw new ObjectRefused('EntityTooLarge', `${key} has more than ${bytesMax} bytes`)
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    client?.destroy()
  }

  #opened(): Promise<S3Client> {
    this.#client ??= import('@aws-sdk/client-s3').then((sdk) => new sdk.S3Client(configOf(this.#options)))
    return this.#client
  }
}

const configOf = ({ endpoint, region }: Omit<S3ObjectsOptions, 'clock'>): S3ClientConfig => ({
  region,
  requestHandler: {
    connectionTimeout: connectMsMax,
    socketTimeout: silenceMsMax,
    requestTimeout: requestMsMax,
    throwOnRequestTimeout: true,
  },
  ...(endpoint === 'aws'
    ? // AWS_ENDPOINT_URL of whoever starts the server points at the server.
      { ignoreConfiguredEndpointUrls: true, followRegionRedirects: true }
    : { endpoint, forcePathStyle: true }),
})

/** One object on its way. */
class Upload {
  readonly #client: S3Client
  readonly #target: { readonly Bucket: string; readonly Key: string }
  readonly #headers: ObjectHeaders
  readonly #signal: AbortSignal

  constructor(client: S3Client, bucket: string, key: string, headers: ObjectHeaders, signal: AbortSignal) {
    this.#client = client
    this.#target = { Bucket: bucket, Key: key }
    this.#headers = headers
    this.#signal = signal
  }

  async whole(bytes: Uint8Array): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const put = new PutObjectCommand({ ...this.#target, ...this.#described(), Body: bytes })
    await this.#client.send(put, { abortSignal: this.#signal })
  }

  /** Takes the next part when one is through: what waits is not in memory twice. */
  async inParts(chunks: Iterator<Uint8Array>): Promise<void> {
    const { CompleteMultipartUploadCommand, CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3')
    const create = new CreateMultipartUploadCommand({
      ...this.#target,
      ...this.#described(),
      ChecksumAlgorithm: 'CRC32',
    })
    const { UploadId } = await this.#client.send(create, { abortSignal: this.#signal })
    if (UploadId === undefined) throw new ObjectRefused('InternalError', 'The upload was begun and has no id')
    try {
      const Parts = await this.#partsOf(UploadId, chunks)
      const complete = new CompleteMultipartUploadCommand({ ...this.#target, UploadId, MultipartUpload: { Parts } })
      await this.#client.send(complete, { abortSignal: this.#signal })
    } catch (error) {
      await this.#abandon(UploadId)
      throw error
    }
  }

  /** Uploads all parts, a few at a time. When one fails, the others are given up; nothing goes on behind the caller's back. */
  async #partsOf(UploadId: string, chunks: Iterator<Uint8Array>): Promise<CompletedPart[]> {
    const { UploadPartCommand } = await import('@aws-sdk/client-s3')
    const completed: CompletedPart[] = []
    const stopping = new AbortController()
    const abortSignal = anySignal([stopping.signal, this.#signal])
    let failure: { readonly error: unknown } | undefined
    const work = async () => {
      for (let next = chunks.next(); !next.done && !failure; next = chunks.next()) {
        const PartNumber = completed.push({})
        const part = { ...this.#target, UploadId, PartNumber, Body: next.value, ChecksumAlgorithm: 'CRC32' as const }
        const { ChecksumCRC32, ETag } = await this.#client.send(new UploadPartCommand(part), { abortSignal })
        completed[PartNumber - 1] = { PartNumber, ETag, ChecksumCRC32 }
      }
    }
    const stop = (error: unknown) => {
      failure ??= { error }
      stopping.abort()
    }
    await Promise.all(Array.from({ length: concurrentPartsMax }, () => work().catch(stop)))
    if (failure) throw failure.error
    return completed
  }

  /** Parts that nobody completes are kept, and paid for. Where this fails, too, a lifecycle rule of the bucket is for it. */
  async #abandon(UploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3')
    await this.#client.send(new AbortMultipartUploadCommand({ ...this.#target, UploadId })).catch(() => {})
  }

  #described() {
    const { contentEncoding, contentType, kmsKeyArn, storageClass } = this.#headers
    return {
      ContentType: contentType,
      ContentEncoding: contentEncoding,
      ...(kmsKeyArn !== undefined && { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKeyArn }),
      ...(storageClass !== undefined && { StorageClass: storageClass as StorageClass }),
    }
  }
}
