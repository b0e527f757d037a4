import { deflateRawSync } from 'node:zlib'

/** Gives the compressed form of up to 256 KiB. */
export type Compressor = (bytes: Uint8Array) => Uint8Array

/** How the parts of a file are compressed: its number in the PostScript, and the work. */
export type Codec = { readonly kind: number; readonly compress?: Compressor }

/** What goes into one chunk at most, before it is compressed: ORC's own default. */
export const compressionBlockBytes = 256 * 1024

export const uncompressed: Codec = { kind: 0 }
export const zlib: Codec = { kind: 1, compress: (bytes) => deflateRawSync(bytes, { chunkSize: 64 * 1024 }) }
export const snappyBy = (compress: Compressor): Codec => ({ kind: 2, compress })

/**
 * A stream as it stands in the file:
 *
 *   without compression   bytes
 *   else, chunk by chunk  header:u24 little-endian (length << 1 | isOriginal)  bytes[length]
 *
 * A chunk that would not become smaller keeps its bytes. Each begins anew, so a reader may start at any of them.
 */
export class StoredStream {
  readonly parts: Uint8Array[] = []
  length = 0
  /** Where each chunk begins; undefined without compression. */
  #chunks: number[] | undefined

  /** Takes a copy of the bytes, or what came of them. */
  constructor(bytes: Uint8Array, codec: Codec) {
    if (codec.compress) this.#chunks = this.#compress(bytes, codec.compress)
    else this.#put(Uint8Array.from(bytes))
  }

  /** Adds to `positions` how a reader finds the byte that was at `offset`: where its chunk begins, and how far in it is. */
  locate(offset: number, positions: number[]): void {
    if (this.#chunks === undefined) {
      positions.push(offset)
      return
    }
    const chunk = Math.floor(offset / compressionBlockBytes)
    positions.push(this.#chunks[chunk] ?? this.length, offset % compressionBlockBytes)
  }

  #compress(bytes: Uint8Array, compress: Compressor): number[] {
    const starts: number[] = []
    for (let from = 0; from < bytes.length; from += compressionBlockBytes) {
      starts.push(this.length)
      const original = bytes.subarray(from, from + compressionBlockBytes)
      const smaller = compress(original)
      const isOriginal = smaller.length >= original.length
      const kept = isOriginal ? Uint8Array.from(original) : smaller
      const header = kept.length * 2 + (isOriginal ? 1 : 0)
      this.#put(Uint8Array.of(header & 0xff, (header >>> 8) & 0xff, header >>> 16))
      this.#put(kept)
    }
    return starts
  }

  #put(part: Uint8Array): void {
    this.parts.push(part)
    this.length += part.length
  }
}
