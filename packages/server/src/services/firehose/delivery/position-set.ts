/** Bits that a set has at most, from its lowest number to its highest: 2 MiB of them. */
export const spanMax = 1 << 24

const bitsOfWord = 32

/** Numbers near each other, a bit for each. What would make it wider than `spanMax` is not taken. */
export class PositionSet {
  #words = new Uint32Array(0)
  /** What the first bit stands for; a multiple of 32. */
  #base = 0
  #end = 0

  /** Behind the highest; 0 if it is empty. */
  get end(): number {
    return this.#end
  }

  /** About how far the highest is from the lowest. */
  get span(): number {
    return this.#end === 0 ? 0 : this.#end - this.#base
  }

  has(position: number): boolean {
    if (position < this.#base || position >= this.#end) return false
    const bit = position - this.#base
    return (this.#words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  add(position: number): void {
    if (!this.#reach(position)) return
    const bit = position - this.#base
    this.#words[bit >>> 5]! |= 1 << (bit & 31)
    if (position >= this.#end) this.#end = position + 1
  }

  forgetBefore(position: number): void {
    if (position <= this.#base) return
    if (position >= this.#end) {
      this.#end = 0
      this.#words = this.#words.length > 64 ? new Uint32Array(0) : this.#words.fill(0)
      return
    }
    const bit = position - this.#base
    const first = bit >>> 5
    this.#words[first]! &= -1 << (bit & 31)
    this.#words.fill(0, 0, first)
    if (first < this.#words.length / 2) return // moved when it is worth it
    this.#words.copyWithin(0, first)
    this.#words.fill(0, this.#words.length - first)
    this.#base += first * bitsOfWord
  }

  /** Tells each run of neighbours, from the lowest on. */
  eachRun(tell: (start: number, end: number) => void): void {
    for (let start = this.#next(this.#base, 0); start < this.#end; ) {
      const end = this.#next(start, -1)
      tell(start, end)
      start = this.#next(end, 0)
    }
  }

  /** The first number from one on whose bit differs from those of `skipped` (all 0, or all 1); `end` at most. */
  #next(from: number, skipped: 0 | -1): number {
    const last = this.#end - this.#base
    for (let bit = from - this.#base; bit < last; bit = (bit & ~31) + bitsOfWord) {
      const wanted = (this.#words[bit >>> 5]! ^ skipped) & (-1 << (bit & 31))
      if (wanted !== 0) return this.#base + Math.min(last, (bit & ~31) + 31 - Math.clz32(wanted & -wanted))
    }
    return this.#end
  }

  /** Makes room for a number. False if it is too far from the others. */
  #reach(position: number): boolean {
    const wordOf = Math.floor(position / bitsOfWord) * bitsOfWord
    if (this.#end === 0) this.#base = wordOf
    const base = Math.min(this.#base, wordOf)
    const wordCount = Math.max((this.#end - base) / bitsOfWord, (wordOf - base) / bitsOfWord + 1)
    if (base === this.#base && wordCount <= this.#words.length) return true
    if (wordCount > spanMax / bitsOfWord) return false
    const words = new Uint32Array(Math.min(spanMax / bitsOfWord, Math.ceil(wordCount * 1.5)))
    const moved = (this.#base - base) / bitsOfWord
    const kept = this.#words.subarray(0, Math.min(this.#words.length, words.length - moved))
    words.set(kept, moved)
    this.#words = words
    this.#base = base
    return true
  }
}

/*
 * Runs as text: base64 of
 *
 *   gap  length  gap  length  …      each 7 bits a byte, lowest first, the high bit set but in the last
 *
 * A gap is counted from the end of the run before, the first from 0.
 */

export class RunWriter {
  readonly #bytes: number[] = []
  #end = 0

  /** @param start behind the end of the run before */
  add(start: number, end: number): void {
    this.#write(start - this.#end)
    this.#write(end - start)
    this.#end = end
  }

  get text(): string {
    return Buffer.from(this.#bytes).toString('base64')
  }

  #write(count: number): void {
    let left = count
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.#bytes.push((left % 0x80) + 0x80)
    this.#bytes.push(left)
  }
}

export function readRuns(text: string, tell: (start: number, end: number) => void): void {
  const bytes = Buffer.from(text, 'base64')
  let at = 0
  const read = () => {
    let count = 0
    for (let unit = 1; at < bytes.length; unit *= 0x80) {
      const byte = bytes[at++]!
      count += (byte % 0x80) * unit
      if (byte < 0x80) break
    }
    return count
  }
  for (let end = 0; at < bytes.length; ) {
    const start = end + read()
    end = start + read()
    tell(start, end)
  }
}

/** Numbers in any order, as runs. */
export function runsOf(positions: readonly number[]): string {
  const sorted = Float64Array.from(positions).sort()
  const runs = new RunWriter()
  for (let first = 0, next: number; first < sorted.length; first = next) {
    next = first + 1
    while (next < sorted.length && sorted[next]! <= sorted[next - 1]! + 1) next++
    runs.add(sorted[first]!, sorted[next - 1]! + 1)
  }
  return runs.text
}

export function runsOfSet(set: PositionSet): string {
  const runs = new RunWriter()
  set.eachRun((start, end) => runs.add(start, end))
  return runs.text
}
