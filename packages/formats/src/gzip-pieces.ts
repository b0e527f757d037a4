import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib'
import type { CompressionLane } from './compression-lane.ts'

/*
 * One gzip member (RFC 1952) whose deflate is made in pieces: side by side, and before the last bytes are known. Each piece
 * is a run of zlib of its own that ends at a byte, with an empty stored block (Z_SYNC_FLUSH):
 *
 *   1f 8b  08  00  mtime:u32 = 0  00  ff   pieces   03 00 (the last block, empty)   crc32:u32  size:u32
 */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
const lastBlock = Uint8Array.of(3, 0)

/** Bytes that are worth a run of zlib. That none refers back to the one before makes 0.4 % more of lines of a log. */
const pieceBytesMin = 256 * 1024
/** Longer parts are cut, so that threads can share them. */
const pieceBytesMax = 2 * pieceBytesMin

/** What a run gives out at once, as a share of what goes in: of most texts all. */
const outputShare = 0.4

/** Compresses bytes as they come. They must not change any more. */
export class GzipPieces {
  readonly #level: number
  readonly #lane: CompressionLane
  readonly #pieces: Promise<readonly Uint8Array[]>[] = []
  /** Those that no piece is with. */
  readonly #contexts: Deflate[] = []
  #isDropped = false
  #open: Uint8Array[] = []
  #openBytes = 0
  #crc = 0
  #size = 0

  /** @param level of deflate, 1 to 9 */
  constructor(level: number, lane: CompressionLane) {
    this.#level = level
    this.#lane = lane
  }

  add(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.byteLength; from += pieceBytesMax) {
      const part = bytes.subarray(from, from + pieceBytesMax)
      this.#open.push(part)
      this.#openBytes += part.byteLength
      if (this.#openBytes >= pieceBytesMin) this.#close()
    }
  }

  /** What was added, as one member, in parts. Nothing can be added any more. @throws Error of zlib's */
  async finish(): Promise<Uint8Array[]> {
    this.#close()
    const trailer = Buffer.alloc(8)
    trailer.writeUInt32LE(this.#crc, 0)
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4)
    try {
      const pieces = await Promise.all(this.#pieces)
      return [header, ...pieces.flat(), lastBlock, trailer]
    } finally {
      this.drop()
    }
  }

  /** Lets go of what zlib holds, and compresses no more: nobody will finish it, or all is done. */
  drop(): void {
    this.#isDropped = true
    for (const context of this.#contexts.splice(0)) context.close()
  }

  #close(): void {
    if (this.#openBytes === 0) return
    const bytes = this.#open.length === 1 ? this.#open[0]! : Buffer.concat(this.#open, this.#openBytes)
    this.#open = []
    this.#openBytes = 0
    this.#crc = crc32(bytes, this.#crc)
    this.#size += bytes.byteLength
    const piece = this.#lane.run(bytes.byteLength, () => this.#deflated(bytes))
    piece.catch(() => {}) // told to who finishes
    this.#pieces.push(piece)
  }

  async #deflated(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    if (this.#isDropped) throw new Error('it was dropped') // never a part of it as if it were all
    const outputBytes = Math.max(1024, Math.ceil(bytes.byteLength * outputShare))
    const context = this.#contexts.pop() ?? new Deflate(this.#level, outputBytes)
    let hasFailed = true
    try {
      const made = await context.run(bytes)
      hasFailed = false
      return made
    } finally {
      if (hasFailed || this.#isDropped) context.close()
      else this.#contexts.push(context)
    }
  }
}

/** A context of zlib's, for one run after the other: it takes a quarter of a megabyte, and time to make. */
class Deflate {
  readonly #zlib: DeflateRaw
  #made: Uint8Array[] = []

  constructor(level: number, outputBytes: number) {
    this.#zlib = createDeflateRaw({ level, flush: constants.Z_SYNC_FLUSH, chunkSize: outputBytes })
    this.#zlib.on('data', (made) => this.#made.push(made))
    this.#zlib.on('error', () => {}) // told to who writes
  }

  run(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    this.#zlib.reset()
    const made: Uint8Array[] = []
    this.#made = made
    return new Promise((resolve, reject) => {
      this.#zlib.write(bytes, (error) => (error ? reject(error) : resolve(made)))
    })
  }

  close(): void {
    this.#zlib.close()
  }
}
