import type { Clock } from '@millrace/ports'
import { Arrivals } from '../arrivals.ts'
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

type HeldLog = LogRef & {
  retentionMs: number
  blocks: EntryBlock[]
  start: number
  end: number
  lastTimestampMs: number
  closed: boolean
  readonly arrivals: Arrivals
}

/** A log that ends with the process: for tests, and for `--memory`. */
export class MemoryLog implements RecordLog {
  readonly #clock: Clock
  readonly #time: RetentionTime
  readonly #logs = new Map<string, HeldLog>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#time = new RetentionTime(clock)
  }

  async create(logId: string, { retentionMs }: LogOptions): Promise<void> {
    if (this.#logs.has(logId)) return
    const empty = {
      id: logId,
      blocks: [],
      start: 0,
      end: 0,
      lastTimestampMs: 0,
      closed: false,
      arrivals: new Arrivals(),
    }
    this.#logs.set(logId, { retentionMs, ...empty })
  }

  async delete(logId: string): Promise<void> {
    const log = this.#logs.get(logId)
    this.#logs.delete(logId)
    log?.arrivals.wake()
  }

  async configure(logId: string, { retentionMs }: Partial<LogOptions>): Promise<void> {
    const log = this.#get(logId)
    this.#expire(log)
    log.retentionMs = retentionMs ?? log.retentionMs
    this.#expire(log)
  }

  async append(logId: string, batch: Batch): Promise<Appended> {
    return this.#append(this.#get(logId), batch)
  }

  find(logId: string): LogRef {
    return this.#logs.get(logId) ?? { id: logId }
  }

  async appendRuns({ batch, logs, ends }: Runs): Promise<RunOutcomes> {
    const outcomes = new RunOutcomes(logs.length)
    let first = 0
    for (const [run, log] of logs.entries()) {
      try {
        const { firstOffset, timestampMs } = this.#append(log, slice(batch, first, ends[run]!))
        outcomes.firstOffsets[run] = firstOffset
        outcomes.timestampsMs[run] = timestampMs
      } catch (error) {
        outcomes.fail(run, error as Error)
      }
      first = ends[run]!
    }
    return outcomes
  }

  #append(ref: LogRef, batch: Batch): Appended {
    const log = this.#get(ref.id)
    if (log !== ref) throw new LogNotFound(ref.id)
    if (log.closed) throw new LogClosed(log.id)
    const timestampMs = Math.max(this.#time.nowMs(), log.lastTimestampMs)
    const firstOffset = log.end
    log.lastTimestampMs = timestampMs
    log.end += entryCount(batch)
    log.blocks.push({ ...batch, firstOffset, timestampMs })
    log.arrivals.wake()
    return { firstOffset, timestampMs }
  }

  async close(logId: string): Promise<{ endOffset: number }> {
    const log = this.#get(logId)
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
    return takeWithin(log.blocks, Math.max(from, log.start), limits)
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
