import { findAll, noDataKey } from '../data-key.ts'
import { type EntryBlock, entryCount, LogNotFound, type ReadLimits } from '../log.ts'
import type { RetentionTime } from '../retention-time.ts'
import { takeWithin } from '../take-within.ts'
import type { HeldLog } from './held-log.ts'
import type { RecentEntries } from './recent-blocks.ts'
import type { SealedReading } from './sealed-reading.ts'
import { readSegment } from './segment-reader.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

/** Reads logs: what is in memory from there, the rest from the segments. */
export class LogReader {
  readonly #store: SegmentStore
  readonly #time: RetentionTime
  readonly #reading: SealedReading

  constructor(store: SegmentStore, time: RetentionTime, reading: SealedReading) {
    this.#store = store
    this.#time = time
    this.#reading = reading
  }

  /**
   * Entries from an offset on, as RecordLog.read gives them, without waiting.
   * @throws LogNotFound, StorageFailed, what DataKeys do
   */
  async entries(log: HeldLog, from: number, limits: ReadLimits): Promise<EntryBlock[]> {
    if (from >= log.end) return []
    const recent = recentBlocks(log, from, limits)
    if (recent) {
      const keys = keysOf(recent)
      if (keys) await findAll(this.#reading.keys, keys)
      return takeWithin(recent, from, limits)
    }
    try {
      const entriesMax = Math.min(limits.entriesMax, log.end - from)
      const stored = await this.#stored(log, from, limits)
      return takeWithin(stored, from, { ...limits, entriesMax })
    } catch (error) {
      if (log.deleted) throw new LogNotFound(log.id)
      if (from >= log.start) throw error
      return this.entries(log, log.start, limits) // it expired, and its segment went, while it was read
    }
  }

  /** The first block at or after a time; undefined if there is none. @throws StorageFailed */
  async blockAtOrAfter(
    log: HeldLog,
    timestampMs: number,
  ): Promise<{ firstOffset: number; timestampMs: number } | undefined> {
    const segment = log.segments[firstIndex(log.segments, (s) => this.#store.lastMs(s, log.number) >= timestampMs)]
    if (!segment) return undefined
    return this.#store.withSegment(segment, async (current) => {
      const table = this.#store.rowsOf(current, log.number)
      const row = (await table?.rowAtOrAfter(timestampMs)) ?? 0
      if (!table || row >= table.count) return undefined
      const { rows, first } = await table.runAt(row)
      return { firstOffset: rows.firstOffset(row - first), timestampMs: rows.timestampMs(row - first) }
    })
  }

  /** What the runs take that hold an entry from the start on. @throws StorageFailed */
  async sizeBytes(log: HeldLog): Promise<number> {
    const { segments, start } = log
    let bytes = 0
    let next = start // never back, as in #stored
    for (const segment of segments) {
      const end = this.#store.endOffset(segment, log.number)
      if (end <= next) continue
      const isWhole = next > start || start === 0
      const known = isWhole ? this.#store.bytesOf(segment, log.number) : undefined
      bytes +=
        known ?? (await this.#store.withSegment(segment, (current) => this.#bytesFrom(current, log.number, next)))
      next = end
    }
    return bytes
  }

  /** What the runs of a log take in a segment that end after an offset. */
  async #bytesFrom(segment: Segment, logNumber: number, offset: number): Promise<number> {
    const table = this.#store.rowsOf(segment, logNumber)
    if (!table) return 0
    let bytes = 0
    for (let row = await table.rowEndingAfter(offset); row < table.count; ) {
      const { rows, first } = await table.runAt(row)
      bytes += rows.slice(row - first, rows.count).totalBytes
      row = first + rows.count
    }
    return bytes
  }

  /** Moves the start past what is older than the retention. It never goes back, whatever the clock does. */
  async expire(log: HeldLog): Promise<void> {
    const horizonMs = this.#time.horizonMs(log.retentionMs)
    if (log.startMs >= horizonMs || log.start === log.end) return
    const endBefore = log.end
    const kept = await this.blockAtOrAfter(log, horizonMs)
    if (!kept && log.end !== endBefore) return // entries came meanwhile: the next call looks at them
    log.start = Math.max(log.start, Math.min(kept?.firstOffset ?? endBefore, log.end))
    log.startMs = kept?.timestampMs ?? Number.POSITIVE_INFINITY
  }

  /** Blocks from the disk, from an offset on: enough for the limits. */
  async #stored(log: HeldLog, from: number, limits: ReadLimits): Promise<EntryBlock[]> {
    const { segments } = log // a sweep puts another array in its place
    const found: EntryBlock[] = []
    let next = from // never back: a segment that was merged into a later one is met there again
    let bytesLeft = limits.bytesMax
    let entriesLeft = limits.entriesMax
    for (let i = firstIndex(segments, (s) => this.#store.endOffset(s, log.number) > from); i < segments.length; i++) {
      const left = { bytesMax: bytesLeft, entriesMax: entriesLeft }
      for (const block of await readSegment(this.#store, this.#reading, segments[i]!, log, next, left)) {
        found.push(block)
        const skipped = Math.max(0, next - block.firstOffset)
        bytesLeft -= block.positions.at(-1)! - block.positions[skipped]!
        entriesLeft -= entryCount(block) - skipped
        next = block.firstOffset + entryCount(block)
      }
      if (found.length > 0 && (bytesLeft <= 0 || entriesLeft <= 0)) break
    }
    return found
  }
}

/** What is in memory from an offset on, enough for the limits; undefined if the first of it is not. */
function recentBlocks(log: HeldLog, from: number, limits: ReadLimits): RecentEntries[] | undefined {
  const { rows: table, recent } = log.segments.at(-1) ?? {}
  const rows = recent && table?.rowsOf(log.number)
  if (!rows) return undefined
  const found: RecentEntries[] = []
  let bytesLeft = limits.bytesMax
  for (let row = rows.rowEndingAfter(from); row < rows.count; row++) {
    const firstOffset = rows.firstOffset(row)
    const block = recent.entries(rows.position(row), log.number, firstOffset)
    if (!block || (found.length === 0 && firstOffset > from)) return undefined
    found.push(block)
    bytesLeft -= block.positions.at(-1)! - block.positions[Math.max(0, from - firstOffset)]!
    if (bytesLeft <= 0 || rows.endOffset(row) - from >= limits.entriesMax) break
  }
  return found
}

/** The keys that seal blocks on the disk: who reads them from memory must have them, too. Undefined if none is sealed. */
function keysOf(blocks: readonly RecentEntries[]): Set<number> | undefined {
  let keys: Set<number> | undefined
  for (const { dataKey } of blocks) if (dataKey !== noDataKey) keys = (keys ?? new Set()).add(dataKey)
  return keys
}

/** The index of the first item for which `holds`, which holds for all after it, too; `length` if none. */
function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
