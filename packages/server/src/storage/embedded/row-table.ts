import type { BlockHead } from './block-format.ts'
import { BlockRows } from './block-rows.ts'

/*
 * Where the runs of all logs lie in one segment, in the order in which they were written, while that is not on the disk
 * as an index. A commit adds hundreds of rows of as many logs: so they lie behind each other, and each says which row of
 * its log came before it. The rows of one log are gathered when somebody asks for them.
 *
 *   a block:   position:f64   length:f64   timestampMs:f64
 *   a run:     firstOffset:f64   log:u32 (by its place among those of the segment)   before:u32 (a row, from 1 on; 0: none)
 *              block:u32   entryCount:u32   bytes:u32   unused:u32
 */
const blockWidth = 3
const [positionAt, lengthAt, timestampAt] = [0, 1, 2] as const

/** What a run's row takes as u32, and as f64. */
const width = 8
const wideWidth = 4
const [logAt, beforeAt, blockAt, entryCountAt, bytesAt] = [2, 3, 4, 5, 6] as const

/** Both are kept in pieces of so many, so that none is ever copied. */
const pieceBits = 12
const pieceLength = 1 << pieceBits
const pieceMask = pieceLength - 1

/** The same memory twice: as f64, of which each row has one, and as u32. */
type Piece = { readonly wide: Float64Array; readonly cells: Uint32Array }

/** How many rows there are of each of some logs, and what their runs take. */
export type RowSums = { readonly counts: Uint32Array; readonly bytes: Float64Array }

