import type { Clock } from '@millrace/ports'
import { TokenBucket } from '../../core/token-bucket.ts'

/** A new subscription to the same shard is refused this long after one began, and takes over afterwards. */
export const resubscribeMs = 5000

/** How long a subscription lives. */
export const subscriptionLifeMs = 300_000

/** Subscriptions kept in mind before those that are over are dropped. */
const countBeforeSweep = 4096

/** One consumer's subscription to one shard. */
export type Subscription = {
  /** Aborts when another subscription takes over, or the server stops. */
  readonly signal: AbortSignal
  /** Was it another one that ended it? */
  isTakenOver(): boolean
  /** What the consumer may still get from the shard: goes on from one subscription to the next. */
  readonly bytesOut: TokenBucket
  readonly startedMs: number
  /** It is over: idempotent. */
  end(): void
}

type Held = Subscription & { readonly takeOver: () => void; readonly stop: () => void; isOver: boolean }

/** Who is subscribed to which shard, over all consumers. */
export class Subscriptions {
  readonly #clock: Clock
  readonly #held = new Map<string, Held>()
  #sweepAbove = countBeforeSweep

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Begins a subscription of a consumer to a shard (`key` names both), and ends the one that was there. Undefined if
   * that one began less than five seconds ago, whether or not it still lives.
   */
  begin(key: string, bytesPerSecond: number): Subscription | undefined {
    const startedMs = this.#clock.monotonicMs()
    const previous = this.#held.get(key)
    if (previous && startedMs - previous.startedMs < resubscribeMs) return undefined
    previous?.takeOver()
    if (this.#held.size >= this.#sweepAbove) this.#sweep(startedMs)
    const aborting = new AbortController()
    let isTakenOver = false
    const held: Held = {
      signal: aborting.signal,
      isTakenOver: () => isTakenOver,
      bytesOut: previous?.bytesOut ?? new TokenBucket(this.#clock, bytesPerSecond),
      startedMs,
      isOver: false,
      end: () => {
        held.isOver = true
      },
      takeOver: () => {
        isTakenOver = true
        aborting.abort()
      },
      stop: () => aborting.abort(),
    }
    this.#held.set(key, held)
    return held
  }

  /** Ends all subscriptions: the server stops. */
  stop(): void {
    for (const { stop } of this.#held.values()) stop()
    this.#held.clear()
  }

  #sweep(nowMs: number): void {
    for (const [key, { isOver, startedMs }] of this.#held) {
      const ageMs = nowMs - startedMs
      if (ageMs >= subscriptionLifeMs || (isOver && ageMs >= resubscribeMs)) this.#held.delete(key)
    }
    this.#sweepAbove = Math.max(countBeforeSweep, this.#held.size * 2)
  }
}
