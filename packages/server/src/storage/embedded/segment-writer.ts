import type { Clock, Logger } from '@millrace/ports'
import { type Appended, type Batch, entryCount, LogClosed, LogNotFound, StorageBusy, StorageFailed } from '../log.ts'
import type { RetentionTime } from '../retention-time.ts'
import { Blocks, blockLength, markBlock, markLength } from './block-format.ts'
import { BlockRows } from './block-rows.ts'
import type { File, FileSystem } from './file-system.ts'
import type { HeldLog } from './held-log.ts'
import { Outcomes } from './outcomes.ts'
import { encodeHeader, segmentHeaderLength } from './segment-file.ts'
import type { Segment, SegmentStore } from './segment-store.ts'
import { TailCache } from './tail-cache.ts'

/** Bytes accepted but not yet durable, over all logs. What would exceed it is refused, for it is in memory already. */
export const inFlightBytesMax = 64 * 1024 * 1024

/** One write carries at most this much, so that the first in it does not wait for all. */
const commitBytesMax = 16 * 1024 * 1024

/** When no commit has followed the last one for this long, a mark is written behind it, in milliseconds. */
export const markAfterMs = 100

/** Newest blocks kept in memory for readers at the tip, over all logs. */
const tailBytesMax = 32 * 1024 * 1024

export type Durability = 'fsync' | 'os'

type Append = {
  readonly log: HeldLog
  /** Undefined for a barrier, which resolves when all that came before it is settled. */
  readonly batch: Batch | undefined
  readonly bytes: number
  /** Where its outcome goes, and at which place. */
  readonly outcomes: Outcomes
  readonly index: number
  firstOffset: number
  timestampMs: number
  position: number
}

type Parts = {
  readonly fileSystem: FileSystem
  readonly store: SegmentStore
  readonly durability: Durability
  readonly clock: Clock
  readonly time: RetentionTime
  readonly logger: Logger
  readonly segmentBytesMax: number
  /** Told once of each segment in which something was acknowledged. */
  readonly began: (segment: number) => void
}

/** The segment that is written to. */
type Active = {
  readonly segment: Segment
  readonly file: File
  /** What is before it was acknowledged, and counts. */
  size: number
  /** Where the next block goes: behind a mark, which is not synced, and may be lost. */
  end: number
  /** As large as `end` when a mark is the last thing in it. */
  markedTo: number
  /** A sync is under way, or has failed: then the file is not touched any more. */
  isSyncing: boolean
}

/**
 * Writes all logs into one segment after another. One loop: what came while the last sync ran goes out in one write
 * and one sync; then it is acknowledged and shown to readers.
 *
 * Each commit vouches for the one before it. For the last one a mark does, which follows when nothing else does: so that
 * after a crash a broken last block is known as damage, not taken for a write that was not finished.
 */
export class SegmentWriter {
  readonly #parts: Parts
  readonly #cache = new TailCache(tailBytesMax)
  #pending: Append[] = []
  #inFlightBytes = 0
  #running: Promise<void> | undefined
  #finishing: Promise<void> = Promise.resolve()
  #active: Active | undefined
  #isMarkDue = false
  #isRollDue = false
  #isWatching = false
  readonly #closing = new AbortController()
  /** The segment before the next one, and how much of it counts. */
  #previous: number
  #previousValid: number
  /** What `previousValid` was before the segment that is written to. */
  #validBefore = 0
  #nextNumber: number
  #commits = 0
  readonly #blocks = new Blocks()

  constructor(parts: Parts, previous: number, previousValid: number, nextNumber: number) {
    this.#parts = parts
    this.#previous = previous
    this.#previousValid = previousValid
    this.#nextNumber = nextNumber
  }

  /** See RecordLog.append; the log is there and open when it is called. */
  append(log: HeldLog, batch: Batch): Promise<Appended> {
    return this.#add(log, batch, blockLength(batch))
  }

  /** As `append`, for one of several. */
  appendOne(log: HeldLog, batch: Batch, outcomes: Outcomes, index: number): void {
    this.#admit(log, batch, blockLength(batch), outcomes, index)
  }

  /** Resolves when all appends that were asked before are settled. */
  async settled(log: HeldLog): Promise<void> {
    await this.#add(log, undefined, 0)
  }

  /** The segment that the next one will follow: it must be remembered when it goes. */
  get previous(): number {
    return this.#previous
  }

  /** Ends the segment that is written to, before it is full. Resolves when its index is written. */
  async roll(): Promise<void> {
    this.#isRollDue = true
    this.#running ??= this.#run()
    await this.#running
    await this.#finishing
  }

