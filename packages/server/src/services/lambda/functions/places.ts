import { NoPlaceFree } from './invocation.ts'

/** The invocations of a function that may run at once. Who may wait is served in order of arrival. */
export class Places {
  readonly #countMax: number
  readonly #waiting: (() => void)[] = []
  #taken = 0
  #isClosed = false

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** Resolves with how to leave the place. @throws NoPlaceFree */
  async take(mayWait: boolean, signal?: AbortSignal): Promise<() => void> {
    while (this.#taken >= this.#countMax && !this.#isClosed) {
      if (!mayWait || signal?.aborted) throw new NoPlaceFree()
      await this.#nextTurn(signal)
    }
    if (this.#isClosed) throw new NoPlaceFree()
    this.#taken++
    return () => {
      this.#taken--
      this.#waiting.shift()?.()
    }
  }

  /** Nobody gets a place any more, and nobody waits. */
  close(): void {
    this.#isClosed = true
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #nextTurn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        const at = this.#waiting.indexOf(wake)
        if (at >= 0) this.#waiting.splice(at, 1)
        resolve()
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(wake)
    })
  }
}
