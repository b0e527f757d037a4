import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/ports.ts'
import { type Appended, type Batch, entryCount, LogClosed, LogNotFound, StorageFailed } from '../log.ts'
import { blockLength, pushBlock } from './block-format.ts'
import { BlockRows } from './block-rows.ts'
import type { File, FileSystem } from './file-system.ts'
import type { HeldLog } from './held-log.ts'
import { encodeHeader, segmentHeaderLength } from './segment-file.ts'
import type { Segment, SegmentStore } from './segment-store.ts'
import { TailCache } from './tail-cache.ts'

/** Bytes accepted but not yet durable, over all logs. Above it, writers wait at the door. */
const inFlightBytesMax = 128 * 1024 * 1024

/** One write carries at most this much, so that the first in it does not wait for all. */
const commitBytesMax = 16 * 1024 * 1024

/** Newest blocks kept in memory for readers at the tip, over all logs. */
const tailBytesMax = 32 * 1024 * 1024

export type Durability = 'fsync' | 'os'

type Append = {
  readonly log: HeldLog
  /** Undefined for a barrier, which resolves when all that came before it is settled. */
  readonly batch: Batch | undefined
  readonly bytes: number
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: Error) => void
  firstOffset: number
  timestampMs: number
  position: number
}

type Parts = {
  readonly fileSystem: FileSystem
  readonly store: SegmentStore
  readonly durability: Durability
  readonly clock: Clock
  readonly logger: Logger
  readonly segmentBytesMax: number
}

/**
 * Writes all logs into one segment after another. One loop: what came while the last sync ran goes out in one write
 * and one sync; then it is acknowledged and shown to readers.
 */
export class SegmentWriter {
  readonly #parts: Parts
  readonly #cache = new TailCache(tailBytesMax)
  #pending: Append[] = []
  #atDoor: Append[] = []
  #inFlightBytes = 0
  #running: Promise<void> | undefined
  #finishing: Promise<void> = Promise.resolve()
  #active: { segment: Segment; file: File; size: number } | undefined
  /** The segment before the next one, and how much of it counts. */
  #previous: number
  #previousValid: number
  #nextNumber: number

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

  /** Resolves when all appends that were asked before are settled. */
  async settled(log: HeldLog): Promise<void> {
    await this.#add(log, undefined, 0)
  }

  /** The segment that the next one will follow: it must be remembered when it goes. */
  get previous(): number {
    return this.#previous
  }

  /** Waits for what was accepted, and lets go of the file. */
  async close(): Promise<void> {
    while (this.#running) await this.#running
    await this.#finishActive()
    await this.#finishing
  }

  #add(log: HeldLog, batch: Batch | undefined, bytes: number): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const append = { log, batch, bytes, resolve, reject, firstOffset: 0, timestampMs: 0, position: 0 }
      if (this.#atDoor.length > 0 || (this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > inFlightBytesMax))
        this.#atDoor.push(append)
      else this.#admit(append)
      this.#running ??= this.#run()
    })
  }

  #admit(append: Append): void {
    this.#inFlightBytes += append.bytes
    this.#pending.push(append)
  }

  async #run(): Promise<void> {
    await Promise.resolve() // what is appended in this turn goes together
    while (this.#pending.length > 0) {
      const appends = this.#takeCommit()
      try {
        await this.#commit(appends)
      } catch (error) {
        await this.#abandonActive()
        const failed = new StorageFailed(`the log cannot be written: ${(error as Error).message}`, { cause: error })
        this.#parts.logger.log('error', failed.message, { segment: this.#previous })
        for (const append of appends) append.reject(failed)
      }
      for (const append of appends) this.#inFlightBytes -= append.bytes
      this.#openDoor()
    }
    this.#running = undefined // in the same turn as the last look at what waits: nobody can come between
  }

  #openDoor(): void {
    let admitted = 0
    for (const append of this.#atDoor) {
      if (this.#inFlightBytes > 0 && this.#inFlightBytes + append.bytes > inFlightBytesMax) break
      this.#admit(append)
      admitted++
    }
    if (admitted > 0) this.#atDoor = this.#atDoor.slice(admitted)
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
    const parts: Uint8Array[] = []
    const nextOffsets = new Map<HeldLog, number>()
    const nowMs = this.#parts.clock.nowMs()
    let position = active?.size ?? 0
    for (const append of appends) {
      const { log, batch } = append
      if (!batch || log.deleted || !active) continue
      append.firstOffset = nextOffsets.get(log) ?? log.end
      append.timestampMs = Math.max(nowMs, log.lastTimestampMs)
      append.position = position
      nextOffsets.set(log, append.firstOffset + entryCount(batch))
      log.lastTimestampMs = append.timestampMs
      pushBlock(parts, batch, {
        logNumber: log.number,
        firstOffset: append.firstOffset,
        timestampMs: append.timestampMs,
        segment: active.segment.number,
        position,
        durableTo: active.size,
      })
      position += append.bytes
    }
    if (active && parts.length > 0) {
      await active.file.append(parts)
      if (this.#parts.durability === 'fsync') await active.file.dataSync()
      active.size = position
    }
    for (const append of appends) {
      if (append.log.deleted) append.reject(new LogNotFound(append.log.id))
      else {
        if (append.batch) this.#show(append.log, append.batch, append, active!.segment)
        append.resolve({ firstOffset: append.firstOffset, timestampMs: append.timestampMs })
      }
    }
    for (const log of nextOffsets.keys()) log.arrivals.wake()
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
      await fileSystem.remove(path).catch(() => {})
      throw error
    }
    const segment: Segment = { number, previous: this.#previous, rows: new Map() }
    store.segments.set(number, segment)
    this.#active = { segment, file, size: segmentHeaderLength }
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

  /** After a failed write or sync: what was acknowledged stays, and the file is not touched any more. */
  async #abandonActive(): Promise<void> {
    const active = this.#active
    if (!active) return
    this.#release(active)
    await active.file.close().catch(() => {})
  }

  #release({ segment, size }: { segment: Segment; size: number }): void {
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
