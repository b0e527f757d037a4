import type { Clock } from '@millrace/ports'
import { Arrivals } from '../arrivals.ts'
import { type DataKeys, findAll, noDataKey } from '../data-key.ts'
import { type KeyedLog, type KeyedRuns, type KeyWait, KeyWaits } from '../key-waits.ts'
import {
  type Appended,
  type Batch,
  type Bounds,
  type EntryBlock,
  entryCount,
  LogClosed,
  LogNotFound,
  type LogOptions,
  type LogRef,
  type ReadLimits,
  type RecordLog,
  RunOutcomes,
  type Runs,
  slice,
} from '../log.ts'
import { RetentionTime } from '../retention-time.ts'
import { takeWithin } from '../take-within.ts'

/** With the number of the key that it would be sealed with on a disk; `noDataKey` if none. */
type HeldBlock = EntryBlock & { readonly dataKey: number }

type HeldLog = KeyedLog & {
  retentionMs: number
  dataKey: number
  /** Some block has one. */
  hadKey: boolean
  keyWait: KeyWait | undefined
  blocks: HeldBlock[]
  start: number
  end: number
  lastTimestampMs: number
  /** Appends are refused; those that came before may wait for their keys. */
  closing: boolean
  closed: boolean
  readonly arrivals: Arrivals
}

/**
 * A log that ends with the process: for tests, and for `--memory`. Nothing of it is on a disk, so that nothing is sealed;
 * but its keys are asked for as on a disk, so that who may not have a key may not have its entries here either.
 */
export class MemoryLog implements RecordLog {
  readonly #clock: Clock
  readonly #time: RetentionTime
  readonly #keys: DataKeys | undefined
  readonly #keyWaits: KeyWaits<HeldLog> | undefined
  readonly #logs = new Map<string, HeldLog>()

  /** Without `keys` nobody is asked. */
  constructor(clock: Clock, keys?: DataKeys) {
    this.#clock = clock
    this.#time = new RetentionTime(clock)
    this.#keys = keys
    this.#keyWaits = keys && new KeyWaits(keys, async (runs, outcomes) => this.#write(runs, outcomes))
  }

