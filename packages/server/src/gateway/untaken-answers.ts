import type { Clock } from '@millrace/ports'
import type { HttpResponse } from './listener.ts'

/** Smaller answers fit into the system's own buffers, and go with their connection. */
export const untakenFromBytes = 16 * 1024

/** How long a client may take for an answer that was given, in milliseconds: 10 MiB by a line of one megabit. */
export const takeTimeoutMs = 90_000

const lookEveryMs = 10_000

/**
 * Large answers that clients have not taken yet. There is a bound to what they take together: whoever asks for much and reads
 * nothing is let go of first, as is who takes too long.
 */
export class UntakenAnswers {
  readonly #bytesMax: number
  readonly #clock: Clock
  /** In the order in which they were given. */
  readonly #untaken = new Map<HttpResponse, { readonly sizeBytes: number; readonly sinceMs: number }>()
  #bytes = 0
  #isLooking = false

  constructor(bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax
    this.#clock = clock
  }

  add(response: HttpResponse, sizeBytes: number): void {
    this.#untaken.set(response, { sizeBytes, sinceMs: this.#clock.monotonicMs() })
    this.#bytes += sizeBytes
    response.once('close', () => this.#remove(response))
    while (this.#bytes > this.#bytesMax && this.#untaken.size > 1) this.#letGo(this.#untaken.keys().next().value!)
    if (!this.#isLooking) this.#look()
  }

  #look(): void {
    this.#isLooking = this.#untaken.size > 0
    if (!this.#isLooking) return
    this.#clock.after(lookEveryMs, () => {
      const oldestMs = this.#clock.monotonicMs() - takeTimeoutMs
      for (const [response, { sinceMs }] of this.#untaken) {
        if (sinceMs > oldestMs) break
        this.#letGo(response)
      }
      this.#look()
    })
  }

  #letGo(response: HttpResponse): void {
    this.#remove(response)
    response.req.socket.destroy()
  }

  #remove(response: HttpResponse): void {
    const found = this.#untaken.get(response)
    if (!found) return
    this.#untaken.delete(response)
    this.#bytes -= found.sizeBytes
  }
}
