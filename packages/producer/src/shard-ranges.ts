import { type HashKeyRange, hashKeyMax, hashKeyOf, hashKeyStart } from '@millrace/formats'

export type OpenShard = { readonly shardId: string; readonly range: HashKeyRange }

/** Keys whose shard is remembered: a power of two. */
const rememberedMax = 4096

/** A partition key's bytes, for the time of one hash: at most 256 characters of 3 bytes. */
const keyBytes = Buffer.allocUnsafeSlow(1024)

/**
 * Which shard a key goes to, among those that were open when they were listed. The first 32 bits of a hash key nearly always
 * decide it; only where a boundary begins with the same 32 bits all 128 are compared.
 */
export class ShardRanges {
  readonly shards: readonly OpenShard[]
  /** The first 32 bits of where each shard's range ends. */
  readonly #ends: Float64Array
  /**
   * Keys that came before, and their shards: by a mark that costs a tenth of MD5, the last two of each pair of places. Most
   * streams have fewer keys than records. (With one place for each mark, a fifth of a thousand keys push each other out.)
   */
  readonly #keys = new Array<string | undefined>(rememberedMax).fill(undefined)
  readonly #indexes = new Uint32Array(rememberedMax)

  /** @throws Error when the ranges do not cover all hash keys, each once */
  constructor(shards: readonly OpenShard[]) {
    this.shards = [...shards].sort((a, b) => (a.range.start < b.range.start ? -1 : 1))
    let next = 0n
    for (const { shardId, range } of this.shards) {
      if (range.start !== next || range.end < range.start)
        throw new Error(`the hash key range of ${shardId} does not fit`)
      next = range.end + 1n
    }
    if (next !== hashKeyMax + 1n) throw new Error(`the open shards' hash key ranges end at ${next - 1n}`)
    this.#ends = Float64Array.from(this.shards, ({ range }) => Number(range.end >> 96n))
  }

  /** The index of the shard in `shards`. `mark` is the partition key's `keyMark`. */
  indexOf(partitionKey: string, explicitHashKey: string | undefined, mark: number): number {
    if (this.shards.length === 1) return 0
    if (explicitHashKey !== undefined) {
      const hashKey = BigInt(explicitHashKey)
      return this.#indexOf(Number(hashKey >> 96n), () => hashKey)
    }
    const place = mark & (rememberedMax - 2)
    if (this.#keys[place] === partitionKey) return this.#indexes[place]!
    if (this.#keys[place + 1] === partitionKey) return this.#indexes[place + 1]!
    const index = this.#indexOf(startOfHash(partitionKey), () => hashKeyOf(partitionKey))
    this.#keys[place + 1] = this.#keys[place]
    this.#indexes[place + 1] = this.#indexes[place]!
    this.#keys[place] = partitionKey
    this.#indexes[place] = index
    return index
  }

  #indexOf(first32Bits: number, hashKey: () => bigint): number {
    const ends = this.#ends
    let low = 0
    let high = ends.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle]! < first32Bits) low = middle + 1
      else high = middle
    }
    // A range that ends within these 32 bits: the key may lie beyond its end.
    if (ends[low] === first32Bits && low < ends.length - 1) {
      const exact = hashKey()
      while (this.shards[low]!.range.end < exact) low++
    }
    return low
  }
}

function startOfHash(key: string): number {
  let bits = 0
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    bits |= unit
    keyBytes[i] = unit
  }
  return hashKeyStart(keyBytes, 0, bits < 0x80 ? key.length : keyBytes.write(key))
}