export class RowTable {
  readonly #pieces: Piece[] = []
  #count = 0
  readonly #blocks: Float64Array[] = []
  #blockCount = 0
  /** Log numbers, by place; and their places. */
  readonly #numbers: number[] = []
  readonly #places = new Map<number, number>()
  /** The last row of each log, by place; -1 if it has none. How many it has, and what they take. */
  readonly #last: number[] = []
  readonly #counts: number[] = []
  readonly #bytes: number[] = []
  /** What was gathered of each log, by place, and up to which row. */
  readonly #gathered: ({ readonly rows: BlockRows; last: number } | undefined)[] = []
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
      this.#counts.push(0)
      this.#bytes.push(0)
    }
    return place
  }

  /** Adds a block, of which the runs are that are pushed next. */
  pushBlock(position: number, length: number, timestampMs: number): void {
    const block = this.#blockCount++
    if (block >> pieceBits === this.#blocks.length) this.#blocks.push(new Float64Array(blockWidth * pieceLength))
    const cells = this.#blocks[block >> pieceBits]!
    const at = (block & pieceMask) * blockWidth
    cells[at + positionAt] = position
    cells[at + lengthAt] = length
    cells[at + timestampAt] = timestampMs
  }

  /** Adds a run of the last block. */
  push(place: number, firstOffset: number, entryCount: number, bytes: number): void {
    const row = this.#count++
    if (row >> pieceBits === this.#pieces.length) {
      const wide = new Float64Array(wideWidth * pieceLength)
      this.#pieces.push({ wide, cells: new Uint32Array(wide.buffer) })
    }
    const { wide, cells } = this.#pieces[row >> pieceBits]!
    const at = (row & pieceMask) * width
    wide[at / 2] = firstOffset
    cells[at + logAt] = place
    cells[at + beforeAt] = this.#last[place]! + 1
    cells[at + blockAt] = this.#blockCount - 1
    cells[at + entryCountAt] = entryCount
    cells[at + bytesAt] = bytes
    this.#last[place] = row
    this.#counts[place]!++
    this.#bytes[place]! += bytes
  }

  /** Adds a block that lies at a position, and its runs. */
  pushHead({ runs, timestampMs, length }: BlockHead, position: number): void {
    this.pushBlock(position, length, timestampMs)
    for (const { logNumber, firstOffset, endOffset, bytes } of runs)
      this.push(this.placeOf(logNumber), firstOffset, endOffset - firstOffset, bytes)
  }

  /** What was pushed is durable. */
  show(): void {
    this.#shown = this.#count
  }

  /** The rows of one log in order; undefined if it has none. */
  rowsOf(logNumber: number): BlockRows | undefined {
    const last = this.#lastOf(logNumber)
    if (last < 0) return undefined
    const place = this.#places.get(logNumber)!
    this.#gathered[place] ??= { rows: new BlockRows(), last: -1 }
    const gathered = this.#gathered[place]!
    const newer: number[] = []
    for (let row = last; row > gathered.last; row = this.#cell(row, beforeAt) - 1) newer.push(row)
    let to = gathered.rows.grow(newer.length)
    for (const row of newer.reverse()) {
      const { wide, cells } = this.#pieces[row >> pieceBits]!
      this.#copy(wide, cells, (row & pieceMask) * width, gathered.rows, to++)
    }
    gathered.last = last
    return gathered.rows
  }

  /** The offset after a log's last entry; 0 if it has none. */
  endOffset(logNumber: number): number {
    const row = this.#lastOf(logNumber)
    return row < 0 ? 0 : this.#endOffset(row)
  }

  /** The time of a log's last entry; 0 if it has none. */
  lastMs(logNumber: number): number {
    const row = this.#lastOf(logNumber)
    if (row < 0) return 0
    const block = this.#cell(row, blockAt)
    return this.#blocks[block >> pieceBits]![(block & pieceMask) * blockWidth + timestampAt]!
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
    for (let row = 0; row < this.#shown; row++) {
      const bytes = this.#cell(row, bytesAt)
      if (this.#endOffset(row) <= starts[this.#cell(row, logAt)]!) deadBytes += bytes
      else liveBytes += bytes
    }
    return { deadBytes, liveBytes }
  }

  /** Of logs that have rows: how many are shown, and what they take. */
  sums(logNumbers: readonly number[]): RowSums {
    const counts = Uint32Array.from(this.#counts)
    const bytes = Float64Array.from(this.#bytes)
    for (let row = this.#shown; row < this.#count; row++) {
      counts[this.#cell(row, logAt)]!--
      bytes[this.#cell(row, logAt)]! -= this.#cell(row, bytesAt)
    }
    const places = logNumbers.map((number) => this.#places.get(number)!)
    return {
      counts: Uint32Array.from(places, (place) => counts[place]!),
      bytes: Float64Array.from(places, (place) => bytes[place]!),
    }
  }

  /**
   * Writes the rows that are shown into parts of `1 << partBits` rows each: those of the first log, of the next, … Those
   * of a log are in order already, so they are dealt out, not compared. There may be hundreds of thousands: it yields
   * after each few of them, so that others may have their turn.
   */
  *deal(logNumbers: readonly number[], counts: Uint32Array, parts: readonly BlockRows[], partBits: number) {
    const next = new Uint32Array(this.#numbers.length)
    let first = 0
    for (const [i, number] of logNumbers.entries()) {
      next[this.#places.get(number)!] = first
      first += counts[i]!
    }
    const partMask = (1 << partBits) - 1
    for (const { wide, cells, end } of this.#shownPieces()) {
      for (let at = 0; at < end; at += width) {
        const to = next[cells[at + logAt]!]!++
        this.#copy(wide, cells, at, parts[to >> partBits]!, to & partMask)
      }
      yield
    }
  }

  /** Writes the row that begins at `at` in a piece. */
  #copy(wide: Float64Array, cells: Uint32Array, at: number, into: BlockRows, row: number): void {
    const block = cells[at + blockAt]!
    const blocks = this.#blocks[block >> pieceBits]!
    const blockCells = (block & pieceMask) * blockWidth
    const firstOffset = wide[at / 2]!
    into.set(
      row,
      firstOffset,
      firstOffset + cells[at + entryCountAt]!,
      blocks[blockCells + timestampAt]!,
      blocks[blockCells + positionAt]!,
      blocks[blockCells + lengthAt]!,
      cells[at + bytesAt]!,
    )
  }

  /** The pieces of the rows that are shown, each up to `end`. */
  #shownPieces(): (Piece & { readonly end: number })[] {
    return this.#pieces.map((piece, i) => {
      const rows = Math.min(pieceLength, this.#shown - (i << pieceBits))
      return { ...piece, end: Math.max(0, rows) * width }
    })
  }

  #lastOf(logNumber: number): number {
    const place = this.#places.get(logNumber)
    return place === undefined ? -1 : this.#lastShown(place)
  }

  #lastShown(place: number): number {
    let row = this.#last[place]!
    while (row >= this.#shown) row = this.#cell(row, beforeAt) - 1
    return row
  }

  #endOffset(row: number): number {
    const { wide } = this.#pieces[row >> pieceBits]!
    return wide[(row & pieceMask) * wideWidth]! + this.#cell(row, entryCountAt)
  }

  #cell(row: number, column: number): number {
    return this.#pieces[row >> pieceBits]!.cells[(row & pieceMask) * width + column]!
  }
}