  async create(logId: string, { retentionMs, dataKey = noDataKey }: LogOptions): Promise<void> {
    if (this.#logs.has(logId)) return
    const empty = {
      id: logId,
      blocks: [],
      start: 0,
      end: 0,
      lastTimestampMs: 0,
      closing: false,
      closed: false,
      hadKey: false,
      keyWait: undefined,
      arrivals: new Arrivals(),
    }
    this.#logs.set(logId, { retentionMs, dataKey, ...empty })
  }

  async delete(logId: string): Promise<void> {
    const log = this.#logs.get(logId)
    this.#logs.delete(logId)
    log?.arrivals.wake()
  }

  async configure(logId: string, { retentionMs, dataKey }: Partial<LogOptions>): Promise<void> {
    const log = this.#get(logId)
    this.#expire(log)
    log.retentionMs = retentionMs ?? log.retentionMs
    log.dataKey = dataKey ?? log.dataKey
    this.#expire(log)
  }

  async append(logId: string, batch: Batch): Promise<Appended> {
    const runs = { batch, logs: [this.#get(logId)], ends: Uint32Array.of(entryCount(batch)) }
    const outcomes = await this.appendRuns(runs)
    const error = outcomes.error(0)
    if (error) throw error
    return { firstOffset: outcomes.firstOffsets[0]!, timestampMs: outcomes.timestampsMs[0]! }
  }

  find(logId: string): LogRef {
    return this.#logs.get(logId) ?? { id: logId }
  }

  async appendRuns({ batch, logs, ends }: Runs): Promise<RunOutcomes> {
    const held = logs as readonly HeldLog[] // those that are there
    const outcomes = new RunOutcomes(logs.length)
    for (const [run, log] of held.entries()) {
      if (this.#logs.get(log.id) !== log) outcomes.fail(run, new LogNotFound(log.id))
      else if (log.closing) outcomes.fail(run, new LogClosed(log.id))
    }
    const runs = { batch, logs: held, ends }
    return this.#keyWaits?.append(runs, outcomes) ?? this.#write({ ...runs, keys: [] }, outcomes)
  }

  /** Takes the runs that have their keys. */
  #write({ batch, logs, ends, keys }: KeyedRuns<HeldLog>, outcomes: RunOutcomes): RunOutcomes {
    let first = 0
    for (const [run, log] of logs.entries()) {
      const entries = slice(batch, first, ends[run]!)
      first = ends[run]!
      if (outcomes.error(run)) continue
      if (this.#logs.get(log.id) !== log) {
        outcomes.fail(run, new LogNotFound(log.id))
        continue
      }
      const { firstOffset, timestampMs } = this.#append(log, entries, keys[run]?.id ?? noDataKey)
      outcomes.firstOffsets[run] = firstOffset
      outcomes.timestampsMs[run] = timestampMs
    }
    return outcomes
  }

  #append(log: HeldLog, batch: Batch, dataKey: number): Appended {
    const timestampMs = Math.max(this.#time.nowMs(), log.lastTimestampMs)
    const firstOffset = log.end
    log.lastTimestampMs = timestampMs
    log.end += entryCount(batch)
    log.hadKey ||= dataKey !== noDataKey
    log.blocks.push({ ...batch, firstOffset, timestampMs, dataKey })
    log.arrivals.wake()
    return { firstOffset, timestampMs }
  }

  async close(logId: string): Promise<{ endOffset: number }> {
    const log = this.#get(logId)
    log.closing = true
    await this.#keyWaits?.settled(log)
    log.closed = true
    log.arrivals.wake()
    return { endOffset: log.end }
  }

  async read(logId: string, from: number, limits: ReadLimits, signal?: AbortSignal): Promise<readonly EntryBlock[]> {
    const log = this.#get(logId)
    this.#expire(log)
    const untilMs = this.#clock.monotonicMs() + (limits.waitMs ?? 0)
    while (Math.max(from, log.start) >= log.end && !log.closed && !signal?.aborted) {
      const leftMs = untilMs - this.#clock.monotonicMs()
      if (leftMs <= 0) break
      await log.arrivals.wait(this.#clock, leftMs, signal)
      if (this.#get(logId) !== log) throw new LogNotFound(logId) // deleted and made anew meanwhile
      this.#expire(log)
    }
    const found = takeWithin(log.blocks, Math.max(from, log.start), limits)
    if (this.#keys && log.hadKey) await findAll(this.#keys, keysOf(log.blocks, found))
    return found
  }

  async offsetAt(logId: string, timestampMs: number): Promise<number> {
    const log = this.#get(logId)
    this.#expire(log)
    const block = log.blocks.find((candidate) => candidate.timestampMs >= timestampMs)
    return block ? Math.max(block.firstOffset, log.start) : log.end
  }

  async bounds(logId: string): Promise<Bounds> {
    const log = this.#get(logId)
    this.#expire(log)
    return { start: log.start, end: log.end }
  }

  async sizeBytes(logId: string): Promise<number> {
    const log = this.#get(logId)
    this.#expire(log)
    return log.blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  }

  async trim(logId: string, before: number): Promise<void> {
    const log = this.#get(logId)
    this.#expire(log)
    log.start = Math.max(log.start, Math.min(before, log.end))
    const kept = log.blocks.findIndex((block) => block.firstOffset + entryCount(block) > log.start)
    log.blocks = kept < 0 ? [] : log.blocks.slice(kept)
  }

  #get(logId: string): HeldLog {
    const log = this.#logs.get(logId)
    if (!log) throw new LogNotFound(logId)
    return log
  }

  /** Lets go of what is older than the retention. */
  #expire(log: HeldLog): void {
    const horizonMs = this.#time.horizonMs(log.retentionMs)
    const kept = log.blocks.findIndex((block) => block.timestampMs >= horizonMs)
    if (kept === 0 || log.blocks.length === 0) return
    const expired = kept < 0 ? log.blocks.length : kept
    log.blocks = log.blocks.slice(expired)
    log.start = Math.max(log.start, log.blocks[0]?.firstOffset ?? log.end)
  }
}

/** The keys of the blocks that entries were taken from. */
function keysOf(blocks: readonly HeldBlock[], taken: readonly EntryBlock[]): Set<number> {
  const [first, last] = [taken[0], taken.at(-1)]
  const keys = new Set<number>()
  if (!first || !last) return keys
  for (const block of blocks) {
    if (block.dataKey === noDataKey || block.firstOffset > last.firstOffset) continue
    if (block.firstOffset + entryCount(block) > first.firstOffset) keys.add(block.dataKey)
  }
  return keys
}
