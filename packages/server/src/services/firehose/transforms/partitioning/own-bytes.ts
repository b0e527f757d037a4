import type { DeliveryRecord } from '../../delivery/delivery-record.ts'

/** A view that keeps so much more memory alive than it shows is copied. */
const pinnedBytesMax = 64 * 1024

/** Pieces of memory grow from the one to the other; what is larger has its own. */
const pieceBytesMin = 2 * 1024
const pieceBytesMax = 32 * 1024

/** Partitions with a piece that is not full; above it new ones are begun. */
const piecesMax = 1000

/**
 * Records wait for others of their partition, maybe for long: they must not keep the whole page alive that they came in,
 * whose other records are gone by then. Those of one partition, which go together, are copied side by side.
 */
export class OwnBytes {
  readonly #pieces = new Map<string, Piece>()

  of(record: DeliveryRecord, partition: string): Pick<DeliveryRecord, 'data' | 'rawData'> {
    const { data, rawData } = record
    return { data: this.#owned(data, partition), rawData: rawData && this.#owned(rawData, partition) }
  }

  #owned(bytes: Uint8Array, partition: string): Uint8Array {
    if (bytes.buffer.byteLength - bytes.byteLength <= pinnedBytesMax) return bytes
    if (bytes.byteLength > pieceBytesMax) return new Uint8Array(bytes)
    let piece = this.#pieces.get(partition)
    if (!piece) {
      if (this.#pieces.size >= piecesMax) this.#pieces.clear()
      piece = new Piece()
      this.#pieces.set(partition, piece)
    }
    return piece.copied(bytes)
  }
}

class Piece {
  #bytes = new Uint8Array(0)
  #end = 0

  copied(bytes: Uint8Array): Uint8Array {
    if (this.#end + bytes.byteLength > this.#bytes.byteLength) {
      const grown = Math.min(Math.max(2 * this.#bytes.byteLength, pieceBytesMin), pieceBytesMax)
      this.#bytes = new Uint8Array(Math.max(grown, bytes.byteLength))
      this.#end = 0
    }
    const start = this.#end
    this.#end += bytes.byteLength
    this.#bytes.set(bytes, start)
    return this.#bytes.subarray(start, this.#end)
  }
}
