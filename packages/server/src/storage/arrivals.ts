import type { Clock } from '../core/clock.ts'

/** Readers that wait for a log's next entry. */
export class Arrivals {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next `wake`, after `waitMs`, or when the signal aborts. */
  async wait(clock: Clock, waitMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return
    const done = new AbortController()
    const stop = () => done.abort()
    this.#waiting.add(stop)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await clock.sleep(waitMs, done.signal)
    } finally {
      this.#waiting.delete(stop)
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Entries came, or none can come any more. */
  wake(): void {
    if (this.#waiting.size === 0) return
    for (const stop of [...this.#waiting]) stop()
  }
}
