import type { Clock } from '@millrace/ports'

/** Readers that wait for a log's next entry. */
export class Arrivals {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next `wake`, after `waitMs`, or when the signal aborts. */
  wait(clock: Clock, waitMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const stop = () => {
        stopTimer()
        this.#waiting.delete(stop)
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const stopTimer = clock.after(waitMs, stop)
      this.#waiting.add(stop)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  /** Entries came, or none can come any more. */
  wake(): void {
    if (this.#waiting.size === 0) return
    for (const stop of [...this.#waiting]) stop()
  }
}
