import type { Clock } from '../../core/clock.ts'
import {
  type Appended,
  type Batch,
  type Bounds,
  type EntryBlock,
  entryCount,
  LogClosed,
  LogNotFound,
  type LogOptions,
  type ReadLimits,
  type RecordLog,
} from '../log.ts'
import { takeWithin } from '../take-within.ts'

type HeldLog = {
  retentionMs: number
  blocks: EntryBlock[]
  start: number
  end: number
  lastTimestampMs: number
  closed: boolean
  /** Called when entries came, or none can come any more. */
  waiters: Set<() => void>
}

/** A log that ends with the process: for tests, and for `--memory`. */
export class MemoryLog implements RecordLog {
  readonly #clock: Clock
  readonly #logs = new Map<string, HeldLog>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async create(logId: string, { retentionMs }: LogOptions): Promise<void> {
    if (this.#logs.has(logId)) return
    const empty = { blocks: [], start: 0, end: 0, lastTimestampMs: 0, closed: false, waiters: new Set<() => void>() }
    this.#logs.set(logId, { retentionMs, ...empty })
  }

  async delete(logId: string): Promise<void> {
    const log = this.#logs.get(logId)
    this.#logs.delete(logId)
    if (log) wakeAll(log)
  }

  async configure(logId: string, { retentionMs }: LogOptions): Promise<void> {
    const log = this.#get(logId)
    this.#expire(log)
    log.retentionMs = retentionMs
    this.#expire(log)
  }

  async append(logId: string, batch: Batch): Promise<Appended> {
    const log = this.#get(logId)
    if (log.closed) throw new LogClosed(logId)
    const timestampMs = Math.max(this.#clock.nowMs(), log.lastTimestampMs)
    const firstOffset = log.end
    log.lastTimestampMs = timestampMs
    log.end += entryCount(batch)
    log.blocks.push({ ...batch, firstOffset, timestampMs })
    wakeAll(log)
    return { firstOffset, timestampMs }
  }

  async close(logId: string): Promise<{ endOffset: number }> {
    const log = this.#get(logId)
    log.closed = true
    wakeAll(log)
    return { endOffset: log.end }
  }

  async read(logId: string, from: number, limits: ReadLimits, signal?: AbortSignal): Promise<readonly EntryBlock[]> {
    const log = this.#get(logId)
    this.#expire(log)
    if (Math.max(from, log.start) >= log.end && !log.closed && limits.waitMs)
      await this.#arrival(log, limits.waitMs, signal)
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

  async trim(logId: string, before: number): Promise<void> {
    const log = this.#get(logId)
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
    const horizonMs = this.#clock.nowMs() - log.retentionMs
    const kept = log.blocks.findIndex((block) => block.timestampMs >= horizonMs)
    if (kept === 0 || log.blocks.length === 0) return
    const expired = kept < 0 ? log.blocks.length : kept
    log.blocks = log.blocks.slice(expired)
    log.start = Math.max(log.start, log.blocks[0]?.firstOffset ?? log.end)
  }

  #arrival(log: HeldLog, waitMs: number, signal?: AbortSignal): Promise<void> {
    const done = new AbortController()
    const stop = () => done.abort()
    log.waiters.add(stop)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    return this.#clock.sleep(waitMs, done.signal).finally(() => {
      log.waiters.delete(stop)
      signal?.removeEventListener('abort', stop)
    })
  }
}

function wakeAll(log: HeldLog): void {
  for (const wake of [...log.waiters]) wake()
}
