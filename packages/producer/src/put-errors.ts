/** One PutRecords that carried a record. Records that travelled together share it. */
export type Attempt = {
  /** When it was sent, in milliseconds since 1970. */
  readonly startedMs: number
  readonly durationMs: number
  /** AWS's code, or `Wrong Shard`, `Record Count Mismatch`, `RequestTimeout`, or the name of what was thrown; undefined when it succeeded. */
  readonly errorCode?: string | undefined
  readonly errorMessage?: string | undefined
}

/** A record that could not be put. */
export class PutError extends Error {
  override readonly name = 'PutError'
  /** `Expired`, AWS's code when it was not tried again, `EncodingFailed`, or `Record Count Mismatch`. */
  readonly code: string
  readonly #attempts: readonly Attempt[]

  constructor(code: string, message: string, attempts: readonly Attempt[], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.#attempts = attempts
  }

  /** What was tried. Not a property of its own: hundreds of them are not printed with each error. */
  get attempts(): readonly Attempt[] {
    return this.#attempts
  }
}

/** The buffer is full: await `producer.room()`, and put the record again. It was not taken. */
export class BufferFullError extends Error {
  override readonly name = 'BufferFullError'
}

/** The producer was closed. The record was not taken. */
export class ProducerClosedError extends Error {
  override readonly name = 'ProducerClosedError'
}

export const bufferFull = (bytes: number, bytesMax: number) =>
  new BufferFullError(
    `The producer holds ${bytes} bytes that are not yet put, of bufferBytesMax ${bytesMax}: await room() before the next put.`,
  )

export const producerClosed = () => new ProducerClosedError('The producer is closed, and takes no more records.')

export function expired(ttlMs: number, attempts: readonly Attempt[]): PutError {
  const last = attempts.at(-1)
  const why = last
    ? `the last: ${last.errorCode}: ${last.errorMessage}`
    : 'it waited for its turn within the rate limit'
  const tries = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`
  return new PutError('Expired', `The record was not put within ${ttlMs} ms and ${tries}; ${why}`, attempts)
}

export const encodingFailed = (cause: unknown, attempts: readonly Attempt[]) =>
  new PutError('EncodingFailed', `compress or encrypt failed: ${String(cause)}`, attempts, cause)

export const refused = (attempts: readonly Attempt[]) => {
  const { errorCode = 'UnknownError', errorMessage = '' } = attempts.at(-1) ?? {}
  return new PutError(errorCode, errorMessage, attempts)
}
