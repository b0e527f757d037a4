import {
  type Appended,
  type Batch,
  type EntryBlock,
  entryCount,
  LogNotFound,
  type RecordLog,
} from '../packages/server/src/storage/log.ts'
import type { ClockReading } from './simulated-clock.ts'

/** The storage broke a promise. */
export class Violation extends Error {}

export function holds(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message())
}

/** What was asked and not yet answered, or answered with a failure, may have happened or not. */
type Certainty = 'no' | 'maybe' | 'yes'

export type ExpectedBatch = {
  readonly id: number
  readonly batch: Batch
  /** Where the log ended when it was asked. */
  readonly endBefore: number
  /** It was acknowledged, or was served once after a crash: it may not be lost any more. */
  readonly isKept: boolean
  /** -1 while it is not kept. */
  readonly firstOffset: number
  readonly timestampMs: number
  /** By the monotonic clock. */
  readonly keptAtMs: number
}

export type Floor = { readonly trimmedTo: number; readonly expiredToMs: number; readonly monotonicMs: number }

const endOf = ({ firstOffset, batch }: ExpectedBatch) => firstOffset + entryCount(batch)

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }

/** What a log must hold, by what it was asked and what it answered. */
export class ExpectedLog {
  readonly id: string
  made: Certainty = 'maybe'
  deleted: Certainty = 'no'
  closed: Certainty = 'no'
  /** What close answered. */
  endOffset: number | undefined
  /** The retention that was acknowledged last, and those that were asked since. */
  retentionsMs: number[]
  /** Nothing before this offset may be served. */
  trimmedTo = 0
  /** Nothing from this offset on may be gone by a trim. */
  trimAskedTo = 0
  /** Nothing that storage gave this time or a later one may be gone by age, unless it came before `ageHorizonMs`. */
  horizonMs = Number.NEGATIVE_INFINITY
  /** The same by the monotonic clock, for what came in the life of this process. */
  ageHorizonMs = Number.NEGATIVE_INFINITY
  /** Every offset before it was given, or may have been. */
  end = 0
  lastMs = 0
  /** In the order in which they were asked, which is the order in which they must be served. */
  batches: ExpectedBatch[] = []

  constructor(id: string, retentionMs: number) {
    this.id = id
    this.retentionsMs = [retentionMs]
  }

  copy(): ExpectedLog {
    const copy = Object.assign(new ExpectedLog(this.id, 0), this)
    copy.retentionsMs = [...this.retentionsMs]
    copy.batches = [...this.batches]
    return copy
  }

  get isOpen(): boolean {
    return this.made === 'yes' && this.deleted === 'no' && this.closed !== 'yes'
  }

  /** Time passes for it: what is older than its retention may go, and need not come back. */
  pass({ unsetMs, monotonicMs }: ClockReading): void {
    const retentionMs = Math.min(...this.retentionsMs)
    this.horizonMs = Math.max(this.horizonMs, unsetMs - retentionMs)
    this.ageHorizonMs = Math.max(this.ageHorizonMs, monotonicMs - retentionMs)
  }

  /** Whether a batch must still be there, if it was not trimmed. */
  isYoung({ timestampMs, keptAtMs }: ExpectedBatch): boolean {
    return timestampMs >= this.horizonMs && keptAtMs > this.ageHorizonMs
  }

  ask(id: number, batch: Batch): void {
    this.batches.push({ id, batch, endBefore: this.end, isKept: false, firstOffset: -1, timestampMs: 0, keptAtMs: 0 })
  }

  /** It was refused, so that it must never be served. */
  withdraw(id: number): void {
    this.batches = this.batches.filter((asked) => asked.id !== id)
  }

  acknowledge(id: number, { firstOffset, timestampMs }: Appended, { monotonicMs }: ClockReading): void {
    const place = this.batches.findIndex((asked) => asked.id === id)
    const asked = this.batches[place]!
    if (asked.isKept) {
      // A reader saw it before its writer heard of it.
      holds(
        asked.firstOffset === firstOffset && asked.timestampMs === timestampMs,
        () => `${this.id}: batch ${id} was served at ${asked.firstOffset} and acknowledged at ${firstOffset}`,
      )
      return
    }
    const endOffset = firstOffset + entryCount(asked.batch)
    // One that came later may have been answered before: it did not wait for another log's key.
    const before = this.batches.findLast(({ isKept }, i) => isKept && i < place)
    const after = this.batches.find(({ isKept }, i) => isKept && i > place)
    const from = Math.max(asked.endBefore, before ? endOf(before) : 0)
    const to = Math.min(this.endOffset ?? endOffset, after?.firstOffset ?? endOffset)
    holds(firstOffset >= from, () => `${this.id}: offset ${firstOffset} is given again, the log had ${from}`)
    holds(endOffset <= to, () => `${this.id}: batch ${id} goes to ${endOffset}, beyond ${to}`)
    const [fromMs, toMs] = [before?.timestampMs ?? 0, after?.timestampMs ?? Number.POSITIVE_INFINITY]
    holds(
      timestampMs >= fromMs && timestampMs <= toMs,
      () => `${this.id}: ${timestampMs} between ${fromMs} and ${toMs}`,
    )
    this.#keep(place, firstOffset, timestampMs, monotonicMs)
  }

