import type { Clock } from '@millrace/ports'

/**
 * Admits `perSecond` units on average and `burst` at once. A taker may bring the bucket below zero (one big record is
 * admitted whole when anything is left) if it asks by `takeWhileAny`; the debt is paid before the next is admitted.
 */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #filledAtMs: number

  constructor(clock: Clock, perSecond: number, burst = perSecond) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#filledAtMs = clock.monotonicMs()
  }

  /** Takes `amount` if all of it is there at `nowMs` (monotonic). */
  take(amount: number, nowMs = this.#clock.monotonicMs()): boolean {
    this.#fill(nowMs)
    if (this.#tokens < amount) return false
    this.#tokens -= amount
    return true
  }

  /** Takes `amount` if anything is there at all, into debt if need be. */
  takeWhileAny(amount: number, nowMs = this.#clock.monotonicMs()): boolean {
    this.#fill(nowMs)
    if (this.#tokens <= 0) return false
    this.#tokens -= amount
    return true
  }

  /** Units that are there now; negative while in debt. */
  available(nowMs = this.#clock.monotonicMs()): number {
    this.#fill(nowMs)
    return this.#tokens
  }

  /** How long until `amount` units are there, in milliseconds. */
  waitMs(amount: number): number {
    this.#fill(this.#clock.monotonicMs())
    return this.#tokens >= amount ? 0 : ((amount - this.#tokens) / this.#perSecond) * 1000
  }

  /** A call has one time for all its records, which may be before the bucket was made or last filled. */
  #fill(nowMs: number): void {
    if (nowMs <= this.#filledAtMs) return
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond)
    this.#filledAtMs = nowMs
  }
}
