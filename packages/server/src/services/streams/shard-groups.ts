/** Records by the shard that takes them: shards in order of hash key, the records of each in the order of the request. */
export type ShardGroups = {
  /** For each group its shard's place in `openShards`. */
  readonly places: Uint32Array
  /** The records' indexes in the request: group i has those before `ends[i]` and from the group before it on. */
  readonly indexes: Uint16Array
  readonly ends: Uint32Array
}

/** Gathers which shard each record of a request goes to. A request meets hundreds of them, so none gets a list. */
export class ShardGrouping {
  readonly #shardCount: number
  readonly #placeOf: Uint32Array
  readonly #indexes: Uint16Array
  #count = 0

  constructor(shardCount: number, recordsMax: number) {
    this.#shardCount = shardCount
    this.#placeOf = new Uint32Array(recordsMax)
    this.#indexes = new Uint16Array(recordsMax)
  }

  add(place: number, index: number): void {
    this.#placeOf[this.#count] = place
    this.#indexes[this.#count++] = index
  }

  /**
   * Counts the records of each shard, and so knows where those of the next begin. Which shards there are is noted in bits:
   * to look for them among thousands of counts takes longer than all else here.
   */
  groups(): ShardGroups {
    const next = zeros(this.#shardCount)
    const met = new Uint32Array(Math.ceil(this.#shardCount / 32))
    let groupCount = 0
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeOf[i]!
      if (next[place]!++ > 0) continue
      met[place >> 5]! |= 1 << (place & 31)
      groupCount++
    }
    const places = new Uint32Array(groupCount)
    const ends = new Uint32Array(groupCount)
    let group = 0
    let end = 0
    for (let word = 0; word < met.length; word++) {
      for (let bits = met[word]!; bits !== 0; bits &= bits - 1) {
        const place = 32 * word + 31 - Math.clz32(bits & -bits)
        const count = next[place]!
        next[place] = end
        end += count
        places[group] = place
        ends[group++] = end
      }
    }
    const indexes = new Uint16Array(this.#count)
    for (let i = 0; i < this.#count; i++) indexes[next[this.#placeOf[i]!]!++] = this.#indexes[i]!
    return { places, indexes, ends }
  }
}

let counters = new Uint16Array(0)

/** A zero for each shard: memory that is used again for the next request. */
function zeros(shardCount: number): Uint16Array {
  if (counters.length < shardCount) counters = new Uint16Array(shardCount)
  return counters.fill(0, 0, shardCount)
}
