/**
 * Where a protocol writes an answer: one buffer for all answers, since each is whole before the next one begins. It grows
 * as needed and never shrinks below what answers commonly take.
 */
export class ByteSink {
  bytes: Buffer
  view: DataView
  at = 0

  constructor(sizeBytes = 64 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes)
    this.view = viewOf(this.bytes)
  }

  /** Makes room for so many bytes from `at` on. */
  reserve(sizeBytes: number): void {
    if (this.at + sizeBytes > this.bytes.length) this.#grow(this.at + sizeBytes)
  }

  /** There is room: it was reserved. */
  push(byte: number): void {
    this.bytes[this.at++] = byte
  }

  /** There is room: it was reserved. Short bytes are copied sooner by a loop than by a call. */
  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes, at } = this
    if (end - start <= shortBytesMax) for (let i = start; i < end; i++) bytes[at + i - start] = from[i]!
    else bytes.set(end - start === from.length ? from : from.subarray(start, end), at)
    this.at = at + end - start
  }

  /** There is room, and for `stampSlack` bytes more: it was reserved. */
  stamp({ words, length }: Stamp): void {
    const { view, at } = this
    for (let i = 0; i < words.length; i++) view.setUint32(at + 4 * i, words[i]!)
    this.at = at + length
  }

  /** Makes its own room. */
  text(text: string): void {
    this.reserve(3 * text.length) // UTF-16 to UTF-8: at most three bytes for each unit
    this.at += this.bytes.write(text, this.at)
  }

  /** All that was written, for whoever sends it; the next answer begins. Short answers are copies, long ones are lent. */
  taken(): Buffer {
    const { bytes, at } = this
    this.at = 0
    if (at <= copiedBytesMax) {
      const taken = Buffer.allocUnsafeSlow(at)
      bytes.copy(taken, 0, 0, at)
      return taken
    }
    this.#use(spare.pop() ?? Buffer.allocUnsafeSlow(Math.min(bytes.length, keptBytesMax)))
    if (bytes.length <= keptBytesMax) lent.add(bytes.buffer)
    return bytes.subarray(0, at)
  }

  #grow(sizeBytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(sizeBytes, 2 * this.bytes.length))
    this.bytes.copy(larger, 0, 0, this.at)
    this.#use(larger)
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }
}

/** Bytes that are written again and again, to be copied four at a time: the last ones may go too far by `stampSlack`. */
export type Stamp = { readonly words: Uint32Array; readonly length: number }

export const stampSlack = 3

export function stampOf(bytes: Uint8Array): Stamp {
  const padded = new DataView(new ArrayBuffer(bytes.length + stampSlack))
  for (const [i, byte] of bytes.entries()) padded.setUint8(i, byte)
  const words = Uint32Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) => padded.getUint32(4 * i))
  return { words, length: bytes.length }
}

/** Whether an answer's bytes are wanted back. */
export const isLent = (answer: Buffer): boolean => lent.has(answer.buffer)

/**
 * Gives back an answer's bytes once the system has them. In fresh memory each page is cleared when it is first touched,
 * which takes longer than to write an answer into it.
 */
export function giveBack(answer: Buffer): void {
  if (lent.delete(answer.buffer) && spare.length < spareMax) spare.push(Buffer.from(answer.buffer))
}

const lent = new WeakSet<ArrayBufferLike>()
const spare: Buffer[] = []
const spareMax = 4

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer) => new DataView(buffer, byteOffset, byteLength)

const shortBytesMax = 32
const copiedBytesMax = 64 * 1024

/** A page of GetRecords may take 14 MB; after it, its space is given back. */
const keptBytesMax = 4 * 1024 * 1024
