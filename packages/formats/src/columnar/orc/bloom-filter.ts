import { hashHigh, hashLow, murmur3, wang } from './hash64.ts'
import { ProtobufMessage } from './protobuf.ts'

/**
 * What tells for each row group which values are surely not in it: a set of bits, of which a value sets several.
 *
 *   BloomFilterIndex  bloomFilter 1, one for each row group
 *   BloomFilter       numHashFunctions:uint 1, utf8bitset:bytes 3
 */
export class BloomFilter {
  #bits: Uint8Array
  #bitCount: number
  #hashes: number
  #index = new ProtobufMessage()

  /** @param expected how many values a row group has @param falsePositives the share that is wrongly found: above 0, below 1 */
  constructor(expected: number, falsePositives: number) {
    const wanted = Math.trunc((-expected * Math.log(falsePositives)) / Math.LN2 ** 2)
    this.#bitCount = wanted + 64 - (wanted % 64)
    this.#hashes = Math.max(1, Math.round((this.#bitCount / expected) * Math.LN2))
    this.#bits = new Uint8Array(this.#bitCount / 8)
  }

  addBytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    murmur3(bytes, start, end)
    this.#set(hashHigh(), hashLow())
  }

  addText(text: string): void {
    this.addBytes(Buffer.from(text))
  }

  /** A whole number of 64 bits. */
  addLong(value: number | bigint): void {
    if (typeof value === 'bigint') wang(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)))
    else wang(Math.floor(value / 0x1_0000_0000) | 0, value | 0)
    this.#set(hashHigh(), hashLow())
  }

  /** By its bits; a NaN by those of Java's. */
  addDouble(value: number): void {
    doubles.setFloat64(0, value)
    wang(doubles.getInt32(0), doubles.getInt32(4))
    this.#set(hashHigh(), hashLow())
  }

  /** Keeps what was added as that of a row group, and begins the next. */
  endRowGroup(): void {
    this.#index.message(1, new ProtobufMessage().uint(1, this.#hashes).bytes(3, this.#bits))
    this.#bits.fill(0)
  }

  /** Gives those of all row groups, and forgets them. */
  takeIndex(): Uint8Array {
    const index = this.#index.written()
    this.#index = new ProtobufMessage()
    return index
  }

  /** The halves of the hash give as many places as there are hashes: first + n * second. */
  #set(second: number, first: number): void {
    for (let n = 1; n <= this.#hashes; n++) {
      const combined = (first + Math.imul(n, second)) | 0
      const place = (combined < 0 ? ~combined : combined) % this.#bitCount
      this.#bits[place >>> 3]! |= 1 << (place & 7)
    }
  }
}

const doubles = new DataView(new ArrayBuffer(8))
