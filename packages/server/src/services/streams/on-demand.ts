import type { Clock } from '@millrace/ports'
import type { StreamsLimits } from './limits.ts'
import type { Shard, Stream } from './stream.ts'
import { PeakHistory, TrafficWindow, windowMinutes } from './traffic-window.ts'

/*
 * The capacity of an on-demand stream, as AWS states it: what it begins with (or its warm throughput), or twice its peak
 * of the last 30 days, whichever is more. A minute counts for the peak when it is 15 minutes old: traffic that more than
 * doubles within 15 minutes is throttled.
 *
 * Traffic is kept in memory only: the fullest minute of each hour. What a stream could take before this process saw it is
 * taken from its shards, which are durable: they were split in proportion to its traffic.
 */

/** Shards that a new on-demand stream has. */
export const onDemandShardCount = 4

const mebibyte = 1024 * 1024
const minuteMs = 60_000

/** Told once a minute, while there is traffic, which shards are hot: hottest first, at least one. */
export type HotShardsListener = (stream: Stream, shardIndexes: readonly number[]) => void

type Traffic = {
  minute: number
  readonly window: TrafficWindow
  readonly history: PeakHistory
  readonly shards: Map<number, TrafficWindow>
  /** Twice the peak: bytes each second. */
  learned: number
  /** Bytes that may still be taken at once; refilled with the capacity, below zero after a record that was too large. */
  tokens: number
  filledAtMs: number
}

/** The capacity of on-demand streams: what they take, and when their shards are hot. */
export class OnDemandCapacity {
  readonly #clock: Clock
  readonly #limits: StreamsLimits
  readonly #traffic = new Map<string, Traffic>()
  readonly #listeners = new Set<HotShardsListener>()

  constructor(clock: Clock, limits: StreamsLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Counts a record that an on-demand stream is offered; false if the stream as a whole may not take it now. */
  admitRecord(stream: Stream, shard: Shard, sizeBytes: number): boolean {
    if (stream.mode !== 'ON_DEMAND') return true
    const nowMs = this.#clock.monotonicMs()
    const traffic = this.#trafficOf(stream, nowMs)
    const capacity = this.#capacity(stream, traffic.learned)
    if (capacity < Number.POSITIVE_INFINITY) {
      const refilled = traffic.tokens + ((nowMs - traffic.filledAtMs) / 1000) * capacity
      traffic.tokens = Math.min(capacity, refilled)
      traffic.filledAtMs = nowMs
      if (traffic.tokens <= 0) return false
      traffic.tokens -= sizeBytes
    }
    traffic.window.add(sizeBytes)
    const shardWindow = traffic.shards.get(shard.index) ?? new TrafficWindow(traffic.minute)
    shardWindow.add(sizeBytes)
    traffic.shards.set(shard.index, shardWindow)
    return true
  }

  /** Bytes that an on-demand stream takes each second now. */
  bytesPerSecond(stream: Stream): number {
    return this.#capacity(stream, this.#trafficOf(stream, this.#clock.monotonicMs()).learned)
  }

  /**
   * Whether a stream may be given one more shard: at most twice those that its capacity needs. Without this bound a
   * shard that is hot by a single partition key, which no split can cool, would be split for ever.
   */
  hasUseForShards(stream: Stream): boolean {
    const { window, history } = this.#trafficOf(stream, this.#clock.monotonicMs())
    const peak = Math.max(window.peak(), history.peak())
    const capacity = this.#capacity(stream, (2 * peak) / 60)
    return stream.shardMap.openShards.length * this.#limits.shardBytesInPerSecond < 2 * capacity
  }

  /** Returns how to stop. */
  watchHotShards(listener: HotShardsListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Forgets a stream that is gone. */
  forget(stream: Stream): void {
    this.#traffic.delete(stream.id)
  }

  #capacity({ warmThroughputMiBps = 0 }: Stream, learned: number): number {
    return Math.max(this.#limits.onDemandBytesInPerSecond, warmThroughputMiBps * mebibyte, learned)
  }

  #trafficOf(stream: Stream, nowMs: number): Traffic {
    const minute = Math.floor(nowMs / minuteMs)
    const traffic = this.#traffic.get(stream.id)
    if (!traffic) return this.#begin(stream, minute, nowMs)
    if (traffic.minute !== minute) this.#roll(stream, traffic, minute)
    return traffic
  }

  #begin(stream: Stream, minute: number, nowMs: number): Traffic {
    const window = new TrafficWindow(minute)
    const history = new PeakHistory(minute)
    const bytesEachShard = this.#limits.onDemandBytesInPerSecond / onDemandShardCount
    const learned = Number.isFinite(bytesEachShard) ? stream.shardMap.openShards.length * bytesEachShard : 0
    history.add(minute, (learned / 2) * 60)
    const tokens = this.#capacity(stream, learned)
    const traffic: Traffic = { minute, window, history, shards: new Map(), learned, tokens, filledAtMs: nowMs }
    this.#traffic.set(stream.id, traffic)
    return traffic
  }

  /** Once a minute: learns the capacity anew, and tells which shards are hot. */
  #roll(stream: Stream, traffic: Traffic, minute: number): void {
    const { window, history, shards } = traffic
    traffic.minute = minute
    window.moveTo(minute, (left, bytes) => history.add(left, bytes))
    history.moveTo(minute)
    traffic.learned = (2 * history.peak()) / 60

    const hotBytes = (this.#limits.shardBytesInPerSecond / 2) * windowMinutes * 60
    const open = new Set(stream.shardMap.openShards.map(({ index }) => index))
    const hot: { index: number; bytes: number }[] = []
    for (const [index, shardWindow] of shards) {
      shardWindow.moveTo(minute)
      const bytes = shardWindow.total()
      if (!open.has(index)) shards.delete(index)
      else if (bytes > hotBytes) hot.push({ index, bytes })
    }
    if (hot.length === 0) return
    const indexes = hot.sort((a, b) => b.bytes - a.bytes).map(({ index }) => index)
    for (const listener of [...this.#listeners]) listener(stream, indexes)
  }
}
