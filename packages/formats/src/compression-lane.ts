/** Runs at once: they take threads of libuv's, of which there are four, and a disk needs some, too. */
const concurrentMax = 2

/** Above so many bytes, some fifty milliseconds of work, whoever brings in more is slowed. */
const queuedBytesMax = 4 * 1024 * 1024

/** Where bytes are compressed, whatever object they belong to: a few runs at once, in order. */
export class CompressionLane {
  #running = 0
  #queuedBytes = 0
  readonly #turns: (() => void)[] = []
  readonly #arrivals: { readonly sizeBytes: number; readonly admit: () => void }[] = []
  /** Bytes that were compressed while somebody waited, less those that were let in for them. */
  #credit = 0

  /** Compresses so many bytes when it is their turn. */
  async run<T>(sizeBytes: number, compress: () => Promise<T>): Promise<T> {
    this.#queuedBytes += sizeBytes
    if (this.#running < concurrentMax) this.#running++
    else await new Promise<void>((begin) => this.#turns.push(begin)) // in the place of one that has ended
    try {
      return await compress()
    } finally {
      this.#queuedBytes -= sizeBytes
      const begin = this.#turns.shift()
      if (begin) begin()
      else this.#running--
      this.#admit(sizeBytes)
    }
  }

  /**
   * Resolves when so many bytes may come that will be compressed: at once, or while too much waits here, in turn and as fast
   * as it is worked off. So what comes in never gets ahead of what goes out, and nobody waits for anything but processors.
   */
  async room(sizeBytes: number): Promise<void> {
    if (this.#queuedBytes <= queuedBytesMax && this.#arrivals.length === 0) return
    await new Promise<void>((admit) => this.#arrivals.push({ sizeBytes, admit }))
  }

  #admit(doneBytes: number): void {
    this.#credit += doneBytes
    while (this.#arrivals.length > 0 && (this.#credit > 0 || this.#queuedBytes === 0)) {
      const { sizeBytes, admit } = this.#arrivals.shift()!
      this.#credit -= sizeBytes
      admit()
    }
    if (this.#arrivals.length === 0) this.#credit = 0
  }
}
