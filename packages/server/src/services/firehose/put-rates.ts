import type { Clock } from '@millrace/ports'
import { TokenBucket } from '../../core/token-bucket.ts'
import { type Batch, entryCount } from '../../storage/log.ts'
import type { FirehoseLimits } from './limits.ts'

type Buckets = { readonly requests: TokenBucket; readonly records: TokenBucket; readonly bytes: TokenBucket }

/** What may be put into each delivery stream each second. */
export class PutRates {
  readonly #clock: Clock
  readonly #limits: FirehoseLimits
  readonly #streams = new Map<string, Buckets>()

  constructor(clock: Clock, limits: FirehoseLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Counts a request. False above the rate. */
  takeRequest(name: string): boolean {
    return this.#of(name).requests.take(1)
  }

  /**
   * Counts the records of a request that was let in. 1 for each that is above the rate, and is to be put again; undefined
   * if none is.
   */
  refused(name: string, batch: Batch): Uint8Array | undefined {
    const { records, bytes } = this.#of(name)
    const nowMs = this.#clock.monotonicMs()
    let isRefused: Uint8Array | undefined
    for (let i = 0; i < entryCount(batch); i++) {
      const sizeBytes = batch.positions[i + 1]! - batch.positions[i]!
      if (bytes.takeWhileAny(sizeBytes, nowMs) && records.take(1, nowMs)) continue
      isRefused ??= new Uint8Array(entryCount(batch))
      isRefused[i] = 1
    }
    return isRefused
  }

  forget(name: string): void {
    this.#streams.delete(name)
  }

  #of(name: string): Buckets {
    const known = this.#streams.get(name)
    if (known) return known
    const made: Buckets = {
      requests: new TokenBucket(this.#clock, this.#limits.putRequestsPerSecond),
      records: new TokenBucket(this.#clock, this.#limits.putRecordsPerSecond),
      bytes: new TokenBucket(this.#clock, this.#limits.putBytesPerSecond),
    }
    this.#streams.set(name, made)
    return made
  }
}
