const firstBytes = 1024

/**
 * Bytes to which more are written at the end. Loops that write many may call `reserve` once, write into `bytes`
 * themselves and raise `length`.
 */
export class GrowingBytes {
  bytes: Buffer = Buffer.allocUnsafe(firstBytes)
  length = 0

  /** Makes room for so many bytes behind `length`. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  /** What was written: a view that holds until the next write. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }

  u8(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = byte
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Base-128 varint of a whole number from 0 to 2^53. */
  varint(value: number): void {
    this.reserve(8)
    const bytes = this.bytes
    let at = this.length
    let rest = value
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    this.length = at
  }

  /** Base-128 varint of any number of bits. */
  bigVarint(value: bigint): void {
    let rest = value
    while (rest > 0x7fffffffffffn) {
      const low = Number(rest & 0x3ffffffffffn)
      this.#groupsOf42Bits(low)
      rest >>= 42n
    }
    this.varint(Number(rest))
  }

  /** Six groups of seven bits, of a varint that goes on. */
  #groupsOf42Bits(low: number): void {
    let rest = low
    for (let group = 0; group < 6; group++) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
  }

  /**
   * The UTF-8 of a string; gives its length in bytes. A surrogate without its other half becomes U+FFFD, as everywhere.
   */
  utf8(text: string): number {
    const start = this.length
    this.reserve(text.length * 3)
    if (text.length > shortText) {
      this.length += this.bytes.write(text, start, 'utf8')
      return this.length - start
    }
    // A call of native code costs more than a short text does here.
    const bytes = this.bytes
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) {
        this.length += bytes.write(text, start, 'utf8')
        return this.length - start
      }
      bytes[start + i] = unit
    }
    this.length = start + text.length
    return text.length
  }
}

const shortText = 40
