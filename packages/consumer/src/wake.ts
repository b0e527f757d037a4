import { anySignal, type Clock } from '@millrace/ports'

/** A sleep that others can end. */
export class Wake {
  readonly #clock: Clock
  #ringing = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the sleep of all who sleep now. */
  ring(): void {
    this.#ringing.abort()
    this.#ringing = new AbortController()
  }

  /** Resolves after `ms`, when the bell rings, or when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, anySignal([signal, this.#ringing.signal]))
  }
}