  #keep(place: number, firstOffset: number, timestampMs: number, keptAtMs: number): void {
    const kept = { ...this.batches[place]!, isKept: true, firstOffset, timestampMs, keptAtMs }
    this.batches[place] = kept
    this.end = Math.max(this.end, endOf(kept))
    this.lastMs = Math.max(this.lastMs, timestampMs)
  }

  /** Before which offset and time nothing may be served, to a reader that asks now. A clock that was set may be late. */
  floor({ nowMs, monotonicMs, wasSet }: ClockReading): Floor {
    const expiredToMs = wasSet ? Number.NEGATIVE_INFINITY : nowMs - Math.max(...this.retentionsMs)
    return { trimmedTo: this.trimmedTo, expiredToMs, monotonicMs }
  }

  /** Checks what was read from an offset on, all or a part of it, and takes what was served as kept. */
  checkServed(blocks: readonly EntryBlock[], from: number, floor: Floor): void {
    let place = -1
    let next: number | undefined
    for (const block of blocks) {
      const { firstOffset, timestampMs } = block
      holds(next === undefined || firstOffset === next, () => `${this.id}: ${firstOffset} follows on ${next}`)
      next = firstOffset + entryCount(block)
      const before = place
      place = this.#placeOf(block, before)
      const asked = this.batches[place]
      holds(
        asked !== undefined,
        () => `${this.id}: an entry that was never put, or refused, is served at ${firstOffset}`,
      )
      holds(place > before, () => `${this.id}: batch ${asked.id} is served twice, or out of order, at ${firstOffset}`)
      const skipped = asked.isKept ? firstOffset - asked.firstOffset : 0
      holds(isPart(block, asked.batch, skipped), () => `${this.id}: batch ${asked.id} is served torn or changed`)
      holds(!asked.isKept || timestampMs === asked.timestampMs, () => `${this.id}: batch ${asked.id} has another time`)
      holds(timestampMs >= floor.expiredToMs, () => `${this.id}: batch ${asked.id} is past its retention and served`)
      if (asked.isKept) continue
      const previous = this.batches.findLast(({ isKept }, i) => isKept && i < place)
      holds(firstOffset >= (previous ? endOf(previous) : 0), () => `${this.id}: offset ${firstOffset} is served twice`)
      this.#keep(place, firstOffset, timestampMs, floor.monotonicMs)
    }
    if (blocks.length === 0) return
    holds(blocks[0]!.firstOffset >= floor.trimmedTo, () => `${this.id}: what was trimmed is served`)
    holds(next! > from, () => `${this.id}: entries before ${from} are served to who reads from there`)
  }

  /** Where the batch stands that a block is, or is the end of: behind the one before it; else wherever it is, or -1. */
  #placeOf(block: EntryBlock, before: number): number {
    const { firstOffset, bytes, positions } = block
    const first = bytes.subarray(positions[0], positions[1])
    const id = first.byteLength < idLength ? -1 : new DataView(first.buffer, first.byteOffset).getUint32(0, true)
    const isIt = (asked: ExpectedBatch) =>
      asked.isKept ? asked.firstOffset <= firstOffset && firstOffset < endOf(asked) : asked.id === id
    for (let place = before + 1; place < this.batches.length; place++) if (isIt(this.batches[place]!)) return place
    return this.batches.findIndex(isIt)
  }

  /**
   * Checks all that a storage says of the log, and goes on from what it said: what was uncertain is known now.
   * Resolves with false if the log is not there, and need not be.
   */
  async check(log: RecordLog, reading: ClockReading): Promise<boolean> {
    this.pass(reading)
    const found = await log.bounds(this.id).catch(absent)
    if (!found) {
      holds(this.made !== 'yes' || this.deleted !== 'no', () => `${this.id}: the log is gone`)
      return false
    }
    this.made = 'yes'
    this.deleted = 'no'
    const { start, end } = found
    const blocks = await log.read(this.id, 0, everything)
    this.checkServed(blocks, 0, this.floor(reading))
    const last = blocks.at(-1)
    const servedFrom = blocks[0]?.firstOffset ?? end
    const servedTo = last ? last.firstOffset + entryCount(last) : start
    holds(
      servedFrom === start && servedTo === end,
      () => `${this.id}: has bounds ${start} to ${end}, and serves ${servedFrom} to ${servedTo}`,
    )
    this.checkNothingLost(start)
    holds(end >= this.end, () => `${this.id}: ends at ${end}, and had given offsets up to ${this.end}`)
    holds(start >= this.trimmedTo, () => `${this.id}: begins at ${start}, and was trimmed to ${this.trimmedTo}`)
    holds(this.endOffset === undefined || end === this.endOffset, () => `${this.id}: ends at ${end} after its close`)
    this.end = end
    return true
  }

  /** Nothing that was acknowledged lies before the start, unless it was trimmed or has expired. */
  checkNothingLost(start: number): void {
    for (const kept of this.batches) {
      if (!kept.isKept || kept.firstOffset >= start || !this.isYoung(kept)) continue
      const gone = Math.min(endOf(kept), start)
      holds(
        gone <= this.trimAskedTo,
        () => `${this.id}: batch ${kept.id}, acknowledged at ${kept.firstOffset}, is lost`,
      )
    }
  }

  /** After a crash: what was asked before it and is not there now never comes. */
  forgetAsked(): void {
    this.batches = this.batches.filter(({ isKept }) => isKept)
  }
}

/** A batch begins with its id. */
export const idLength = 4

function isPart(block: EntryBlock, batch: Batch, skipped: number): boolean {
  const count = entryCount(block)
  if (skipped < 0 || skipped + count > entryCount(batch)) return false
  const servedAt = block.positions[0]!
  const askedAt = batch.positions[skipped]!
  for (let i = 1; i <= count; i++)
    if (block.positions[i]! - servedAt !== batch.positions[skipped + i]! - askedAt) return false
  const served = block.bytes.subarray(servedAt, block.positions[count])
  return Buffer.compare(served, batch.bytes.subarray(askedAt, batch.positions[skipped + count])) === 0
}

export function absent(error: unknown): undefined {
  if (!(error instanceof LogNotFound)) throw error
}
