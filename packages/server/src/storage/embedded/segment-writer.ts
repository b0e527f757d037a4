import type { Clock, Logger } from '@millrace/ports'
import { type DataKey, noDataKey } from '../data-key.ts'
import { LogClosed, LogNotFound, RunOutcomes, type Runs, StorageBusy, StorageFailed } from '../log.ts'
import type { RetentionTime } from '../retention-time.ts'
import { type Active, ActiveSegment, type SegmentParts } from './active-segment.ts'
import { Blocks, blockBytesMax, blockLength, runBytes } from './block-format.ts'
import type { HeldLog } from './held-log.ts'
import { firstEntry } from './put-runs.ts'
import { segmentHeaderLength } from './segment-file.ts'
import { isSmall, SmallPuts } from './small-puts.ts'

/** Bytes accepted but not yet durable, over all logs. What would exceed it is refused, for it is in memory already. */
export const inFlightBytesMax = 64 * 1024 * 1024

/** One write carries at most this much, so that the first in it does not wait for all. */
const commitBytesMax = 16 * 1024 * 1024

/** When no commit has followed the last one for this long, a mark is written behind it, in milliseconds. */
export const markAfterMs = 100

/** Runs, and the keys that seal them, if any is sealed. */
type WriterRuns = Runs & {
  readonly logs: readonly HeldLog[]
  readonly keys?: readonly (DataKey | undefined)[] | undefined
}

/** Runs that wait for the disk together. Without any it is a barrier: it is settled when all that came before it is. */
type Put = {
  readonly runs: WriterRuns
  readonly outcomes: RunOutcomes
  /** About what it will take on the disk. */
  readonly bytes: number
  readonly settle: (outcomes: RunOutcomes) => void
}

