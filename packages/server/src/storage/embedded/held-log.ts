import { Arrivals } from '../arrivals.ts'
import type { Json } from '../catalog.ts'
import { noDataKey } from '../data-key.ts'
import type { KeyedLog, KeyWait } from '../key-waits.ts'
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
  readonly id: string
  readonly number: number
  retentionMs: number
  dataKey: number
  /** From this offset on everything is sealed: what is not was put there by somebody else. */
  sealedFrom: number
  /** The last change of its key that is under way, or was. */
  changing: Promise<void> = unchanged
  keyWait: KeyWait | undefined = undefined
  start: number
  /** What is before it is gone durably. */
  keptStart: number
  /** The offset after the last acknowledged entry. */
  end: number
  /** The writer's: the offset of the next entry, behind those that are not acknowledged yet. */
  nextOffset: number
  /** What is given again was given up to here: after a crash a failed write may turn out to be there. */
  #givenTo = 0
  lastTimestampMs: number
  /** Appends are refused; those that came before may be under way. */
  closing: boolean
  /** All appends are settled, and `end` stays. */
  closed: boolean
  deleted: boolean
  /** The time of the block at `start`, as far as known: nothing expires before the horizon passes it. */
  startMs = Number.NEGATIVE_INFINITY
  /** Those that hold blocks of it, oldest first. */
  segments: Segment[] = []
  /** The last of them, once it was written to by this process. */
  #written: Segment | undefined
  /** The rows of a segment that is written to, and its place in them. */
  #table: RowTable | undefined
  #place = 0
  #arrivals: Arrivals | undefined

  constructor(id: string, number: number, meta: LogMeta) {
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
    const log = new HeldLog(id, 0, { retentionMs: 0, start: 0, end: 0, lastTimestampMs: 0, closed: true })
    log.deleted = true
    return log
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
