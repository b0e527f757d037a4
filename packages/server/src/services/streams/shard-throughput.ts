import type { Clock } from '@millrace/ports'
import { TokenBucket } from '../../core/token-bucket.ts'
import type { StreamsLimits } from './limits.ts'
import type { Shard, Stream } from './stream.ts'

/** What one shard has left. */
type Meter = {
  readonly bytesIn: TokenBucket
  readonly recordsIn: TokenBucket
  readonly readsOut: TokenBucket
  readonly bytesOut: TokenBucket
  /** GetRecords pauses until then (monotonic) after an answer larger than a second's worth. */
  pausedUntilMs: number
  usedAtMs: number
}

/** Meters kept before those at rest are dropped. A dropped one starts again with a second's worth, as a full one has. */
const metersBeforeSweep = 4096

/** A meter at rest this long is full again: the largest debt is ten seconds' worth, of one 10 MiB record. */
const restMs = 15_000

/** Who gets ProvisionedThroughputExceeded: what each shard takes and gives each second. */
export class ShardThroughput {
  readonly #clock: Clock
  readonly #limits: StreamsLimits
  readonly #meters = new Map<string, Map<number, Meter>>()
  readonly #limitsIn: boolean
  readonly #limitsOut: boolean
  #count = 0
  #sweepAbove = metersBeforeSweep

  constructor(clock: Clock, limits: StreamsLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#limitsIn = Number.isFinite(limits.shardBytesInPerSecond) || Number.isFinite(limits.shardRecordsInPerSecond)
    this.#limitsOut = Number.isFinite(limits.shardBytesOutPerSecond) || Number.isFinite(limits.shardReadsPerSecond)
  }

  /**
   * Takes room for one record of `sizeBytes` (key and data); false if the shard has none left this second. A record
   * larger than a second's worth is taken while there is any room, and paid for afterwards. Records of one call all
   * come at the call's `nowMs`: of those of a size, none is taken after one that was refused.
   */
  admitRecord(stream: Stream, shard: Shard, sizeBytes: number, nowMs = this.#clock.monotonicMs()): boolean {
    if (!this.#limitsIn) return true
    const { bytesIn, recordsIn } = this.#meter(stream, shard, nowMs)
    if (recordsIn.available(nowMs) < 1) return false
    const isLarge = sizeBytes > this.#limits.shardBytesInPerSecond
    return (
      (isLarge ? bytesIn.takeWhileAny(sizeBytes, nowMs) : bytesIn.take(sizeBytes, nowMs)) && recordsIn.take(1, nowMs)
    )
  }

  /** Takes one of the shard's calls of GetRecords; false above its calls or while it pays for large answers. */
  admitRead(stream: Stream, shard: Shard): boolean {
    if (!this.#limitsOut) return true
    const { bytesOut, readsOut, pausedUntilMs } = this.#meter(stream, shard)
    if (this.#clock.monotonicMs() < pausedUntilMs || bytesOut.available() <= 0) return false
    return readsOut.take(1)
  }

  /** Charges what a read gave. */
  chargeRead(stream: Stream, shard: Shard, sizeBytes: number): void {
    if (!this.#limitsOut || sizeBytes === 0) return
    const meter = this.#meter(stream, shard)
    const perSecond = this.#limits.shardBytesOutPerSecond
    // Reads at the same time are all admitted before the first is charged: the later ones pay by a pause.
    if (meter.bytesOut.takeWhileAny(sizeBytes) && sizeBytes <= perSecond) return
    const payMs = (sizeBytes / perSecond) * 1000
    meter.pausedUntilMs = Math.max(meter.pausedUntilMs, this.#clock.monotonicMs()) + payMs
  }

  /** Forgets a stream that is gone. */
  forget({ id }: Stream): void {
    this.#count -= this.#meters.get(id)?.size ?? 0
    this.#meters.delete(id)
  }

  #meter({ id }: Stream, { index }: Shard, nowMs = this.#clock.monotonicMs()): Meter {
    const ofStream = this.#meters.get(id) ?? new Map<number, Meter>()
    let meter = ofStream.get(index)
    if (!meter) {
      if (this.#count >= this.#sweepAbove) this.#sweep()
      meter = this.#newMeter()
      // It may be new, or the sweep has just dropped it.
      this.#meters.set(id, ofStream)
      ofStream.set(index, meter)
      this.#count++
    }
    meter.usedAtMs = nowMs
    return meter
  }

  #newMeter(): Meter {
    const clock = this.#clock
    const { shardBytesInPerSecond, shardRecordsInPerSecond, shardBytesOutPerSecond, shardReadsPerSecond } = this.#limits
    return {
      bytesIn: new TokenBucket(clock, shardBytesInPerSecond),
      recordsIn: new TokenBucket(clock, shardRecordsInPerSecond),
      readsOut: new TokenBucket(clock, shardReadsPerSecond),
      bytesOut: new TokenBucket(clock, shardBytesOutPerSecond),
      pausedUntilMs: 0,
      usedAtMs: 0,
    }
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [id, ofStream] of this.#meters) {
      for (const [index, { usedAtMs, pausedUntilMs }] of ofStream) {
        if (usedAtMs + restMs > nowMs || pausedUntilMs > nowMs) continue
        ofStream.delete(index)
        this.#count--
      }
      if (ofStream.size === 0) this.#meters.delete(id)
    }
    // With that many shards busy at once, sweeping for each new one would cost more than it frees.
    this.#sweepAbove = Math.max(metersBeforeSweep, this.#count * 2)
  }
}
