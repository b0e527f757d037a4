/**
 * Where a protocol writes an answer: one buffer for all answers, since each is whole before the next one begins. It grows
 * as needed and never shrinks below what answers commonly take.
 */
export class ByteSink {
  bytes: Buffer
  at = 0

  constructor(sizeBytes = 64 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes)
  }

  /** Makes room for so many bytes from `at` on. */
  reserve(sizeBytes: number): void {
    if (this.at + sizeBytes <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.at + sizeBytes, 2 * this.bytes.length))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  /** There is room: it was reserved. */
  push(byte: number): void {
    this.bytes[this.at++] = byte
  }

  /** There is room: it was reserved. Short runs are copied sooner by a loop than by a call. */
  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes, at } = this
    if (end - start > shortBytesMax) bytes.set(from.subarray(start, end), at)
    else for (let i = start; i < end; i++) bytes[at + i - start] = from[i]!
    this.at = at + end - start
  }

  /** Makes its own room. */
  text(text: string): void {
    this.reserve(3 * text.length) // UTF-16 to UTF-8: at most three bytes for each unit
    this.at += this.bytes.write(text, this.at)
  }

  /** All that was written, as a copy; the next answer begins. */
  taken(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.at)
    this.bytes.copy(taken, 0, 0, this.at)
    this.at = 0
    if (this.bytes.length > keptBytesMax) this.bytes = Buffer.allocUnsafeSlow(keptBytesMax)
    return taken
  }
}

const shortBytesMax = 64

/** A page of GetRecords may take 14 MB; after it, its space is given back. */
const keptBytesMax = 4 * 1024 * 1024
