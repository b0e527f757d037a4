/** What AWS grants each shard. */
const shardRecordsPerSecond = 1000
const shardBytesPerSecond = 1024 * 1024

/**
 * A shard's share of records and bytes: two token buckets that refill at `percent` of AWS's limits and hold one second's
 * worth of them. A record larger than the bucket is let through when it is full, and paid for afterwards.
 */
export class RateLimit {
  readonly #factor: number
  #records = shardRecordsPerSecond
  #bytes = shardBytesPerSecond
  #filledAtMs: number

  constructor(percent: number, nowMs: number) {
    this.#factor = percent / 100
    this.#filledAtMs = nowMs
  }

  /** Takes one record of so many bytes, or says how many milliseconds to wait. @returns 0 when it was taken */
  take(bytes: number, nowMs: number): number {
    if (this.#factor === Number.POSITIVE_INFINITY) return 0
    const seconds = (nowMs - this.#filledAtMs) / 1000
    this.#records = Math.min(shardRecordsPerSecond, this.#records + seconds * shardRecordsPerSecond * this.#factor)
    this.#bytes = Math.min(shardBytesPerSecond, this.#bytes + seconds * shardBytesPerSecond * this.#factor)
    this.#filledAtMs = nowMs
    const bytesNeeded = Math.min(bytes, shardBytesPerSecond)
    if (this.#records >= 1 && this.#bytes >= bytesNeeded) {
      this.#records--
      this.#bytes -= bytes
      return 0
    }
    const forRecords = (1 - this.#records) / shardRecordsPerSecond
    const forBytes = (bytesNeeded - this.#bytes) / shardBytesPerSecond
    return Math.max(1, Math.ceil((Math.max(forRecords, forBytes) / this.#factor) * 1000))
  }
}
