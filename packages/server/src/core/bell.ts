import type { Clock } from '@millrace/ports'

/** Loops wait for it to be rung. Who waits looks at what changed before and after: no ring is lost in between. */
export class Bell {
  readonly #waiting = new Set<() => void>()

  ring(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves at the next ring, after `ms`, or when `signal` aborts. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    const heard = new AbortController()
    const wake = () => heard.abort()
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    try {
      if (!signal.aborted) await clock.sleep(ms, heard.signal)
    } finally {
      this.#waiting.delete(wake)
      signal.removeEventListener('abort', wake)
    }
  }
}
