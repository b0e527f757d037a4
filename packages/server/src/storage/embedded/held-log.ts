import { Arrivals } from '../arrivals.ts'
import type { Json } from '../catalog.ts'
import { noDataKey } from '../data-key.ts'
import type { KeyedLog, KeyWait } from '../key-waits.ts'
import { endAt, lastTimestampAt, nextOffsetAt, type PositionsRow, positionsWidth, startAt } from './log-positions.ts'
import type { RowTable } from './row-table.ts'
import type { Segment } from './segment-store.ts'

/** What the map of logs keeps of one, durably. */
export type LogMeta = {
  readonly retentionMs: number
  /** What is before it is gone, whatever the clock says. */
  readonly start: number
  /** The end is here or later: for when the segments that show it are gone. */
  readonly end: number
  readonly lastTimestampMs: number
  readonly closed: boolean
  /** As in LogOptions. */
  readonly dataKey?: number
  /** While there is a data key: from this offset on everything is sealed. */
  readonly sealedFrom?: number
}

const unchanged = Promise.resolve()

/** A log as the process holds it. Its number, from the map's version, is what blocks are marked with. */
export class HeldLog implements KeyedLog {
  // What each put looks at comes first, so that it lies together.
  readonly number: number
  /** Where `nextOffset`, `end`, `lastTimestampMs` and `start` are. */
  readonly #cells: Float64Array
  readonly #at: number
  deleted: boolean
  /** Appends are refused; those that came before may be under way. */
  closing: boolean
  dataKey: number
  keyWait: KeyWait | undefined = undefined
  /** The last of `segments`, once it was written to by this process. */
  #written: Segment | undefined
  /** The rows of a segment that is written to, and its place in them. */
  #table: RowTable | undefined
  #place = 0
  #arrivals: Arrivals | undefined

  readonly id: string
  retentionMs: number
  /** From this offset on everything is sealed: what is not was put there by somebody else. */
  sealedFrom: number
  /** The last change of its key that is under way, or was. */
  changing: Promise<void> = unchanged
  /** What is before it is gone durably. */
  keptStart: number
  /** What is given again was given up to here: after a crash a failed write may turn out to be there. */
  #givenTo = 0
  /** All appends are settled, and `end` stays. */
  closed: boolean
  /** The time of the block at `start`, as far as known: nothing expires before the horizon passes it. */
  startMs = Number.NEGATIVE_INFINITY
  /** Those that hold blocks of it, oldest first. */
  segments: Segment[] = []

  constructor({ cells, at }: PositionsRow, id: string, number: number, meta: LogMeta) {
    this.#cells = cells
    this.#at = at
    this.id = id
    this.number = number
    this.retentionMs = meta.retentionMs
    this.dataKey = meta.dataKey ?? noDataKey
    this.sealedFrom = meta.sealedFrom ?? Number.POSITIVE_INFINITY
    this.start = meta.start
    this.keptStart = meta.start
    this.end = meta.end
    this.nextOffset = meta.end
    this.lastTimestampMs = meta.lastTimestampMs
    this.closing = meta.closed
    this.closed = meta.closed
    this.deleted = false
  }

  /** Stands for a log that is not there. */
  static gone(id: string): HeldLog {
    const meta = { retentionMs: 0, start: 0, end: 0, lastTimestampMs: 0, closed: true }
    const log = new HeldLog({ cells: new Float64Array(positionsWidth), at: 0 }, id, 0, meta)
    log.deleted = true
    return log
  }

  /** The writer's: the offset of the next entry, behind those that are not acknowledged yet. */
  get nextOffset(): number {
    return this.#cells[this.#at + nextOffsetAt]!
  }

  set nextOffset(offset: number) {
    this.#cells[this.#at + nextOffsetAt] = offset
  }

  /** The offset after the last acknowledged entry. */
  get end(): number {
    return this.#cells[this.#at + endAt]!
  }

  set end(offset: number) {
    this.#cells[this.#at + endAt] = offset
  }

  get lastTimestampMs(): number {
    return this.#cells[this.#at + lastTimestampAt]!
  }

  set lastTimestampMs(timestampMs: number) {
    this.#cells[this.#at + lastTimestampAt] = timestampMs
  }

  get start(): number {
    return this.#cells[this.#at + startAt]!
  }

  set start(offset: number) {
    this.#cells[this.#at + startAt] = offset
  }

  /** Those who wait for entries. */
  get arrivals(): Arrivals {
    this.#arrivals ??= new Arrivals()
    return this.#arrivals
  }

  /** Entries came, or none can come any more. */
  wake(): void {
    this.#arrivals?.wake()
  }

  /** Its place in the rows of a segment. */
  placeIn(table: RowTable): number {
    if (this.#table !== table) {
      this.#table = table
      this.#place = table.placeOf(this.number)
    }
    return this.#place
  }

  /** What a segment holds of it up to an offset is durable. */
  show(segment: Segment, endOffset: number, timestampMs: number): void {
    if (this.#written !== segment) {
      this.#written = segment
      this.segments.push(segment)
    }
    if (this.start === this.end) this.startMs = timestampMs
    this.end = endOffset
  }

  /** Where the next entry goes after a start. */
  endsAt(offset: number): void {
    this.end = Math.max(this.end, offset)
    this.nextOffset = this.end
  }

  /** After a failed write: what was given and not acknowledged is given again. */
  takeBack(): void {
    this.#givenTo = Math.max(this.#givenTo, this.nextOffset)
    this.nextOffset = this.end
  }

  /** The offset behind all that may have been written by now. */
  get writtenTo(): number {
    return Math.max(this.#givenTo, this.nextOffset)
  }

  meta(): { readonly [name: string]: Json } {
    const { number, retentionMs, start, end, lastTimestampMs, closed, dataKey, sealedFrom } = this
    const meta = { number, retentionMs, start, end, lastTimestampMs, closed }
    if (dataKey === noDataKey) return meta
    return { ...meta, dataKey, ...(sealedFrom < Number.POSITIVE_INFINITY && { sealedFrom }) }
  }
}
