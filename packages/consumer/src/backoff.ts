import { type Clock, fractionOf, type Random } from '@millrace/ports'

/** Waits longer after each failure in a row, with jitter: half of the time is by chance. */
export class Backoff {
  readonly #clock: Clock
  readonly #random: Random
  readonly #firstMs: number
  readonly #mostMs: number
  #failures = 0

  constructor(clock: Clock, random: Random, firstMs: number, mostMs: number) {
    this.#clock = clock
    this.#random = random
    this.#firstMs = firstMs
    this.#mostMs = mostMs
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Counts a failure that is not waited for. */
  fail(): void {
    this.#failures++
  }

  async wait(signal?: AbortSignal): Promise<void> {
    const fullMs = Math.min(this.#firstMs * 2 ** this.#failures, this.#mostMs)
    this.fail()
    await this.#clock.sleep(fullMs * (0.5 + fractionOf(this.#random) / 2), signal)
  }

  succeed(): void {
    this.#failures = 0
  }
}
