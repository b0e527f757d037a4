/*
 * Where the blocks of one log lie in one segment: a table of plain numbers, one row for each block, in order of
 * offset, as it is kept in memory and in the segment's index.
 *
 *   firstOffset  endOffset  timestampMs  position  length
 */

export const rowWidth = 5
const firstOffsetAt = 0
const endOffsetAt = 1
const timestampAt = 2
const positionAt = 3
const lengthAt = 4

export class BlockRows {
  #cells: Float64Array
  count: number

  constructor(cells: Float64Array = new Float64Array(0)) {
    this.#cells = cells
    this.count = cells.length / rowWidth
  }

  push(firstOffset: number, endOffset: number, timestampMs: number, position: number, length: number): void {
    const at = this.count * rowWidth
    if (at === this.#cells.length) {
      const larger = new Float64Array(Math.max(4 * rowWidth, 2 * at))
      larger.set(this.#cells)
      this.#cells = larger
    }
    this.#cells[at + firstOffsetAt] = firstOffset
    this.#cells[at + endOffsetAt] = endOffset
    this.#cells[at + timestampAt] = timestampMs
    this.#cells[at + positionAt] = position
    this.#cells[at + lengthAt] = length
    this.count++
  }

  /** The rows as numbers one after the other. */
  get cells(): Float64Array {
    return this.#cells.subarray(0, this.count * rowWidth)
  }

  firstOffset(row: number): number {
    return this.#cells[row * rowWidth + firstOffsetAt]!
  }

  endOffset(row: number): number {
    return this.#cells[row * rowWidth + endOffsetAt]!
  }

  timestampMs(row: number): number {
    return this.#cells[row * rowWidth + timestampAt]!
  }

  position(row: number): number {
    return this.#cells[row * rowWidth + positionAt]!
  }

  length(row: number): number {
    return this.#cells[row * rowWidth + lengthAt]!
  }

  /** How many bytes the blocks take together. */
  get bytes(): number {
    let bytes = 0
    for (let row = 0; row < this.count; row++) bytes += this.length(row)
    return bytes
  }

  /** A part of the rows, as a view. */
  slice(from: number, to: number): BlockRows {
    return new BlockRows(this.#cells.subarray(from * rowWidth, to * rowWidth))
  }

  /** The first row that holds an entry at or after an offset; `count` if none does. */
  rowEndingAfter(offset: number): number {
    return this.#firstAbove(endOffsetAt, offset + 1)
  }

  /** The first row at or after a time; `count` if none is. */
  rowAtOrAfter(timestampMs: number): number {
    return this.#firstAbove(timestampAt, timestampMs)
  }

  #firstAbove(column: number, value: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#cells[middle * rowWidth + column]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
