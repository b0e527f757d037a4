/** Goes through one line from left to right and never back: what a named log format costs grows with the line alone. */
export class LineScanner {
  readonly #line: string
  #at = 0

  constructor(line: string) {
    this.#line = line
  }

  get rest(): string {
    return this.#line.slice(this.#at)
  }

  get isAtEnd(): boolean {
    return this.#at === this.#line.length
  }

  /** Whether this text comes next; goes behind it if so. */
  skip(text: string): boolean {
    const isNext = this.#line.startsWith(text, this.#at)
    if (isNext) this.#at += text.length
    return isNext
  }

  /** What a sticky expression finds here, not empty. */
  take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#line)?.[0]
    if (!found) return undefined
    this.#at += found.length
    return found
  }

  /** All before the next `end`, which must come, and goes behind it. */
  until(end: string): string | undefined {
    const found = this.#line.indexOf(end, this.#at)
    if (found === -1) return undefined
    const text = this.#line.slice(this.#at, found)
    this.#at = found + end.length
    return text
  }
}
