import assert from 'node:assert/strict'
import { requestRecordsMax } from './record-checks.ts'

/** Records by the shard that takes them: shards in order of hash key, the records of each in the order of the request. */
export type ShardGroups = {
  /** For each group its shard's place in `openShards`. */
  readonly places: readonly number[]
  /** The records' indexes in the request: group i has those before `ends[i]` and from the group before it on. */
  readonly indexes: Uint16Array
  readonly ends: Uint32Array
}

/*
 * A request meets up to 500 shards. Instead of a list for each of them, its records are numbers that are sorted:
 *
 *   shard's place in order of hash key:23   index in the request:9
 */

const indexBits = 9
const indexMask = (1 << indexBits) - 1
assert(requestRecordsMax <= indexMask, 'an index has room')

/** Gathers which shard each record of a request goes to. */
export class ShardGrouping {
  readonly #keys: Uint32Array
  #count = 0

  constructor(recordsMax: number) {
    this.#keys = new Uint32Array(recordsMax)
  }

  add(place: number, index: number): void {
    this.#keys[this.#count++] = (place << indexBits) | index
  }

  groups(): ShardGroups {
    const keys = this.#keys.subarray(0, this.#count).sort()
    const indexes = new Uint16Array(keys.length)
    const places: number[] = []
    const ends = new Uint32Array(keys.length)
    for (let i = 0; i < keys.length; i++) {
      const place = keys[i]! >>> indexBits
      if (place !== places.at(-1)) places.push(place)
      indexes[i] = keys[i]! & indexMask
      ends[places.length - 1] = i + 1
    }
    return { places, indexes, ends: ends.subarray(0, places.length) }
  }
}
