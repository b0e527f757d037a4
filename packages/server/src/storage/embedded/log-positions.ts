/*
 * The numbers of a log that each put to it reads and changes, in a row beside those of other logs:
 *
 *   nextOffset   end   lastTimestampMs   start
 *
 * A put meets hundreds of logs. Thousands of them do not stay in the processor's caches as objects, and a time that is
 * kept in an object is allocated anew whenever it changes.
 */
export const positionsWidth = 4
export const [nextOffsetAt, endAt, lastTimestampAt, startAt] = [0, 1, 2, 3] as const

/** Rows lie so many in a piece. A piece goes when the last log that has a row in it goes. */
const rowsInPiece = 128

export type PositionsRow = { readonly cells: Float64Array; readonly at: number }

/** Gives each log its row. */
export class LogPositions {
  #cells = new Float64Array(0)
  #next = 0

  take(): PositionsRow {
    if (this.#next === this.#cells.length) {
      this.#cells = new Float64Array(rowsInPiece * positionsWidth)
      this.#next = 0
    }
    const row = { cells: this.#cells, at: this.#next }
    this.#next += positionsWidth
    return row
  }
}
