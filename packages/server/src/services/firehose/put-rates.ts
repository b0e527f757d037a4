import type { Clock } from '@millrace/ports'
import { TokenBucket } from '../../core/token-bucket.ts'
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

  /** Counts one record of a request that was let in. False above the rate: this record is to be put again. */
  takeRecord(name: string, sizeBytes: number): boolean {
    const { records, bytes } = this.#of(name)
    return bytes.takeWhileAny(sizeBytes) && records.take(1)
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
