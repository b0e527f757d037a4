import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/ports.ts'
import {
  type Appended,
  type Batch,
  type Bounds,
  type EntryBlock,
  entryCount,
  type LogBatch,
  LogNotFound,
  type LogOptions,
  type ReadLimits,
  type RecordLog,
  StorageFailed,
} from '../log.ts'
import { takeWithin } from '../take-within.ts'
import { DataFolderError } from './data-folder.ts'
import { DurableMap } from './durable-map.ts'
import type { FileSystem } from './file-system.ts'
import { HeldLog, type LogMeta } from './held-log.ts'
import { recoverSegments } from './recovery.ts'
import { type Segment, SegmentStore } from './segment-store.ts'
import { type Durability, Outcomes, refusal, SegmentWriter } from './segment-writer.ts'
import { sparingFileSystem } from './sparing-file-system.ts'
import { sweepSegments } from './sweep.ts'

/**
 * Keys of the map, beside those of logs below `log:`. The segments that were deleted though the next one is still there;
 * and the last one in which something was acknowledged: no other names it, so that nobody else would miss it.
 */
export const removedKey = 'removed'
export const newestKey = 'newest'
export const keyOf = (logId: string) => `log:${logId}`

export type EmbeddedLogOptions = {
  readonly directory: string
  readonly durability: Durability
  readonly clock: Clock
  readonly logger: Logger
  readonly fileSystem: FileSystem
  readonly segmentBytesMax: number
}

/** All logs of a data folder: their metadata in one map, their blocks in one row of segments. */
export class EmbeddedLog implements RecordLog {
  readonly #clock: Clock
  readonly #map: DurableMap
  readonly #store: SegmentStore
  readonly #writer: SegmentWriter
  readonly #logs = new Map<string, HeldLog>()
  readonly #making = new Map<string, Promise<void>>()
  readonly #deleting = new Map<string, Promise<void>>()
  #ended = false
  #sweeping: Promise<number> | undefined

  private constructor(clock: Clock, map: DurableMap, store: SegmentStore, writer: SegmentWriter) {
    this.#clock = clock
    this.#map = map
    this.#store = store
    this.#writer = writer
  }

  /** @throws DataFolderError if the map is damaged or a file is not ours */
  static async open(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    const { directory, fileSystem } = options
    await checkMapIsThere(directory, fileSystem)
    const map = await DurableMap.open(fileSystem, directory, 'logs.map')
    try {
      return await EmbeddedLog.#recover(options, map)
    } catch (error) {
      await map.close()
      throw error
    }
  }

