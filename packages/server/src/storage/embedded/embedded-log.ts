import { anySignal, type Clock, type Logger, type Random } from '@millrace/ports'
import { type DataKeys, noDataKey } from '../data-key.ts'
import { type KeyedRuns, KeyWaits } from '../key-waits.ts'
import {
  type Appended,
  type Batch,
  type Bounds,
  type EntryBlock,
  entryCount,
  LogNotFound,
  type LogOptions,
  type LogRef,
  type ReadLimits,
  type RecordLog,
  RunOutcomes,
  type Runs,
  StorageFailed,
} from '../log.ts'
import { RetentionTime } from '../retention-time.ts'
import type { Durability } from './active-segment.ts'
import type { Pace } from './compaction.ts'
import { runsToCompact } from './compaction-plan.ts'
import { DurableMap } from './durable-map.ts'
import type { FileSystem } from './file-system.ts'
import { HeldLog, type LogMeta } from './held-log.ts'
import { sealBy } from './key-change.ts'
import { LogPositions } from './log-positions.ts'
import { LogReader } from './log-reader.ts'
import { checkMapIsThere, recoverSegments } from './recovery.ts'
import { SealedReading } from './sealed-reading.ts'
import { SegmentStore } from './segment-store.ts'
import { refusal, SegmentWriter } from './segment-writer.ts'
import { sparingFileSystem } from './sparing-file-system.ts'
import { compactRuns, isMostlyDead, keepStarts, removeEmpty } from './sweep.ts'

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
  readonly dataKeys: DataKeys
  readonly random: Random
  /** Called before a first log is sealed: resolves once the folder says durably that older versions may not open it. */
  readonly willSeal: () => Promise<void>
}

/** All logs of a data folder: their metadata in one map, their blocks in one row of segments. */
export class EmbeddedLog implements RecordLog {
  readonly #clock: Clock
  readonly #map: DurableMap
  readonly #store: SegmentStore
  readonly #writer: SegmentWriter
  readonly #time: RetentionTime
  readonly #reader: LogReader
  readonly #keyWaits: KeyWaits<HeldLog>
  readonly #willSeal: () => Promise<void>
  readonly #segmentBytesMax: number
  readonly #positions = new LogPositions()
  readonly #logs = new Map<string, HeldLog>()
  readonly #making = new Map<string, Promise<void>>()
  readonly #deleting = new Map<string, Promise<void>>()
  #ended = false
  #sweeping: Promise<number> | undefined
  /** Lets the sweep that runs go on at once. */
  #hurry = new AbortController()

  private constructor(
    options: EmbeddedLogOptions,
    map: DurableMap,
    store: SegmentStore,
    writer: SegmentWriter,
    time: RetentionTime,
  ) {
    this.#clock = options.clock
    this.#map = map
    this.#store = store
    this.#writer = writer
    this.#time = time
    this.#reader = new LogReader(store, time, new SealedReading(options.dataKeys))
    this.#keyWaits = new KeyWaits(options.dataKeys, (runs, outcomes) => this.#append(runs, outcomes))
    this.#willSeal = options.willSeal
    this.#segmentBytesMax = options.segmentBytesMax
  }

  /** @throws DataFolderError if the map is damaged or a file is not ours */
  static async open(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    const { directory, fileSystem, logger } = options
    await checkMapIsThere(directory, fileSystem)
    const map = await DurableMap.open(fileSystem, directory, 'logs.map', logger)
    try {
      return await EmbeddedLog.#recover(options, map)
    } catch (error) {
      await map.close()
      throw error
    }
  }

