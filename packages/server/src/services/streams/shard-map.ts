import assert from 'node:assert/strict'
import { hashKeyMax, hashKeyOfBytes, hashKeyStarts } from '@millrace/formats'
import type { RecordBatch } from '../../core/record-batch.ts'
import { createdAtSOf } from './sequence-number.ts'
import type { Shard } from './stream.ts'

/** The open shards of a stream in order of hash key: every hash key has exactly one. */
export class ShardMap {
  /** In order of hash key. */
  readonly openShards: readonly Shard[]
  /**
   * Of each, what the answer to a put tells of it: its index, and the second in which it was made. A put meets hundreds of
   * shards, and thousands of objects do not stay in the processor's caches.
   */
  readonly indexes: Uint32Array
  readonly createdAtS: Float64Array
  /** The first 32 bits of where each begins. */
  readonly #starts: Uint32Array

  constructor(shards: readonly Shard[]) {
    this.openShards = shards
      .filter((shard) => shard.closedAtMs === undefined)
      .sort((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1))
    assertCovers(this.openShards)
    this.#starts = Uint32Array.from(this.openShards, ({ startingHashKey }) => Number(startingHashKey >> 96n))
    this.indexes = Uint32Array.from(this.openShards, ({ index }) => index)
    this.createdAtS = Float64Array.from(this.openShards, createdAtSOf)
  }

  /** For each record the place in `openShards` of the one that its partition key belongs to. */
  placesForKeys({ count, keyBytes, places }: RecordBatch): Uint32Array {
    if (this.#starts.length === 1) return new Uint32Array(count)
    const found = hashKeyStarts(keyBytes, places, 4, count)
    for (let i = 0; i < count; i++) found[i] = this.#placeOf(found[i]!, keyBytes, places[4 * i]!, places[4 * i + 1]!)
    return found
  }

  /** Where a key belongs whose hash key begins with `hashStart`. */
  #placeOf(hashStart: number, bytes: Uint8Array, start: number, end: number): number {
    const place = this.#lastFrom(hashStart)
    // Where the first bits are those of a boundary, the others decide.
    return this.#starts[place] === hashStart && place > 0 ? this.placeFor(hashKeyOfBytes(bytes, start, end)) : place
  }

  /** The last place that begins at or before the first 32 bits of a hash key. */
  #lastFrom(hashStart: number): number {
    const starts = this.#starts
    // Most streams have ranges of one width, in which nothing is to be searched for.
    const likely = Math.floor((hashStart * starts.length) / 2 ** 32)
    if (starts[likely]! <= hashStart && (likely + 1 === starts.length || starts[likely + 1]! > hashStart)) return likely
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= hashStart) low = middle
      else high = middle - 1
    }
    return low
  }

  /** The open shard whose range holds a hash key. */
  shardFor(hashKey: bigint): Shard {
    return this.openShards[this.placeFor(hashKey)]!
  }

  /** Its place in `openShards`. */
  placeFor(hashKey: bigint): number {
    const { openShards } = this
    let low = 0
    let high = openShards.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (openShards[middle]!.startingHashKey <= hashKey) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Equal ranges for `count` shards: AWS's boundaries are floor(2^128 / count) apart, and the last takes the rest. */
export function uniformRanges(count: number): { startingHashKey: bigint; endingHashKey: bigint }[] {
  const width = (hashKeyMax + 1n) / BigInt(count)
  return Array.from({ length: count }, (_, i) => ({
    startingHashKey: width * BigInt(i),
    endingHashKey: i === count - 1 ? hashKeyMax : width * BigInt(i + 1) - 1n,
  }))
}

function assertCovers(openShards: readonly Shard[]): void {
  if (openShards.length === 0) return // a stream that is being created has none yet
  let next = 0n
  for (const shard of openShards) {
    assert(shard.startingHashKey === next, 'open shards cover every hash key once')
    next = shard.endingHashKey + 1n
  }
  assert(next === hashKeyMax + 1n, 'open shards reach the last hash key')
}