  /** Waits for what was accepted, and lets go of the file. */
  async close(): Promise<void> {
    this.#closing.abort()
    while (this.#running) await this.#running
    await this.#seal()
    await this.#finishActive()
    await this.#finishing
  }

  #add(log: HeldLog, batch: Batch | undefined, bytes: number): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const outcomes = new Outcomes(1, ([outcome]) => (outcome instanceof Error ? reject(outcome) : resolve(outcome!)))
      this.#admit(log, batch, bytes, outcomes, 0)
    })
  }

  #admit(log: HeldLog, batch: Batch | undefined, bytes: number, outcomes: Outcomes, index: number): void {
    if (bytes > 0 && this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > inFlightBytesMax)
      outcomes.set(index, new StorageBusy())
    else {
      this.#inFlightBytes += bytes
      this.#pending.push({ log, batch, bytes, outcomes, index, firstOffset: 0, timestampMs: 0, position: 0 })
      this.#running ??= this.#run()
    }
  }

  async #run(): Promise<void> {
    await Promise.resolve() // what is appended in this turn goes together
    if (this.#isMarkDue) await this.#mark()
    while (this.#pending.length > 0 || this.#isRollDue) {
      if (this.#isRollDue) {
        await this.#rollNow()
        continue
      }
      const appends = this.#takeCommit()
      try {
        await this.#commit(appends)
      } catch (error) {
        await this.#abandonActive(error)
        const failed = new StorageFailed(`the log cannot be written: ${(error as Error).message}`, { cause: error })
        this.#parts.logger.log('error', failed.message, { segment: this.#previous })
        for (const append of appends) append.outcomes.set(append.index, failed)
      }
      for (const append of appends) this.#inFlightBytes -= append.bytes
    }
    this.#running = undefined // in the same turn as the last look at what waits: nobody can come between
    if (!this.#isWatching && this.#isMarkMissing) void this.#markWhenIdle()
  }

  get #isMarkMissing(): boolean {
    return this.#active !== undefined && this.#active.end > this.#active.markedTo
  }

  /** Sees to it that a mark is written once nothing has come for a while. One timer, however many commits there are. */
  async #markWhenIdle(): Promise<void> {
    this.#isWatching = true
    let seen: number | undefined
    while (this.#isMarkMissing && !this.#closing.signal.aborted) {
      const { segment, end } = this.#active!
      const place = segment.number * 2 ** 32 + end
      if (place === seen && !this.#running) {
        this.#isMarkDue = true
        this.#running = this.#run()
        await this.#running
      } else {
        seen = place
        await this.#parts.clock.sleep(markAfterMs, this.#closing.signal)
      }
    }
    this.#isWatching = false
  }

  /** Writes a mark, without a sync of its own. */
  async #mark(): Promise<void> {
    this.#isMarkDue = false
    const active = this.#active
    if (!active || active.markedTo === active.end) return
    try {
      await active.file.append(markBlock(active.segment.number, active.end, active.size))
      active.end += markLength
      active.markedTo = active.end
    } catch (error) {
      await this.#abandonActive(error) // nothing waited for it
    }
  }

  /** At the end the mark is synced, so that nothing of the segment is in doubt. What was acknowledged needs it not. */
  async #seal(): Promise<void> {
    await this.#mark()
    const active = this.#active
    if (!active || active.size === active.end) return
    try {
      active.isSyncing = true
      await active.file.dataSync()
      active.isSyncing = false
      active.size = active.end
    } catch (error) {
      await this.#abandonActive(error)
    }
  }

  async #rollNow(): Promise<void> {
    this.#isRollDue = false
    await this.#mark()
    try {
      await this.#finishActive()
    } catch (error) {
      await this.#abandonActive(error)
    }
  }

  /** The oldest waiting appends, as many as one write may carry; at least one. */
  #takeCommit(): Append[] {
    const pending = this.#pending
    let bytes = 0
    let count = 0
    while (count < pending.length && (count === 0 || bytes + pending[count]!.bytes <= commitBytesMax))
      bytes += pending[count++]!.bytes
    this.#pending = count === pending.length ? [] : pending.slice(count)
    return count === pending.length ? pending : pending.slice(0, count)
  }

  async #commit(appends: readonly Append[]): Promise<void> {
    if (this.#active && this.#active.size >= this.#parts.segmentBytesMax) await this.#finishActive()
    if (!this.#active && appends.some(({ batch }) => batch)) await this.#openNext()
    const active = this.#active
    const commit = ++this.#commits
    const blocks = this.#blocks
    blocks.begin(appends)
    const nowMs = this.#parts.time.nowMs()
    let position = active?.end ?? 0
    for (const append of appends) {
      const { log, batch } = append
      if (!batch || log.deleted || !active) continue
      if (log.commit !== commit) {
        log.commit = commit
        log.nextOffset = log.end
      }
      append.firstOffset = log.nextOffset
      append.timestampMs = Math.max(nowMs, log.lastTimestampMs)
      append.position = position
      log.nextOffset += entryCount(batch)
      log.lastTimestampMs = append.timestampMs
      blocks.push(batch, {
        logNumber: log.number,
        firstOffset: append.firstOffset,
        timestampMs: append.timestampMs,
        segment: active.segment.number,
        position,
        durableTo: active.size,
      })
      position += append.bytes
    }
    if (active && blocks.count > 0) {
      await active.file.append(blocks.taken())
      active.isSyncing = true
      if (this.#parts.durability === 'fsync') await active.file.dataSync()
      active.isSyncing = false
      if (active.size === segmentHeaderLength) this.#parts.began(active.segment.number)
      active.size = position
      active.end = position
    }
    for (const append of appends) {
      const { log, batch, firstOffset, timestampMs } = append
      if (log.deleted) append.outcomes.set(append.index, new LogNotFound(log.id))
      else {
        if (batch) this.#show(log, batch, append, active!.segment)
        append.outcomes.set(append.index, { firstOffset, timestampMs })
      }
    }
    for (const { log, batch } of appends) if (batch) log.arrivals.wake()
  }

  /** Lets readers see a block that is durable. */
  #show(log: HeldLog, batch: Batch, { firstOffset, timestampMs, position, bytes }: Append, segment: Segment): void {
    let rows = segment.rows!.get(log.number)
    if (!rows) {
      rows = new BlockRows()
      segment.rows!.set(log.number, rows)
      log.segments.push(segment)
    }
    const endOffset = firstOffset + entryCount(batch)
    rows.push(firstOffset, endOffset, timestampMs, position, bytes)
    this.#cache.add(log.tail, { bytes: batch.bytes, positions: batch.positions, firstOffset, timestampMs })
    if (log.start === log.end) log.startMs = timestampMs
    log.end = endOffset
  }

  async #openNext(): Promise<void> {
    const { fileSystem, store, clock } = this.#parts
    const number = this.#nextNumber++ // never given twice: a failed one may come back after a power loss
    const header = { previous: this.#previous, previousValid: this.#previousValid, createdMs: clock.nowMs() }
    const path = store.pathOf(number)
    const file = await fileSystem.open(path, 'create')
    try {
      await file.append([encodeHeader(number, header)])
      await file.dataSync()
      await store.syncDirectory()
    } catch (error) {
      await file.close().catch(() => {})
      await store.removeLeftover(number)
      throw error
    }
    const segment: Segment = { number, previous: this.#previous, rows: new Map() }
    store.segments.set(number, segment)
    const size = segmentHeaderLength
    this.#active = { segment, file, size, end: size, markedTo: size, isSyncing: false }
    this.#validBefore = this.#previousValid
    this.#previous = number
    this.#previousValid = segmentHeaderLength
  }

  /** Ends the segment that is written to. Its index is written in the background. */
  async #finishActive(): Promise<void> {
    const active = this.#active
    if (!active) return
    if (this.#parts.durability === 'os') await active.file.dataSync()
    this.#release(active)
    await active.file.close()
  }

  /**
   * After a failed write or sync: what was acknowledged stays, and nothing is written to the file any more. What a write
   * left that found no room is given back; and a file in which nothing was acknowledged goes, so that a disk that stays
   * full is not filled by trying.
   */
  async #abandonActive(error: unknown): Promise<void> {
    const active = this.#active
    if (!active) return
    if (active.size === segmentHeaderLength) return this.#discardActive(active)
    if (isNoSpace(error) && !active.isSyncing) await active.file.truncate?.(active.size).catch(() => {})
    this.#release(active)
    await active.file.close().catch(() => {})
  }

  async #discardActive({ segment, file }: Active): Promise<void> {
    const { store } = this.#parts
    this.#active = undefined
    store.segments.delete(segment.number)
    this.#previous = segment.previous
    this.#previousValid = this.#validBefore
    await file.close().catch(() => {})
    await store.removeLeftover(segment.number)
  }

  #release({ segment, size }: Active): void {
    this.#active = undefined
    this.#previousValid = size
    const finished = this.#parts.store.finish(segment, size)
    this.#finishing = Promise.all([this.#finishing, finished]).then(() => {})
  }
}

/** Why an append cannot go on, if it cannot. */
export function refusal(log: HeldLog): Error | undefined {
  if (log.deleted) return new LogNotFound(log.id)
  return log.closing ? new LogClosed(log.id) : undefined
}

function isNoSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