  static async #recover(options: EmbeddedLogOptions, map: DurableMap): Promise<EmbeddedLog> {
    const { directory, logger, segmentBytesMax } = options
    const fileSystem: FileSystem = sparingFileSystem(options.fileSystem, () => store.closeIdle())
    const removed = new Set((map.values.get(removedKey)?.value ?? []) as number[])
    const newest = (map.values.get(newestKey)?.value ?? 0) as number
    const store = new SegmentStore(fileSystem, directory, logger)
    const found = await recoverSegments(fileSystem, directory, store, logger, { removed, newest }, segmentBytesMax)
    // Only to tell that a segment is missing: nobody waits for it, and a change of the map that fails tells itself.
    const began = (segment: number) => void map.change(newestKey, segment).catch(() => {})
    const time = new RetentionTime(options.clock)
    const parts = { ...options, fileSystem, store, time, began }
    const writer = new SegmentWriter(parts, found.previous, found.previousValid, found.nextNumber)
    const log = new EmbeddedLog(options, map, store, writer, time)
    log.#attach()
    if (found.entriesLostMax > 0) await log.#passLost(found.entriesLostMax)
    if (found.missing.length > 0) await map.change(removedKey, [...removed, ...found.missing])
    return log
  }

  async create(logId: string, options: LogOptions): Promise<void> {
    await this.#deleting.get(logId)?.catch(() => {})
    if (this.#logs.has(logId)) return
    const making = this.#making.get(logId) ?? this.#make(logId, options)
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

  async configure(logId: string, { retentionMs, dataKey }: Partial<LogOptions>): Promise<void> {
    const log = this.#get(logId)
    if (dataKey) await this.#willSeal()
    await this.#reader.expire(log)
    log.retentionMs = retentionMs ?? log.retentionMs
    await this.#reader.expire(log)
    if (dataKey === undefined) return this.#keep(log)
    const changing = log.changing.then(() =>
      sealBy(log, dataKey, { keep: () => this.#keep(log), settled: () => this.#writer.settled() }),
    )
    log.changing = changing.catch(() => {}) // who asked for it is told
    await changing
  }

  async append(logId: string, batch: Batch): Promise<Appended> {
    const runs = { batch, logs: [this.#get(logId)], ends: Uint32Array.of(entryCount(batch)) }
    const outcomes = await this.appendRuns(runs)
    const error = outcomes.error(0)
    if (error) throw error
    return { firstOffset: outcomes.firstOffsets[0]!, timestampMs: outcomes.timestampsMs[0]! }
  }

  find(logId: string): LogRef {
    return this.#logs.get(logId) ?? HeldLog.gone(logId)
  }

  appendRuns({ batch, logs, ends }: Runs): Promise<RunOutcomes> {
    const held = logs as readonly HeldLog[] // what `find` gave
    const outcomes = new RunOutcomes(logs.length)
    let isSealed = false
    for (let run = 0; run < held.length; run++) {
      const log = held[run]!
      const error = this.#ended ? storageClosed() : refusal(log)
      if (error) outcomes.fail(run, error)
      else if (log.dataKey !== noDataKey || log.keyWait) isSealed = true
    }
    if (isSealed) return this.#keyWaits.append({ batch, logs: held, ends }, outcomes)
    return this.#writer.append({ batch, logs: held, ends }, outcomes)
  }

  /** Hands what has its keys to the writer, unless the storage has ended since it was asked. */
  #append(runs: KeyedRuns<HeldLog>, outcomes: RunOutcomes): Promise<RunOutcomes> {
    if (this.#ended) for (let run = 0; run < runs.logs.length; run++) outcomes.fail(run, storageClosed())
    return this.#ended ? Promise.resolve(outcomes) : this.#writer.append(runs, outcomes)
  }

  async close(logId: string): Promise<{ endOffset: number }> {
    const log = this.#get(logId)
    log.closing = true // from here on appends are refused; those asked before go through
    await this.#keyWaits.settled(log)
    await this.#writer.settled()
    log.closed = true // not before: whatever writes the map meanwhile would keep an end that is not the last
    await this.#keep(log)
    log.wake()
    return { endOffset: log.end }
  }

  async read(logId: string, from: number, limits: ReadLimits, signal?: AbortSignal): Promise<readonly EntryBlock[]> {
    const log = this.#get(logId)
    await this.#reader.expire(log)
    if (limits.waitMs) {
      const untilMs = this.#clock.monotonicMs() + limits.waitMs
      for (;;) {
        const leftMs = untilMs - this.#clock.monotonicMs()
        if (Math.max(from, log.start) < log.end || log.closed || this.#ended || leftMs <= 0 || signal?.aborted) break
        await log.arrivals.wait(this.#clock, leftMs, signal)
        if (log.deleted) throw new LogNotFound(logId)
      }
      await this.#reader.expire(log)
    }
    return this.#reader.entries(log, Math.max(from, log.start), limits)
  }

  async offsetAt(logId: string, timestampMs: number): Promise<number> {
    const log = this.#get(logId)
    await this.#reader.expire(log)
    const found = await this.#reader.blockAtOrAfter(log, timestampMs)
    return found ? Math.min(Math.max(found.firstOffset, log.start), log.end) : log.end
  }

  async bounds(logId: string): Promise<Bounds> {
    const log = this.#get(logId)
    await this.#reader.expire(log)
    return { start: log.start, end: log.end }
  }

  async sizeBytes(logId: string): Promise<number> {
    const log = this.#get(logId)
    await this.#reader.expire(log)
    return this.#reader.sizeBytes(log)
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

  /**
   * Gives back the room of what is expired, trimmed or of a deleted log: segments that hold nothing else are deleted,
   * those that are mostly such are compacted, reading and writing so much each millisecond. A sweep that runs already
   * comes to its end first, without waiting for its pace any more. Resolves with how many segments went in both.
   */
  sweep(bytesPerMs = Number.POSITIVE_INFINITY, signal?: AbortSignal): Promise<number> {
    this.#hurry.abort()
    const hurry = new AbortController()
    this.#hurry = hurry
    const waiting = signal ? anySignal([signal, hurry.signal]) : hurry.signal
    const wait = async (bytes: number) => {
      if (bytesPerMs < Number.POSITIVE_INFINITY) await this.#clock.sleep(bytes / bytesPerMs, waiting)
    }
    const sweeping = this.#sweepAfter(this.#sweeping, { wait, signal }).finally(() => {
      if (this.#sweeping === sweeping) this.#sweeping = undefined
    })
    this.#sweeping = sweeping
    return sweeping
  }

  /** How many logs there are. */
  get size(): number {
    return this.#logs.size
  }

  /** Waits for what was accepted to be durable, and lets go of all files. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#sweeping?.catch(() => {})
    for (const log of this.#logs.values()) log.wake()
    try {
      await this.#writer.close()
    } finally {
      await this.#store.close()
      await this.#map.close()
    }
  }

  #get(logId: string): HeldLog {
    const log = this.#logs.get(logId)
    if (!log) throw new LogNotFound(logId)
    return log
  }

  async #make(logId: string, { retentionMs, dataKey = noDataKey }: LogOptions): Promise<void> {
    if (dataKey !== noDataKey) await this.#willSeal()
    const made = { retentionMs, start: 0, end: 0, lastTimestampMs: 0, closed: false }
    const meta = dataKey === noDataKey ? made : { ...made, dataKey, sealedFrom: 0 }
    // The version is the number: it rises with each change of the map and is never given twice. The value gets it
    // with the log's next change; until then the version of the first stands for it.
    const number = await this.#map.change(keyOf(logId), meta)
    this.#logs.set(logId, new HeldLog(this.#positions.take(), logId, number!, meta))
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
    log.wake()
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
      const id = key.slice(keyOf('').length)
      const log = new HeldLog(this.#positions.take(), id, meta.number ?? version, meta)
      this.#logs.set(log.id, log)
      byNumber.set(log.number, log)
    }
    for (const segment of this.#store.inOrder()) {
      const directory = segment.directory!
      for (let i = 0; i < directory.count; i++) {
        const log = byNumber.get(directory.logNumber(i))
        if (!log) continue
        log.segments.push(segment)
        // A closed log has its last word: what failed before it was closed may have come to the disk all the same.
        if (!log.closed) log.endsAt(directory.endOffset(i))
        log.lastTimestampMs = Math.max(log.lastTimestampMs, directory.lastMs(i))
      }
    }
  }

  /** After damage the lost blocks may have held the last offsets of any log: none of them may be given again. */
  async #passLost(entriesLostMax: number): Promise<void> {
    await Promise.all(
      [...this.#logs.values()].map((log) => {
        if (!log.closed) log.endsAt(log.end + entriesLostMax)
        return this.#keep(log)
      }),
    )
  }

  async #sweepAfter(before: Promise<number> | undefined, pace: Pace): Promise<number> {
    const gone = (await before?.catch(() => 0)) ?? 0 // who asked for it is told why it failed
    return gone + (await this.#sweepOnce(pace))
  }

  async #sweepOnce(pace: Pace): Promise<number> {
    for (const log of [...this.#logs.values()]) if (!log.deleted) await this.#reader.expire(log)
    const kept = {
      keep: (log: HeldLog) => this.#keep(log),
      removed: () => (this.#map.values.get(removedKey)?.value ?? []) as number[],
      setRemoved: (numbers: readonly number[]) => this.#map.change(removedKey, numbers),
      newest: () => (this.#map.values.get(newestKey)?.value ?? 0) as number,
    }
    await keepStarts(this.#logs.values(), kept).catch(() => {}) // a full disk: what is removed next makes room
    await this.#store.writeMissingIndexes()
    if (isMostlyDead(this.#store, this.#byNumber(), this.#segmentBytesMax)) await this.#writer.roll()
    const removed = await removeEmpty(this.#store, this.#byNumber(), this.#writer.previous, kept)
    const horizonMs = (log: HeldLog) => this.#time.horizonMs(log.retentionMs)
    const runs = runsToCompact(this.#store.inOrder(), this.#byNumber(), this.#segmentBytesMax, horizonMs)
    return removed + (await compactRuns(this.#store, runs, this.#byNumber(), kept, pace))
  }

  /** The logs that there are at this moment. Blocks of any other number are of logs that are gone. */
  #byNumber(): Map<number, HeldLog> {
    return new Map([...this.#logs.values()].map((log) => [log.number, log]))
  }
}

const storageClosed = () => new StorageFailed('the storage is closed')
