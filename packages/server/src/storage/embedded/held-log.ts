import { Arrivals } from '../arrivals.ts'
import type { Json } from '../catalog.ts'
import type { Segment } from './segment-store.ts'
import type { Tail } from './tail-cache.ts'

/** What the map of logs keeps of one, durably. */
export type LogMeta = {
  readonly retentionMs: number
  /** What is before it is gone, whatever the clock says. */
  readonly start: number
  /** The end is here or later: for when the segments that show it are gone. */
  readonly end: number
  readonly lastTimestampMs: number
  readonly closed: boolean
}

/** A log as the process holds it. Its number, from the map's version, is what blocks are marked with. */
export class HeldLog {
  readonly id: string
  readonly number: number
  retentionMs: number
  start: number
  /** What is before it is gone durably. */
  keptStart: number
  /** The offset after the last acknowledged entry. */
  end: number
  lastTimestampMs: number
  /** The writer's: the offset of the next entry in the commit that it is making, and which commit that is. */
  nextOffset = 0
  commit = 0
  /** Appends are refused; those that came before may be under way. */
  closing: boolean
  /** All appends are settled, and `end` stays. */
  closed: boolean
  deleted: boolean
  /** The time of the block at `start`, as far as known: nothing expires before the horizon passes it. */
  startMs = Number.NEGATIVE_INFINITY
  /** Those that hold blocks of it, oldest first. */
  segments: Segment[] = []
  tail: Tail = { blocks: [], first: 0 }
  readonly arrivals = new Arrivals()

  constructor(id: string, number: number, meta: LogMeta) {
    this.id = id
    this.number = number
    this.retentionMs = meta.retentionMs
    this.start = meta.start
    this.keptStart = meta.start
    this.end = meta.end
    this.lastTimestampMs = meta.lastTimestampMs
    this.closing = meta.closed
    this.closed = meta.closed
    this.deleted = false
  }

  meta(): Json {
    const { number, retentionMs, start, end, lastTimestampMs, closed } = this
    return { number, retentionMs, start, end, lastTimestampMs, closed }
  }
}