type Parts = SegmentParts & {
  readonly clock: Clock
  readonly time: RetentionTime
  readonly logger: Logger
  /** Told once of each segment in which something was acknowledged. */
  readonly began: (segment: number) => void
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
  readonly #segment: ActiveSegment
  readonly #blocks = new Blocks()
  readonly #small = new SmallPuts()
  #pending: Put[] = []
  #inFlightBytes = 0
  #running: Promise<void> | undefined
  #isMarkDue = false
  #isRollDue = false
  #isWatching = false
  readonly #closing = new AbortController()

  constructor(parts: Parts, previous: number, previousValid: number, nextNumber: number) {
    this.#parts = parts
    this.#segment = new ActiveSegment(parts, previous, previousValid, nextNumber)
  }

  /** See RecordLog.appendRuns. Runs that `outcomes` has an error for are left out. */
  append(runs: WriterRuns, outcomes = new RunOutcomes(runs.logs.length)): Promise<RunOutcomes> {
    const { batch, logs } = runs
    const bytes = logs.length === 0 ? 0 : blockLength(runBytes(batch.positions.length, batch.bytes.byteLength))
    if (bytes > 0 && this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > inFlightBytesMax) {
      const busy = new StorageBusy()
      for (let run = 0; run < logs.length; run++) if (!outcomes.error(run)) outcomes.fail(run, busy)
      return Promise.resolve(outcomes)
    }
    return new Promise((settle) => {
      this.#inFlightBytes += bytes
      this.#pending.push({ runs, outcomes, bytes, settle })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when all appends that were asked before are settled. */
  async settled(): Promise<void> {
    await this.append(nothing)
  }

  /** The segment that the next one will follow: it must be remembered when it goes. */
  get previous(): number {
    return this.#segment.previous
  }

  /** Ends the segment that is written to, before it is full. Resolves when its index is written. */
  async roll(): Promise<void> {
    this.#isRollDue = true
    this.#running ??= this.#run()
    await this.#running
    await this.#segment.finished()
  }

  /** Waits for what was accepted, and lets go of the file. */
  async close(): Promise<void> {
    this.#closing.abort()
    while (this.#running) await this.#running
    await this.#segment.seal()
    await this.#segment.finish()
    await this.#segment.finished()
  }

  async #run(): Promise<void> {
    await Promise.resolve() // what is appended in this turn goes together
    if (this.#isMarkDue) await this.#mark()
    while (this.#pending.length > 0 || this.#isRollDue) {
      if (this.#isRollDue) {
        await this.#rollNow()
        continue
      }
      const puts = this.#takeCommit()
      try {
        await this.#commit(puts)
      } catch (error) {
        const { previous } = this
        await this.#segment.abandon(error)
        const failed = new StorageFailed(`the log cannot be written: ${(error as Error).message}`, { cause: error })
        this.#parts.logger.log('error', failed.message, { segment: previous })
        for (const put of puts) fail(put, failed)
      }
      for (const { bytes, outcomes, settle } of puts) {
        this.#inFlightBytes -= bytes
        settle(outcomes)
      }
    }
    this.#running = undefined // in the same turn as the last look at what waits: nobody can come between
    if (!this.#isWatching && this.#segment.isMarkMissing) void this.#markWhenIdle()
  }

  /** Sees to it that a mark is written once nothing has come for a while. One timer, however many commits there are. */
  async #markWhenIdle(): Promise<void> {
    this.#isWatching = true
    let seen: number | undefined
    while (this.#segment.isMarkMissing && !this.#closing.signal.aborted) {
      const { segment, end } = this.#segment.current!
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

  async #mark(): Promise<void> {
    this.#isMarkDue = false
    await this.#segment.mark()
  }

  async #rollNow(): Promise<void> {
    this.#isRollDue = false
    await this.#segment.mark()
    try {
      await this.#segment.finish()
    } catch (error) {
      await this.#segment.abandon(error)
    }
  }

  /** The oldest waiting puts, as many as one write may carry; at least one. */
  #takeCommit(): Put[] {
    const pending = this.#pending
    let bytes = 0
    let count = 0
    while (count < pending.length && (count === 0 || bytes + pending[count]!.bytes <= commitBytesMax))
      bytes += pending[count++]!.bytes
    this.#pending = count === pending.length ? [] : pending.slice(count)
    return count === pending.length ? pending : pending.slice(0, count)
  }

  async #commit(puts: readonly Put[]): Promise<void> {
    const current = this.#segment.current
    if (current && current.size >= this.#parts.segmentBytesMax) await this.#segment.finish()
    const nowMs = this.#parts.time.nowMs()
    if (puts.some(({ runs }) => runs.logs.length > 0))
      await this.#write(puts, this.#segment.current ?? (await this.#segment.begin()), nowMs)
    for (const put of puts) show(put, this.#segment.current)
  }

  async #write(puts: readonly Put[], active: Active, nowMs: number): Promise<void> {
    const end = this.#blocksOf(puts, active, nowMs)
    if (end === active.end) return // all was refused
    await active.file.append(this.#blocks.taken())
    await this.#segment.fillBehind(end)
    active.isSyncing = true
    if (this.#parts.durability === 'fsync') await active.file.dataSync()
    active.isSyncing = false
    if (active.size === segmentHeaderLength) this.#parts.began(active.segment.number)
    active.size = end
    active.end = end
    active.table.show()
    active.recent.trim()
  }

  /** Places all puts, and makes their blocks and rows, put by put: their logs stay in the caches. Returns where they end. */
  #blocksOf(puts: readonly Put[], active: Active, nowMs: number): number {
    let position = active.end
    this.#blocks.begin()
    for (const put of puts) {
      const { runs, outcomes } = put
      place(runs, outcomes, nowMs)
      const isGathered = isSmall(runs) && !runs.keys
      if (!isGathered || !this.#small.hasRoomFor(runs)) position = this.#smallBlocks(active, position)
      if (!isGathered) position = this.#blocksOfPut(put, active, position)
      else if (!outcomes.error(0)) this.#small.add(put)
    }
    return this.#smallBlocks(active, position)
  }

  #smallBlocks(active: Active, position: number): number {
    return this.#small.isEmpty ? position : this.#blocksOfPut(this.#small.take(), active, position)
  }

  /** Makes the blocks and rows of a put that is placed. Returns where they end. */
  #blocksOfPut(
    { runs, outcomes }: Pick<Put, 'runs' | 'outcomes'>,
    { segment, table, recent, sealer, size }: Active,
    start: number,
  ): number {
    let position = start
    const { batch, logs, ends, keys } = runs
    const { firstOffsets, timestampsMs } = outcomes
    const dataKeys = keys && numbersOf(keys, logs.length)
    const put = { batch, logs, ends, firstOffsets, dataKeys, isShown: false }
    for (let run = 0, endRun = 0; run < logs.length; run = endRun) {
      endRun = blockEnd(runs, outcomes, run)
      if (endRun === run) {
        endRun++ // it was refused
        continue
      }
      const timestampMs = timestampsMs[run]!
      const placement = { segment: segment.number, position, durableTo: size }
      const isSealed = keys?.[run] !== undefined
      const sealed = isSealed ? sealer.seal(put, keys, run, endRun, timestampMs) : undefined
      const length = this.#blocks.push(put, run, endRun, timestampMs, placement, sealed)
      table.pushBlock(position, length, timestampMs)
      for (let i = run; i < endRun; i++) {
        const first = firstEntry(ends, i)
        const count = ends[i]! - first
        const bytes = runBytes(count, batch.positions[ends[i]!]! - batch.positions[first]!, isSealed)
        table.push(logs[i]!.placeIn(table), firstOffsets[i]!, count, bytes)
      }
      recent.add({ position, put, firstRun: run, endRun, timestampMs }, length)
      position += length
    }
    return position
  }
}

const nothing: WriterRuns = {
  batch: { bytes: new Uint8Array(0), positions: new Uint32Array(1) },
  logs: [],
  ends: new Uint32Array(0),
}

/** A key's number for each run. */
const numbersOf = (keys: readonly (DataKey | undefined)[], count: number) =>
  Array.from({ length: count }, (_, run) => keys[run]?.id ?? noDataKey)

/** Gives the runs of a put their offsets and times. */
function place({ logs, ends }: WriterRuns, outcomes: RunOutcomes, nowMs: number): void {
  for (let run = 0; run < logs.length; run++) {
    const log = logs[run]!
    if (outcomes.error(run)) continue
    if (log.deleted) {
      outcomes.fail(run, new LogNotFound(log.id))
      continue
    }
    outcomes.firstOffsets[run] = log.nextOffset
    outcomes.timestampsMs[run] = log.lastTimestampMs = Math.max(nowMs, log.lastTimestampMs)
    log.nextOffset += ends[run]! - firstEntry(ends, run)
  }
}

/**
 * Up to which run of a put a block goes that begins with one: none of them was refused, all have one time, and all are
 * sealed, or none.
 */
function blockEnd({ batch, ends, keys }: WriterRuns, outcomes: RunOutcomes, firstRun: number): number {
  const { timestampsMs } = outcomes
  const start = batch.positions[firstEntry(ends, firstRun)]!
  let run = firstRun
  while (
    run < ends.length &&
    !outcomes.error(run) &&
    timestampsMs[run] === timestampsMs[firstRun] &&
    (!keys || (keys[run] === undefined) === (keys[firstRun] === undefined)) &&
    (run === firstRun || batch.positions[ends[run]!]! - start <= blockBytesMax)
  )
    run++
  return run
}

/** Lets readers see the runs of a put that are durable. Those who wait go on after this turn. */
function show({ runs: { logs, ends }, outcomes }: Put, active: Active | undefined): void {
  for (let run = 0; run < logs.length; run++) {
    const log = logs[run]!
    if (outcomes.error(run)) continue
    if (log.deleted) {
      outcomes.fail(run, new LogNotFound(log.id))
      continue
    }
    const endOffset = outcomes.firstOffsets[run]! + ends[run]! - firstEntry(ends, run)
    log.show(active!.segment, endOffset, outcomes.timestampsMs[run]!)
    log.wake()
  }
}

/** After a failure: what was given to the runs of a put is given again. */
function fail({ runs: { logs }, outcomes }: Put, error: Error): void {
  for (let run = 0; run < logs.length; run++) {
    if (outcomes.error(run)) continue
    logs[run]!.takeBack()
    outcomes.fail(run, error)
  }
}

/** Why an append cannot go on, if it cannot. */
export function refusal(log: HeldLog): Error | undefined {
  if (log.deleted) return new LogNotFound(log.id)
  return log.closing ? new LogClosed(log.id) : undefined
}
