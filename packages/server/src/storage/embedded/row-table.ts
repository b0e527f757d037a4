import type { BlockHead } from './block-format.ts'
import { BlockRows } from './block-rows.ts'

/*
 * Where the runs of all logs lie in one segment, in the order in which they were written, while that is not on the disk
 * as an index. A commit adds hundreds of rows of as many logs: so they lie behind each other, and each says which row of
 * its log came before it. The rows of one log are gathered when somebody asks for them.
 *
 *   log (by its place among those of the segment)   row before (-1: none)   firstOffset   endOffset
 *   timestampMs   position   length (both of the block)   bytes (of the run)
 */
const width = 8
const [logAt, beforeAt, firstOffsetAt, endOffsetAt, timestampAt, positionAt, lengthAt, bytesAt] = [
  0, 1, 2, 3, 4, 5, 6, 7,
] as const

/** Rows are kept in pieces of so many, so that none is ever copied. */
const pieceBits = 12
const pieceMask = (1 << pieceBits) - 1

export class RowTable {
  readonly #pieces: Float64Array[] = []
  /** Log numbers, by place; and their places. */
  readonly #numbers: number[] = []
  readonly #places = new Map<number, number>()
  /** The last row of each log, by place; -1 if it has none. */
  readonly #last: number[] = []
  /** What was gathered of each log, by place, and up to which row. */
  readonly #gathered: ({ readonly rows: BlockRows; last: number } | undefined)[] = []
  #count = 0
  /** Rows behind these are of a commit that is under way, or that failed and was the last: nobody sees them. */
  #shown = 0

  /** How many rows are shown. */
  get count(): number {
    return this.#shown
  }

  /** A log's place among those of the segment, for `push`. */
  placeOf(logNumber: number): number {
    let place = this.#places.get(logNumber)
    if (place === undefined) {
      place = this.#numbers.push(logNumber) - 1
      this.#places.set(logNumber, place)
      this.#last.push(-1)
    }
    return place
  }

  push(
    place: number,
    firstOffset: number,
    endOffset: number,
    timestampMs: number,
    position: number,
    length: number,
    bytes: number,
  ): void {
    const row = this.#count++
    const at = (row & pieceMask) * width
    if (at === 0 && row >> pieceBits === this.#pieces.length) this.#pieces.push(new Float64Array(width << pieceBits))
    const cells = this.#pieces[row >> pieceBits]!
    cells[at + logAt] = place
    cells[at + beforeAt] = this.#last[place]!
    cells[at + firstOffsetAt] = firstOffset
    cells[at + endOffsetAt] = endOffset
    cells[at + timestampAt] = timestampMs
    cells[at + positionAt] = position
    cells[at + lengthAt] = length
    cells[at + bytesAt] = bytes
    this.#last[place] = row
  }

  /** Adds the runs of a block that lies at a position. */
  pushBlock({ runs, timestampMs, length }: BlockHead, position: number): void {
    for (const { logNumber, firstOffset, endOffset, bytes } of runs)
      this.push(this.placeOf(logNumber), firstOffset, endOffset, timestampMs, position, length, bytes)
  }

  /** What was pushed is durable. */
  show(): void {
    this.#shown = this.#count
  }

  /** The rows of one log in order; undefined if it has none. */
  rowsOf(logNumber: number): BlockRows | undefined {
    const place = this.#places.get(logNumber)
    const last = place === undefined ? -1 : this.#lastShown(place)
    if (last < 0) return undefined
    this.#gathered[place!] ??= { rows: new BlockRows(), last: -1 }
    const gathered = this.#gathered[place!]!
    const newer: number[] = []
    for (let row = last; row > gathered.last; row = this.#cell(row, beforeAt)) newer.push(row)
    for (const row of newer.reverse()) {
      const at = (row & pieceMask) * width
      gathered.rows.pushCells(this.#pieces[row >> pieceBits]!, at + firstOffsetAt)
    }
    gathered.last = last
    return gathered.rows
  }

  /** The offset after a log's last entry; 0 if it has none. */
  endOffset(logNumber: number): number {
    return this.#lastCell(logNumber, endOffsetAt)
  }

  /** The time of a log's last entry; 0 if it has none. */
  lastMs(logNumber: number): number {
    return this.#lastCell(logNumber, timestampAt)
  }

  /** The numbers of the logs that have rows, in order. */
  logNumbers(): number[] {
    return this.#numbers.filter((_, place) => this.#lastShown(place) >= 0).sort((a, b) => a - b)
  }

  /** What the runs take that end at or before an offset, and the others. */
  weigh(startOf: (logNumber: number) => number): { deadBytes: number; liveBytes: number } {
    const starts = Float64Array.from(this.#numbers, startOf)
    let deadBytes = 0
    let liveBytes = 0
    for (const { cells, end } of this.#shownPieces()) {
      for (let at = 0; at < end; at += width) {
        if (cells[at + endOffsetAt]! <= starts[cells[at + logAt]!]!) deadBytes += cells[at + bytesAt]!
        else liveBytes += cells[at + bytesAt]!
      }
    }
    return { deadBytes, liveBytes }
  }

  /** All rows, log by log in the order given, and how many there are of each. */
  sorted(logNumbers: readonly number[]): { readonly rows: BlockRows; readonly counts: Uint32Array } {
    const orderOf = new Uint32Array(this.#numbers.length)
    for (const [order, number] of logNumbers.entries()) orderOf[this.#places.get(number)!] = order
    const counts = new Uint32Array(logNumbers.length)
    for (const { cells, end } of this.#shownPieces())
      for (let at = 0; at < end; at += width) counts[orderOf[cells[at + logAt]!]!]!++
    const next = new Uint32Array(logNumbers.length)
    for (let order = 1; order < next.length; order++) next[order] = next[order - 1]! + counts[order - 1]!
    const rows = BlockRows.ofCount(this.#shown)
    for (const { cells, end } of this.#shownPieces())
      for (let at = 0; at < end; at += width)
        rows.setCells(next[orderOf[cells[at + logAt]!]!]!++, cells, at + firstOffsetAt)
    return { rows, counts }
  }

  /** The cells of the rows that are shown, piece by piece, each up to `end`. */
  #shownPieces(): { readonly cells: Float64Array; readonly end: number }[] {
    return this.#pieces.map((cells, piece) => {
      const rows = Math.min(1 << pieceBits, this.#shown - (piece << pieceBits))
      return { cells, end: Math.max(0, rows) * width }
    })
  }

  #lastCell(logNumber: number, column: number): number {
    const place = this.#places.get(logNumber)
    const row = place === undefined ? -1 : this.#lastShown(place)
    return row < 0 ? 0 : this.#cell(row, column)
  }

  #lastShown(place: number): number {
    let row = this.#last[place]!
    while (row >= this.#shown) row = this.#cell(row, beforeAt)
    return row
  }

  #cell(row: number, column: number): number {
    return this.#pieces[row >> pieceBits]![(row & pieceMask) * width + column]!
  }
}
