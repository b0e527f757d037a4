/*
 * Where the runs of one log lie in one segment: a table of plain numbers, one row for each run, in order of offset, as it
 * is kept in memory and in the segment's index. Position and length are those of the block that holds it.
 *
 *   firstOffset  endOffset  timestampMs  position  length  bytes
 */

export const rowWidth = 6
const firstOffsetAt = 0
const endOffsetAt = 1
const timestampAt = 2
const positionAt = 3
const lengthAt = 4
const bytesAt = 5

/** What rows begin and end with: where among them an offset or a time is can be guessed from that. */
export type RowEnds = {
  readonly firstOffset: number
  readonly endOffset: number
  readonly firstMs: number
  readonly lastMs: number
}

export class BlockRows {
  #cells: Float64Array
  count: number

  constructor(cells: Float64Array = new Float64Array(0)) {
    this.#cells = cells
    this.count = cells.length / rowWidth
  }

  /** Makes room for more rows. Returns which is the first of them. */
  grow(count: number): number {
    const first = this.count
    this.count += count
    if (this.count * rowWidth <= this.#cells.length) return first
    const larger = new Float64Array(Math.max(this.count * rowWidth, 2 * this.#cells.length))
    larger.set(this.#cells)
    this.#cells = larger
    return first
  }

  set(
    row: number,
    firstOffset: number,
    endOffset: number,
    timestampMs: number,
    position: number,
    length: number,
    bytes: number,
  ): void {
    const cells = this.#cells
    const at = row * rowWidth
    cells[at + firstOffsetAt] = firstOffset
    cells[at + endOffsetAt] = endOffset
    cells[at + timestampAt] = timestampMs
    cells[at + positionAt] = position
    cells[at + lengthAt] = length
    cells[at + bytesAt] = bytes
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

  /** What a row's run takes in its block. */
  bytes(row: number): number {
    return this.#cells[row * rowWidth + bytesAt]!
  }

  /** What they begin and end with; of one row at least. */
  get ends(): RowEnds {
    const last = this.count - 1
    return {
      firstOffset: this.firstOffset(0),
      endOffset: this.endOffset(last),
      firstMs: this.timestampMs(0),
      lastMs: this.timestampMs(last),
    }
  }

  /** What the runs take together. */
  get totalBytes(): number {
    let bytes = 0
    for (let row = 0; row < this.count; row++) bytes += this.bytes(row)
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
