import type { BlockRows, RowEnds } from './block-rows.ts'

/** Rows that follow each other in one log's table; `first` is where in the table they begin. */
export type RowRun = { readonly rows: BlockRows; readonly first: number }

/** So often a place is guessed; from then on what is left is halved. */
const guessesMax = 6

/** Where one log's blocks lie in one segment: a table in order of offset, in memory or on the disk in parts. */
export class LogRows {
  readonly count: number
  readonly #ends: RowEnds
  readonly #runAt: (row: number) => RowRun | Promise<RowRun>

  /** `runAt` gives the part of the table that holds a row. */
  constructor(count: number, ends: RowEnds, runAt: (row: number) => RowRun | Promise<RowRun>) {
    this.count = count
    this.#ends = ends
    this.#runAt = runAt
  }

  /** The part that holds a row. @throws StorageFailed */
  runAt(row: number): RowRun | Promise<RowRun> {
    return this.#runAt(row)
  }

  /** The first row that holds an entry at or after an offset; `count` if none does. @throws StorageFailed */
  rowEndingAfter(offset: number): Promise<number> {
    const { firstOffset, endOffset } = this.#ends
    return this.#find(
      { value: offset, lowest: firstOffset, highest: endOffset },
      (rows) => rows.rowEndingAfter(offset),
      (rows, row) => rows.firstOffset(row),
    )
  }

  /** The first row at or after a time; `count` if none is. @throws StorageFailed */
  rowAtOrAfter(timestampMs: number): Promise<number> {
    const { firstMs, lastMs } = this.#ends
    return this.#find(
      { value: timestampMs, lowest: firstMs, highest: lastMs },
      (rows) => rows.rowAtOrAfter(timestampMs),
      (rows, row) => rows.timestampMs(row),
    )
  }

  /**
   * Looks at the part where the value would be if it rose evenly from row to row, which it mostly does: each part that is
   * looked at may be a read from the disk. A side that stays behind twice counts for half from then on, so that the place
   * is closed in from both (regula falsi, the Illinois way); where nothing is even it comes to halving.
   */
  async #find(
    { value, lowest, highest }: { value: number; lowest: number; highest: number },
    within: (rows: BlockRows) => number,
    valueAt: (rows: BlockRows, row: number) => number,
  ): Promise<number> {
    let [low, below] = [0, value - lowest] // how far the value is above the lowest that is left
    let [high, above] = [this.count, highest - value]
    let lastSide = 0
    for (let looks = 0; low < high; looks++) {
      const portion = looks < guessesMax && below + above > 0 ? below / (below + above) : 0.5
      const guess = low + Math.floor((high - low) * portion)
      const { rows, first } = await this.#runAt(Math.max(low, Math.min(guess, high - 1)))
      const at = within(rows)
      if (at > 0 && at < rows.count) return first + at
      const side = at === 0 ? -1 : 1
      if (side < 0) [high, above] = [first, valueAt(rows, 0) - value]
      else [low, below] = [first + rows.count, value - valueAt(rows, rows.count - 1)]
      if (side === lastSide && side < 0) below /= 2
      if (side === lastSide && side > 0) above /= 2
      lastSide = side
    }
    return low
  }
}
