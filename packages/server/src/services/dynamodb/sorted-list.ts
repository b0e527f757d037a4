import assert from 'node:assert/strict'

/** A piece is split in two when it is this long: inserting moves at most so many entries. */
const pieceLengthMax = 512

/** Below zero for an entry that lies before the place in question, above zero for one behind it. */
export type Probe<T> = (entry: T) => number

/**
 * Entries in order, in pieces of bounded length. Finding takes two binary searches; no entry equals another. A walk sees
 * the list as it is: nothing may change it before the walk has ended.
 */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number
  /** None of them is empty. */
  readonly #pieces: T[][] = []
  #length = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get length(): number {
    return this.#length
  }

  insert(entry: T): void {
    const probe = (other: T) => this.#compare(other, entry)
    const at = Math.min(this.#pieceFor(probe), this.#pieces.length - 1)
    this.#length++
    if (at < 0) return void this.#pieces.push([entry])
    const piece = this.#pieces[at]!
    const place = firstFrom(piece, probe)
    assert(place === piece.length || this.#compare(piece[place]!, entry) !== 0, 'no entry equals another')
    piece.splice(place, 0, entry)
    if (piece.length > pieceLengthMax) this.#pieces.splice(at + 1, 0, piece.splice(piece.length >> 1))
  }

  /** Takes out the entry that equals this one, if there is one. */
  delete(entry: T): T | undefined {
    const probe = (other: T) => this.#compare(other, entry)
    const at = this.#pieceFor(probe)
    const piece = this.#pieces[at]
    if (!piece) return undefined
    const place = firstFrom(piece, probe)
    if (this.#compare(piece[place]!, entry) !== 0) return undefined
    const [found] = piece.splice(place, 1)
    if (piece.length === 0) this.#pieces.splice(at, 1)
    this.#length--
    return found
  }

  /** From the first entry that does not lie before the place. */
  *ascending(probe: Probe<T>): Generator<T, void, undefined> {
    let at = this.#pieceFor(probe)
    let place = at < this.#pieces.length ? firstFrom(this.#pieces[at]!, probe) : 0
    for (; at < this.#pieces.length; at++, place = 0) {
      const piece = this.#pieces[at]!
      for (; place < piece.length; place++) yield piece[place]!
    }
  }

  /** Backwards, from the last entry that does not lie behind the place. */
  *descending(probe: Probe<T>): Generator<T, void, undefined> {
    const isBehind = (entry: T) => (probe(entry) > 0 ? 1 : -1)
    let at = this.#pieceFor(isBehind)
    let place = at < this.#pieces.length ? firstFrom(this.#pieces[at]!, isBehind) : 0
    for (;;) {
      while (place > 0) yield this.#pieces[at]![--place]!
      if (--at < 0) return
      place = this.#pieces[at]!.length
    }
  }

  /** The first piece whose last entry does not lie before the place; how many there are if all do. */
  #pieceFor(probe: Probe<T>): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (probe(this.#pieces[middle]!.at(-1)!) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Where the first entry is that does not lie before the place. */
function firstFrom<T>(piece: readonly T[], probe: Probe<T>): number {
  let low = 0
  let high = piece.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (probe(piece[middle]!) < 0) low = middle + 1
    else high = middle
  }
  return low
}
