/** Cuts a stream of bytes into lines of UTF-8, without their ends (`\n` or `\r\n`); lines beyond a bound are cut off there. */
export class LineSplitter {
  readonly #bytesMax: number
  readonly #onLine: (line: string) => void
  #parts: Buffer[] = []
  #bytes = 0

  constructor(bytesMax: number, onLine: (line: string) => void) {
    this.#bytesMax = bytesMax
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end))
      this.#give()
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
  }

  /** What comes after the last line end is a line, too. */
  end(): void {
    if (this.#bytes > 0) this.#give()
  }

  #keep(part: Buffer): void {
    const kept = part.subarray(0, this.#bytesMax - this.#bytes)
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.#bytes += kept.length
  }

  #give(): void {
    const line = Buffer.concat(this.#parts).toString('utf8')
    this.#parts = []
    this.#bytes = 0
    this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
}
