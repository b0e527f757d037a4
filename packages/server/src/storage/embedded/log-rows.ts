import type { BlockRows } from './block-rows.ts'

/** Rows that follow each other in one log's table; `first` is where in the table they begin. */
export type RowRun = { readonly rows: BlockRows; readonly first: number }

/** Where one log's blocks lie in one segment: a table in order of offset, in memory or on the disk in parts. */
export class LogRows {
  readonly count: number
  readonly #runAt: (row: number) => RowRun | Promise<RowRun>

  /** `runAt` gives the part of the table that holds a row. */
  constructor(count: number, runAt: (row: number) => RowRun | Promise<RowRun>) {
    this.count = count
    this.#runAt = runAt
  }

  /** The part that holds a row. @throws StorageFailed */
  runAt(row: number): RowRun | Promise<RowRun> {
    return this.#runAt(row)
  }

  /** The first row that holds an entry at or after an offset; `count` if none does. @throws StorageFailed */
  rowEndingAfter(offset: number): Promise<number> {
    return this.#find((rows) => rows.rowEndingAfter(offset))
  }

  /** The first row at or after a time; `count` if none is. @throws StorageFailed */
  rowAtOrAfter(timestampMs: number): Promise<number> {
    return this.#find((rows) => rows.rowAtOrAfter(timestampMs))
  }

  /** Halves the table by its parts: those that hold a middle are looked at. */
  async #find(within: (rows: BlockRows) => number): Promise<number> {
    let low = 0
    let high = this.count
    while (low < high) {
      const { rows, first } = await this.#runAt((low + high) >> 1)
      const at = within(rows)
      if (at === 0) high = first
      else if (at === rows.count) low = first + rows.count
      else return first + at
    }
    return low
  }
}
