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

  /** Counts the records of each shard, and so knows where those of the next begin. */
  groups(): ShardGroups {
    const next = nextOf(this.#shardCount)
    let groupCount = 0
    for (let i = 0; i < this.#count; i++) if (next[this.#placeOf[i]!]!++ === 0) groupCount++
    const places = new Uint32Array(groupCount)
    const ends = new Uint32Array(groupCount)
    let group = 0
    let end = 0
    for (let place = 0; group < groupCount; place++) {
      const count = next[place]!
      if (count === 0) continue
      next[place] = end
      end += count
      places[group] = place
      ends[group++] = end
    }
    const indexes = new Uint16Array(this.#count)
    for (let i = 0; i < this.#count; i++) indexes[next[this.#placeOf[i]!]!++] = this.#indexes[i]!
    return { places, indexes, ends }
  }
}

let counters = new Uint16Array(0)

/** A zero for each shard: memory that is used again for the next request. */
function nextOf(shardCount: number): Uint16Array {
  if (counters.length < shardCount) counters = new Uint16Array(shardCount)
  return counters.fill(0, 0, shardCount)
}
