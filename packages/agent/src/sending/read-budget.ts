/** Bytes of records that are read and not yet delivered, over all files. Above it nobody reads on. */
export const readBytesMax = 64 * 1024 * 1024

/** Counts what is in memory, and lets readers wait until there is room. */
export class ReadBudget {
  readonly #bytesMax: number
  #used = 0
  isStopped = false
  readonly #waiting: (() => void)[] = []

  constructor(bytesMax = readBytesMax) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.#used >= this.#bytesMax
  }

  add(bytes: number): void {
    this.#used += bytes
  }

  release(bytes: number): void {
    this.#used -= bytes
    if (!this.isFull) this.#wake()
  }

  /** Resolves when there may be room again, or the agent stops: look once more. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Nobody waits for room any more. */
  stop(): void {
    this.isStopped = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
