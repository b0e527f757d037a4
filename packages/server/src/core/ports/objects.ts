/** What a store is told of an object beside its bytes: S3's headers. A folder has no place for them. */
export type ObjectHeaders = {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** The KMS key that the object shall be encrypted by (SSE-KMS). */
  readonly kmsKeyArn?: string | undefined
  /** e.g. `GLACIER_IR`. @default the bucket's */
  readonly storageClass?: string | undefined
}

/** Where whole objects are put: a folder as bucket, or a service that speaks S3. */
export interface ObjectStore {
  /**
   * Puts an object whole or not at all, over one that is there; resolves once it is durable. A folder makes the bucket if
   * it is missing, S3 does not.
   * @param parts the object's bytes, one part after the other
   * @throws ObjectRefused
   */
  put(
    bucket: string,
    key: string,
    parts: readonly Uint8Array[],
    headers?: ObjectHeaders,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * An object's bytes; undefined if there is none. Absent where objects are only put.
   * @throws ObjectRefused; also for an object of more bytes
   */
  get?(bucket: string, key: string, bytesMax: number): Promise<Uint8Array | undefined>
}

/** Why an object is not there. Nothing tells whether a later try goes well: whoever puts tries again as long as it likes. */
export class ObjectRefused extends Error {
  /** As S3 names it, e.g. `NoSuchBucket`, or as it would: `ConnectionFailed`, `Timeout`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