  static async #recover(options: EmbeddedLogOptions, map: DurableMap): Promise<EmbeddedLog> {
    const { directory, clock, logger, segmentBytesMax } = options
    const fileSystem: FileSystem = sparingFileSystem(options.fileSystem, () => store.closeIdle())
    const removed = new Set((map.values.get(removedKey)?.value ?? []) as number[])
    const newest = (map.values.get(newestKey)?.value ?? 0) as number
    const store = new SegmentStore(fileSystem, directory, logger)
    const found = await recoverSegments(fileSystem, directory, store, logger, { removed, newest }, segmentBytesMax)
    // Only to tell that a segment is missing: nobody waits for it, and a change of the map that fails tells itself.
    const began = (segment: number) => void map.change(newestKey, segment).catch(() => {})
    const parts = { ...options, fileSystem, store, began }
    const writer = new SegmentWriter(parts, found.previous, found.previousValid, found.nextNumber)
    const log = new EmbeddedLog(clock, map, store, writer)
    log.#attach()
    if (found.entriesLostMax > 0) await log.#passLost(found.entriesLostMax)
    if (found.missing.length > 0) await map.change(removedKey, [...removed, ...found.missing])
    return log
  }

  async create(logId: string, { retentionMs }: LogOptions): Promise<void> {
    await this.#deleting.get(logId)?.catch(() => {})
    if (this.#logs.has(logId)) return
    const making = this.#making.get(logId) ?? this.#make(logId, retentionMs)
    this.#making.set(logId, making)
    try {
      await making
    } finally {
      this.#making.delete(logId)
    }
  }

  async delete(logId: string): Promise<void> {
    const deleting = this.#deleting.get(logId) ?? this.#unmake(logId)
    this.#deleting.set(logId, deleting)
    try {
      await deleting
    } finally {
      this.#deleting.delete(logId)
    }
  }

  async configure(logId: string, { retentionMs }: LogOptions): Promise<void> {
    const log = this.#get(logId)
    await this.#expire(log)
    log.retentionMs = retentionMs
    await this.#expire(log)
    await this.#keep(log)
  }

  append(logId: string, batch: Batch): Promise<Appended> {
    const log = this.#writable(logId)
    return log instanceof Error ? Promise.reject(log) : this.#writer.append(log, batch)
  }

  appendAll(batches: readonly LogBatch[]): Promise<readonly (Appended | Error)[]> {
    return new Promise((resolve) => {
      if (batches.length === 0) resolve([])
      const outcomes = new Outcomes(batches.length, resolve)
      for (const [i, { logId, batch }] of batches.entries()) {
        const log = this.#writable(logId)
        if (log instanceof Error) outcomes.set(i, log)
        else this.#writer.appendOne(log, batch, outcomes, i)
      }
    })
  }

  async close(logId: string): Promise<{ endOffset: number }> {
    const log = this.#get(logId)
    log.closing = true // from here on appends are refused; those asked before go through
    await this.#writer.settled(log)
    log.closed = true // not before: whatever writes the map meanwhile would keep an end that is not the last
    await this.#keep(log)
    log.arrivals.wake()
    return { endOffset: log.end }
  }

  async read(logId: string, from: number, limits: ReadLimits, signal?: AbortSignal): Promise<readonly EntryBlock[]> {
    const log = this.#get(logId)
    await this.#expire(log)
    if (limits.waitMs) {
      const untilMs = this.#clock.monotonicMs() + limits.waitMs
      for (;;) {
        const leftMs = untilMs - this.#clock.monotonicMs()
        if (Math.max(from, log.start) < log.end || log.closed || this.#ended || leftMs <= 0 || signal?.aborted) break
        await log.arrivals.wait(this.#clock, leftMs, signal)
        if (log.deleted) throw new LogNotFound(logId)
      }
      await this.#expire(log)
    }
    return this.#entries(log, Math.max(from, log.start), limits)
  }

  async offsetAt(logId: string, timestampMs: number): Promise<number> {
    const log = this.#get(logId)
    await this.#expire(log)
    const found = await this.#blockAtOrAfter(log, timestampMs)
    return found ? Math.min(Math.max(found.firstOffset, log.start), log.end) : log.end
  }

  async bounds(logId: string): Promise<Bounds> {
    const log = this.#get(logId)
    await this.#expire(log)
    return { start: log.start, end: log.end }
  }

  async trim(logId: string, before: number): Promise<void> {
    const log = this.#get(logId)
    const start = Math.min(before, log.end)
    if (start <= log.keptStart) return // not the start that is held: it may wait for the disk, or have failed there
    if (start > log.start) {
      log.start = start
      log.startMs = start === log.end ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    }
    await this.#keep(log)
  }

  /** Deletes the segments whose every block is expired, trimmed or of a deleted log. Resolves with how many. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** How many logs there are. */
  get size(): number {
    return this.#logs.size
  }

  /** Waits for what was accepted to be durable, and lets go of all files. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#sweeping?.catch(() => {})
    for (const log of this.#logs.values()) log.arrivals.wake()
    try {
      await this.#writer.close()
    } finally {
      await this.#store.close()
      await this.#map.close()
    }
  }

  /** A log that takes entries, or why it does not. */
  #writable(logId: string): HeldLog | Error {
    if (this.#ended) return new StorageFailed('the storage is closed')
    const log = this.#logs.get(logId)
    return log ? (refusal(log) ?? log) : new LogNotFound(logId)
  }

  #get(logId: string): HeldLog {
    const log = this.#logs.get(logId)
    if (!log) throw new LogNotFound(logId)
    return log
  }

  async #make(logId: string, retentionMs: number): Promise<void> {
    const meta: LogMeta = { retentionMs, start: 0, end: 0, lastTimestampMs: 0, closed: false }
    // The version is the number: it rises with each change of the map and is never given twice. The value gets it
    // with the log's next change; until then the version of the first stands for it.
    const number = await this.#map.change(keyOf(logId), meta)
    this.#logs.set(logId, new HeldLog(logId, number!, meta))
  }

  async #unmake(logId: string): Promise<void> {
    await this.#making.get(logId)?.catch(() => {})
    const log = this.#logs.get(logId)
    if (!log) return
    log.deleted = true // from here on nothing may write to the map about it
    try {
      await this.#map.change(keyOf(logId), undefined)
    } catch (error) {
      log.deleted = false
      throw error
    }
    this.#logs.delete(logId)
    log.tail = { blocks: [], first: 0 }
    log.arrivals.wake()
  }

  /** Makes what is known of a log durable. */
  async #keep(log: HeldLog): Promise<void> {
    if (log.deleted) throw new LogNotFound(log.id)
    const key = keyOf(log.id)
    const { start } = log
    await this.#map.change(key, log.meta())
    log.keptStart = Math.max(log.keptStart, start)
  }

  /** Makes the logs of the map, and tells them which segments hold blocks of theirs. */
  #attach(): void {
    const byNumber = new Map<number, HeldLog>()
    for (const { key, value, version } of this.#map.values.values()) {
      if (!key.startsWith(keyOf(''))) continue
      const meta = value as unknown as LogMeta & { number?: number }
      const log = new HeldLog(key.slice(keyOf('').length), meta.number ?? version, meta)
      this.#logs.set(log.id, log)
      byNumber.set(log.number, log)
    }
    for (const segment of inOrder(this.#store)) {
      const directory = segment.directory!
      for (let i = 0; i < directory.count; i++) {
        const log = byNumber.get(directory.logNumber(i))
        if (!log) continue
        log.segments.push(segment)
        // A closed log has its last word: what failed before it was closed may have come to the disk all the same.
        if (!log.closed) log.end = Math.max(log.end, directory.endOffset(i))
        log.lastTimestampMs = Math.max(log.lastTimestampMs, directory.lastMs(i))
      }
    }
  }

  /** After damage the lost blocks may have held the last offsets of any log: none of them may be given again. */
  async #passLost(entriesLostMax: number): Promise<void> {
    await Promise.all(
      [...this.#logs.values()].map((log) => {
        if (!log.closed) log.end += entriesLostMax
        return this.#keep(log)
      }),
    )
  }

  async #entries(log: HeldLog, from: number, limits: ReadLimits): Promise<EntryBlock[]> {
    if (from >= log.end) return []
    const { blocks, first } = log.tail
    const cached = blocks[first]
    if (cached && cached.firstOffset <= from) return takeWithin(blocks, from, limits)
    try {
      const entriesMax = Math.min(limits.entriesMax, log.end - from)
      const stored = await this.#stored(log, from, limits, cached?.firstOffset ?? log.end)
      return takeWithin(stored, from, { ...limits, entriesMax })
    } catch (error) {
      if (log.deleted) throw new LogNotFound(log.id)
      if (from >= log.start) throw error
      return this.#entries(log, log.start, limits) // it expired, and its segment went, while it was read
    }
  }

  /** Blocks from the disk, from an offset on: enough for the limits, or up to what is in memory. */
  async #stored(log: HeldLog, from: number, limits: ReadLimits, until: number): Promise<EntryBlock[]> {
    const { segments } = log // a sweep puts another array in its place
    let found: EntryBlock[] = []
    let bytesLeft = limits.bytesMax
    let entriesLeft = limits.entriesMax
    for (let i = this.#segmentWith(log, from); i < segments.length && entriesLeft > 0; i++) {
      const read = await this.#store.read(segments[i]!, log.number, from, {
        bytesMax: bytesLeft,
        entriesMax: entriesLeft,
      })
      for (const block of read) {
        bytesLeft -= block.bytes.byteLength
        entriesLeft -= entryCount(block)
      }
      found = found.length === 0 ? read : found.concat(read)
      const last = found.at(-1)
      if (last && (bytesLeft <= 0 || last.firstOffset + entryCount(last) >= until)) break
    }
    return found
  }

  /** The first of a log's segments that reaches beyond an offset. */
  #segmentWith(log: HeldLog, offset: number): number {
    let low = 0
    let high = log.segments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#store.endOffset(log.segments[middle]!, log.number) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  async #blockAtOrAfter(log: HeldLog, timestampMs: number) {
    let low = 0
    let high = log.segments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#store.lastMs(log.segments[middle]!, log.number) < timestampMs) low = middle + 1
      else high = middle
    }
    const segment = log.segments[low]
    const rows = segment && (await this.#store.rowsOf(segment, log.number))
    if (!rows) return undefined
    const row = rows.rowAtOrAfter(timestampMs)
    return { firstOffset: rows.firstOffset(row), timestampMs: rows.timestampMs(row) }
  }

  /** Moves the start past what is older than the retention. It never goes back, whatever the clock does. */
  async #expire(log: HeldLog): Promise<void> {
    const horizonMs = this.#clock.nowMs() - log.retentionMs
    if (log.startMs >= horizonMs || log.start === log.end) return
    const endBefore = log.end
    const kept = await this.#blockAtOrAfter(log, horizonMs)
    if (!kept && log.end !== endBefore) return // entries came meanwhile: the next call looks at them
    log.start = Math.max(log.start, Math.min(kept?.firstOffset ?? endBefore, log.end))
    log.startMs = kept?.timestampMs ?? Number.POSITIVE_INFINITY
  }

  async #sweepOnce(): Promise<number> {
    const logs = [...this.#logs.values()]
    for (const log of logs) if (!log.deleted) await this.#expire(log)
    return sweepSegments(this.#store, logs, this.#writer.previous, {
      keep: (log) => this.#keep(log),
      removed: () => (this.#map.values.get(removedKey)?.value ?? []) as number[],
      setRemoved: (numbers) => this.#map.change(removedKey, numbers),
      newest: () => (this.#map.values.get(newestKey)?.value ?? 0) as number,
    })
  }
}

/** Without the map nobody knows whose the blocks are. @throws DataFolderError */
async function checkMapIsThere(directory: string, fileSystem: FileSystem): Promise<void> {
  const names = await fileSystem.list(directory)
  if (names.some((name) => name.endsWith('.segment')) && !names.includes('logs.map'))
    throw new DataFolderError(`${directory}/logs.map is missing: restore it from a copy of the folder`)
}

function inOrder(store: SegmentStore): Segment[] {
  return [...store.segments.values()].sort((a, b) => a.number - b.number)
}
