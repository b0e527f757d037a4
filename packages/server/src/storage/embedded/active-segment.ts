import type { Clock, Random } from '@millrace/ports'
import { markBlock, markLength } from './block-format.ts'
import type { File, FileSystem } from './file-system.ts'
import { fillLength, fillParts } from './fill.ts'
import { RecentBlocks } from './recent-blocks.ts'
import { RowTable } from './row-table.ts'
import { Sealer, saltLength } from './seal.ts'
import { encodeHeader, segmentHeaderLength } from './segment-file.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

/** Newest blocks kept in memory for readers at the tip, while there are any. */
const recentBytesMax = 32 * 1024 * 1024

/** The segment that is written to. */
export type Active = {
  readonly segment: Segment
  readonly table: RowTable
  readonly recent: RecentBlocks
  readonly sealer: Sealer
  readonly file: File
  /** What is before it was acknowledged, and counts. */
  size: number
  /** Where the next block goes: behind a mark, which is not synced, and may be lost. */
  end: number
  /** As large as `end` when a mark is the last thing in it. */
  markedTo: number
  /** How long the file is made, with what was written ahead: only a commit that goes beyond lengthens it. */
  filledTo: number
  /** A sync is under way, or has failed: then the file is not touched any more. */
  isSyncing: boolean
}

export type SegmentParts = {
  readonly fileSystem: FileSystem
  readonly store: SegmentStore
  readonly durability: Durability
  readonly clock: Clock
  readonly random: Random
  readonly segmentBytesMax: number
}

export type Durability = 'fsync' | 'os'

/** Begins segments one after the other, each naming the one before it, and ends them, as they should or after a failure. */
export class ActiveSegment {
  readonly #parts: SegmentParts
  #active: Active | undefined
  /** Of the segment that was begun last. */
  #recent: RecentBlocks | undefined
  #finishing: Promise<void> = Promise.resolve()
  /** The segment before the next one, and how much of it counts. */
  #previous: number
  #previousValid: number
  /** What `previousValid` was before the segment that is written to. */
  #validBefore = 0
  #nextNumber: number
  /** The disk had no room the last time, so that none of it is taken ahead. */
  #isDiskFull = false

  constructor(parts: SegmentParts, previous: number, previousValid: number, nextNumber: number) {
    this.#parts = parts
    this.#previous = previous
    this.#previousValid = previousValid
    this.#nextNumber = nextNumber
  }

  /** Undefined before the first write, and after an end. */
  get current(): Active | undefined {
    return this.#active
  }

  /** The segment that the next one will follow. */
  get previous(): number {
    return this.#previous
  }

  /** Something was written behind the last mark. */
  get isMarkMissing(): boolean {
    return this.#active !== undefined && this.#active.end > this.#active.markedTo
  }

  async begin(): Promise<Active> {
    const { fileSystem, store, clock, random } = this.#parts
    const number = this.#nextNumber++ // never given twice: a failed one may come back after a power loss
    const salt = random.bytes(saltLength)
    const header = { previous: this.#previous, previousValid: this.#previousValid, createdMs: clock.nowMs(), salt }
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
    const table = new RowTable()
    const recent = new RecentBlocks(recentBytesMax, this.#recent)
    this.#recent = recent
    const sealer = new Sealer(number, salt)
    const segment: Segment = { number, previous: this.#previous, salt, rows: table, recent }
    store.segments.set(number, segment)
    const size = segmentHeaderLength
    const ends = { size, end: size, markedTo: size, filledTo: size }
    this.#active = { segment, table, recent, sealer, file, ...ends, isSyncing: false }
    this.#validBefore = this.#previousValid
    this.#previous = number
    this.#previousValid = segmentHeaderLength
    return this.#active
  }

  /**
   * Writes fill behind a commit that goes up to `end` and is not synced yet, if it has lengthened the file and is small:
   * its sync makes it durable, and those that follow find their place made. Without room for it there is none.
   */
  async fillBehind(end: number): Promise<void> {
    const active = this.#active!
    if (end <= active.filledTo) return
    active.filledTo = end
    const { durability, segmentBytesMax } = this.#parts
    const length = fillLength(end - active.end, end, segmentBytesMax)
    if (length === 0 || durability === 'os' || this.#isDiskFull || !active.file.writeAhead) return
    let written = 0
    try {
      written = await active.file.writeAhead(fillParts(length))
    } catch (error) {
      if (!isNoSpace(error)) throw error
    }
    if (written === length) active.filledTo = end + length
    else {
      this.#isDiskFull = true
      await active.file.truncate?.(end).catch(() => {})
    }
  }

  /** Writes a mark, without a sync of its own. */
  async mark(): Promise<void> {
    const active = this.#active
    if (!active || active.markedTo === active.end) return
    const { segment, end, size } = active
    try {
      await active.file.append([markBlock({ segment: segment.number, position: end, durableTo: size })])
      active.end += markLength
      active.markedTo = active.end
    } catch (error) {
      await this.abandon(error) // nothing waited for it
    }
  }

  /** Marks the end and syncs the mark, so that nothing of the segment is in doubt. What was acknowledged needs it not. */
  async seal(): Promise<void> {
    await this.mark()
    const active = this.#active
    if (!active || active.size === active.end) return
    try {
      active.isSyncing = true
      await active.file.dataSync()
      active.isSyncing = false
      active.size = active.end
    } catch (error) {
      await this.abandon(error)
    }
  }

  /** Ends it. Its index is written in the background: that of the one before is, by then, so that no more are in memory. */
  async finish(): Promise<void> {
    const active = this.#active
    if (!active) return
    await this.#finishing
    if (this.#parts.durability === 'os') await active.file.dataSync()
    if (active.filledTo > active.end) await active.file.truncate?.(active.end).catch(() => {})
    this.#isDiskFull = false
    this.#release(active)
    await active.file.close()
  }

  /** Resolves when the indexes of those that ended are written. */
  async finished(): Promise<void> {
    await this.#finishing
  }

  /**
   * Ends it after a failed write or sync: what was acknowledged stays, and nothing is written to the file any more. What
   * a write left that found no room is given back; and a file in which nothing was acknowledged goes, so that a disk that
   * stays full is not filled by trying.
   */
  async abandon(error: unknown): Promise<void> {
    const active = this.#active
    if (!active) return
    if (isNoSpace(error)) this.#isDiskFull = true
    if (active.size === segmentHeaderLength) return this.#discard(active)
    if (isNoSpace(error) && !active.isSyncing) await active.file.truncate?.(active.size).catch(() => {})
    this.#release(active)
    await active.file.close().catch(() => {})
  }

  async #discard({ segment, file }: Active): Promise<void> {
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

function isNoSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
