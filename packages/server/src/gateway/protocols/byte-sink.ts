/** Where a protocol writes an answer: one buffer for all short answers, since each is whole before the next one begins. */
export class ByteSink {
  bytes: Buffer
  view: DataView
  at = 0

  constructor() {
    this.bytes = Buffer.allocUnsafeSlow(shortAnswerBytesMax)
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

  /** Letters of ASCII. There is room: it was reserved. */
  ascii(text: string): void {
    this.at += this.bytes.write(text, this.at, 'latin1')
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
    if (at <= shortAnswerBytesMax) {
      const taken = Buffer.allocUnsafe(at)
      bytes.copy(taken, 0, 0, at)
      return taken
    }
    this.#use(Buffer.allocUnsafeSlow(shortAnswerBytesMax))
    lent.add(bytes.buffer)
    return bytes.subarray(0, at)
  }

  #grow(sizeBytes: number): void {
    const larger = spareOf(sizeBytes) ?? Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(sizeBytes)))
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
export const isLent = (answer: Buffer): boolean => answer.length > shortAnswerBytesMax && lent.has(answer.buffer)

/**
 * Gives back an answer's bytes once the system has them. In fresh memory each page is cleared when it is first touched,
 * which takes longer than to write an answer into it.
 */
export function giveBack(answer: Buffer): void {
  const { buffer } = answer
  if (!lent.delete(buffer) || spareBytes + buffer.byteLength > spareBytesMax) return
  spare.push(Buffer.from(buffer))
  spare.sort((a, b) => a.length - b.length)
  spareBytes += buffer.byteLength
}

/** Takes the smallest that is large enough. */
function spareOf(sizeBytes: number): Buffer | undefined {
  const at = spare.findIndex(({ length }) => length >= sizeBytes)
  if (at < 0) return undefined
  const [taken] = spare.splice(at, 1)
  spareBytes -= taken!.length
  return taken
}

const lent = new WeakSet<ArrayBufferLike>()

/** By size. */
const spare: Buffer[] = []
let spareBytes = 0

/** Two pages of GetRecords of 10 MiB, in base64. */
const spareBytesMax = 32 * 1024 * 1024

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer) => new DataView(buffer, byteOffset, byteLength)

const shortBytesMax = 64
const shortAnswerBytesMax = 64 * 1024
