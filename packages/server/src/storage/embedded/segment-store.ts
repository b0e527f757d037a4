import type { Logger } from '@millrace/ports'
import { StorageFailed } from '../log.ts'
import type { BlockRows } from './block-rows.ts'
import { type FileSystem, ignoreMissing, isMissing, readWhole, replaceFile } from './file-system.ts'
import { LogRows, type RowRun } from './log-rows.ts'
import { type OpenFile, OpenFiles } from './open-files.ts'
import type { RecentBlocks } from './recent-blocks.ts'
import { RowPages } from './row-pages.ts'
import type { RowTable } from './row-table.ts'
import { indexName, scanSegment, segmentName } from './segment-file.ts'
import { type ByteRange, type EncodedIndex, encodeIndex, rowsPerPage, type SegmentDirectory } from './segment-index.ts'

export type Segment = {
  readonly number: number
  /** The segment before it, 0 if none: gone ones are counted by it. */
  readonly previous: number
  /** Of the runs that were sealed for it; undefined in one that was compacted, or whose header is damaged. */
  readonly salt?: Uint8Array | undefined
  /** What it holds, once it is finished. */
  directory?: SegmentDirectory
  /** Where its runs lie: always while it is written to, and until its index is on the disk. */
  rows?: RowTable
  /** As long as there are `rows`, the newest blocks that were written to it. */
  recent?: RecentBlocks
  /** The segment that took its place, with all of its blocks that still count. */
  successor?: Segment
  /** Holds a block that cannot be read: it stays as it is until all in it is expired. */
  isKept?: boolean
  /** Its index is on the disk, and says how much of it counts. */
  hasIndex?: boolean
  /** Its name may not be durable: it stays, with those that it was made from, for the next start to sort out. */
  isUnsure?: boolean
}

/** A segment, or what has taken its place. */
export function newest(segment: Segment): Segment {
  let found = segment
  while (found.successor) found = found.successor
  return found
}

/** An index was damaged and has been made again: row numbers that were taken from it mean nothing any more. */
class IndexMadeAnew extends Error {}

/** Steps of making an index that are taken in one turn of the event loop: about a millisecond. */
const stepsInTurn = 8

/** How often something is looked up again because its index or its segment was replaced meanwhile. */
const attemptsMax = 5

/** Damaged places that are remembered so as to be told once. */
const toldDamageMax = 10_000

/** The segments on the disk and their indexes: which files there are, and where blocks lie in them. */
export class SegmentStore {
  readonly segments = new Map<number, Segment>()
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly #logger: Logger
  readonly #pages = new RowPages()
  readonly #files: OpenFiles<Segment>
  readonly #indexes: OpenFiles<Segment>
  readonly #toldDamage = new Set<string>()
  readonly #indexing = new Set<Segment>()
  readonly #leftovers = new Set<number>()

  constructor(fileSystem: FileSystem, directory: string, logger: Logger) {
    this.fileSystem = fileSystem
    this.directory = directory
    this.#logger = logger
    this.#files = new OpenFiles(({ number }) => fileSystem.open(this.pathOf(number), 'read'))
    this.#indexes = new OpenFiles(({ number }) => fileSystem.open(this.indexPathOf(number), 'read'))
  }

  pathOf(segment: number): string {
    return `${this.directory}/${segmentName(segment)}`
  }

  indexPathOf(segment: number): string {
    return `${this.directory}/${indexName(segment)}`
  }

  /** The segments in order of number. */
  inOrder(): Segment[] {
    return [...this.segments.values()].sort((a, b) => a.number - b.number)
  }

  /** Says that a segment gets no more blocks, and writes its index. Reading goes on meanwhile. */
  async finish(segment: Segment, validLength: number, damage: readonly ByteRange[] = []): Promise<void> {
    this.#indexing.add(segment)
    await this.writeIndex(segment, await this.describe(segment, validLength, damage))
  }

  /** Says what a segment holds that gets no more blocks. Returns the index that must be written. */
  async describe(segment: Segment, validLength: number, damage: readonly ByteRange[] = []): Promise<EncodedIndex> {
    const index = await inTurns(encodeIndex(segment, validLength, damage, segment.rows!))
    if (segment.directory) this.#pages.forget(segment.directory)
    segment.directory = index.directory
    return index
  }

  /** Puts a segment's index on the disk, and lets go of what is in memory for it. */
  async writeIndex(segment: Segment, { parts, release }: EncodedIndex): Promise<void> {
    const name = indexName(segment.number)
    this.#indexing.add(segment)
    try {
      await replaceFile(this.fileSystem, this.directory, name, parts)
      this.#indexes.drop(segment)
      segment.hasIndex = true
      segment.rows = undefined
      segment.recent?.clear()
      segment.recent = undefined
    } catch (error) {
      // Not needed for truth, only for a quick start: it is tried again, and an opening reads the segment itself.
      this.#logger.log('warn', 'a segment has no index', { segment: segment.number, error: String(error) })
      await this.fileSystem.remove(`${this.directory}/${name}.new`).catch(() => {})
    } finally {
      this.#indexing.delete(segment)
      release()
    }
  }

  /** Tries again to write the indexes that could not be written. */
  async writeMissingIndexes(): Promise<void> {
    for (const segment of this.inOrder()) {
      const { directory, rows } = segment
      if (!directory || !rows || this.#indexing.has(segment) || segment.isUnsure) continue
      await this.finish(segment, directory.validLength, directory.damage)
    }
  }

  /** Whether nothing goes on with a finished segment: then it may be deleted. */
  isAtRest(segment: Segment): boolean {
    return segment.directory !== undefined && !this.#indexing.has(segment) && !segment.isUnsure
  }

  /**
   * Runs `look` on a segment, or on what has taken its place; again when that, or its index, was replaced meanwhile.
   * @throws StorageFailed
   */
  async withSegment<T>(segment: Segment, look: (segment: Segment) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const current = newest(segment)
      try {
        return await look(current)
      } catch (error) {
        const isStale = current.successor !== undefined || error instanceof IndexMadeAnew
        if (!isStale || attempt === attemptsMax) throw error
      }
    }
  }

  /** The same with the segment's file, which is the same one throughout a look. @throws StorageFailed */
  withFile<T>(segment: Segment, look: (segment: Segment, file: OpenFile) => Promise<T>): Promise<T> {
    return this.withSegment(segment, async (current) => {
      const opened = this.#files.take(current)
      try {
        return await look(current, opened)
      } finally {
        this.#files.release(opened)
      }
    })
  }

  /** Where a log's runs lie in a segment; undefined if it holds none. Only for `withSegment`. */
  rowsOf(segment: Segment, logNumber: number): LogRows | undefined {
    if (segment.rows) {
      const rows = segment.rows.rowsOf(logNumber)
      return rows && new LogRows(rows.count, rows.ends, () => ({ rows, first: 0 }))
    }
    const directory = segment.directory!
    const i = directory.find(logNumber)
    if (i < 0) return undefined
    const [firstRow, count] = [directory.firstRow(i), directory.rowsOf(i)]
    return new LogRows(count, directory.endsOf(i), (row) => this.#runAt(segment, directory, firstRow, count, row))
  }

  /** The offset after a log's last entry in a segment. */
  endOffset(segment: Segment, logNumber: number): number {
    if (segment.rows) return segment.rows.endOffset(logNumber)
    const i = segment.directory?.find(logNumber) ?? -1
    return i < 0 ? 0 : segment.directory!.endOffset(i)
  }

  /** What a log's runs take in a segment that is finished; undefined of one that is written to. */
  bytesOf(segment: Segment, logNumber: number): number | undefined {
    if (segment.rows) return undefined
    const i = segment.directory?.find(logNumber) ?? -1
    return i < 0 ? 0 : segment.directory!.bytesOf(i)
  }

  /** The time of a log's last entry in a segment. */
  lastMs(segment: Segment, logNumber: number): number {
    if (segment.rows) return segment.rows.lastMs(logNumber)
    const i = segment.directory?.find(logNumber) ?? -1
    return i < 0 ? 0 : segment.directory!.lastMs(i)
  }

  /** Opens a segment's file, or takes the open one. It must be released. */
  open(segment: Segment): OpenFile {
    return this.#files.take(segment)
  }

  release(opened: OpenFile): void {
    this.#files.release(opened)
  }

  /** Reads from a segment's file. Resolves with how many bytes there were. @throws StorageFailed */
  async readAt(segment: Segment, opened: OpenFile, into: Uint8Array, position: number): Promise<number> {
    try {
      return await (await opened.file).read(into, position)
    } catch (error) {
      this.#files.drop(segment)
      throw unreadable(this.pathOf(segment.number), error)
    }
  }

  /** Tells of a damaged range, once. */
  tellDamage(segment: number, { from, to }: ByteRange): void {
    const key = `${segment} ${from}`
    if (this.#toldDamage.has(key)) return
    if (this.#toldDamage.size < toldDamageMax) this.#toldDamage.add(key)
    const facts = { file: this.pathOf(segment), fromByte: from, toByte: to }
    this.#logger.log(
      'error',
      `${facts.file} is damaged from byte ${from} to ${to}: these entries are not served`,
      facts,
    )
  }

  /** Puts a segment in the place of those that it was made from. Who reads one of them now reads on from its file. */
  replace(old: readonly Segment[], made: Segment): void {
    for (const segment of old) {
      segment.successor = made
      this.segments.delete(segment.number)
      this.#letGo(segment)
    }
    this.segments.set(made.number, made)
  }

  /** Tells that nobody knows which of two names is on the disk, so that neither file goes. */
  tellUnsure({ message: reason }: Error): void {
    const facts = { folder: this.directory, reason }
    this.#logger.log('warn', 'a compaction is not durable: what it took the place of stays until the next start', facts)
  }

  /** Takes a finished segment off the disk. */
  async remove(segment: Segment): Promise<void> {
    await this.#removeFiles(segment.number)
    this.segments.delete(segment.number) // only now: what could not be removed is tried again
    this.#letGo(segment)
  }

  /** Takes a finished segment's index off the disk: it can be made anew. */
  async removeIndex(segment: Segment): Promise<void> {
    this.#indexes.drop(segment)
    await this.fileSystem.remove(this.indexPathOf(segment.number)).catch(ignoreMissing)
    segment.hasIndex = false
  }

  /** Removes segments that are no part of the log: nothing was acknowledged in them, or another has all of it. */
  async removeLeftover(...segments: readonly number[]): Promise<void> {
    for (const segment of segments) this.#leftovers.add(segment)
    await this.removeLeftovers().catch(() => {}) // a sweep tries again
  }

  /**
   * Removes what is left of segments that failed or were compacted, durably: once the segments around them are gone,
   * nothing tells them from those that count. First the name of what they were compacted into must be durable.
   */
  async removeLeftovers(): Promise<void> {
    if (this.#leftovers.size === 0) return
    const numbers = [...this.#leftovers]
    await this.syncDirectory()
    for (const number of numbers) await this.#removeFiles(number)
    await this.syncDirectory()
    for (const number of numbers) this.#leftovers.delete(number)
  }

  async #removeFiles(segment: number): Promise<void> {
    await this.fileSystem.remove(this.pathOf(segment)).catch(ignoreMissing)
    await this.fileSystem.remove(this.indexPathOf(segment)).catch(ignoreMissing)
  }

  syncDirectory(): Promise<void> {
    return this.fileSystem.syncDirectory(this.directory)
  }

  /** Closes the files that nobody reads from now. False if there are none. */
  async closeIdle(): Promise<boolean> {
    const closed = await Promise.all([this.#files.closeIdle(), this.#indexes.closeIdle()])
    return closed.includes(true)
  }

  async close(): Promise<void> {
    this.#files.dropAll()
    this.#indexes.dropAll()
  }

  #letGo(segment: Segment): void {
    this.#files.drop(segment)
    this.#indexes.drop(segment)
    if (segment.directory) this.#pages.forget(segment.directory)
  }

  /** The part of a log's rows that is in the same page of the index as a row. */
  async #runAt(
    segment: Segment,
    directory: SegmentDirectory,
    firstRow: number,
    count: number,
    row: number,
  ): Promise<RowRun> {
    const page = Math.floor((firstRow + row) / rowsPerPage)
    const rows = this.#pages.get(directory, page) ?? (await this.#readPage(segment, directory, page))
    const pageBegin = page * rowsPerPage - firstRow
    const first = Math.max(0, pageBegin)
    return { rows: rows.slice(first - pageBegin, Math.min(count - pageBegin, rows.count)), first }
  }

  async #readPage(segment: Segment, directory: SegmentDirectory, page: number): Promise<BlockRows> {
    const { from, to } = directory.pageRange(page)
    const bytes = new Uint8Array(to - from)
    const opened = this.#indexes.take(segment)
    let length: number
    try {
      length = await (await opened.file).read(bytes, from)
    } catch (error) {
      this.#indexes.drop(segment)
      if (isMissing(error)) return this.#makeAnew(segment, directory)
      throw unreadable(this.indexPathOf(segment.number), error)
    } finally {
      this.#indexes.release(opened)
    }
    const rows = directory.decodePage(page, bytes.subarray(0, length))
    if (!rows) return this.#makeAnew(segment, directory)
    if (!segment.successor && this.segments.has(segment.number)) this.#pages.add(directory, page, rows)
    return rows
  }

  /** An index that is missing or turned out damaged is made again from the segment. */
  async #makeAnew(segment: Segment, directory: SegmentDirectory): Promise<never> {
    if (segment.successor || segment.directory !== directory || segment.rows) throw new IndexMadeAnew()
    const path = this.indexPathOf(segment.number)
    this.#logger.log('error', `${path} is missing or damaged: it is made anew from the segment`, { file: path })
    const { number } = segment
    const bytes = await readWhole(this.fileSystem, this.pathOf(number)).catch((error: Error) => {
      throw unreadable(this.pathOf(number), error)
    })
    if (segment.successor || segment.directory !== directory || segment.rows) throw new IndexMadeAnew()
    const { rows, validLength, damage } = scanSegment(bytes, number, directory.validLength)
    for (const range of damage) this.tellDamage(number, range)
    segment.rows = rows
    await this.finish(segment, validLength, damage)
    throw new IndexMadeAnew()
  }
}

function unreadable(path: string, error: unknown): StorageFailed {
  return new StorageFailed(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
}

/** Goes on with something between the turns of others. What is small is done at once. */
async function inTurns<T>(making: Generator<void, T>): Promise<T> {
  for (let step = 1; ; step++) {
    const { done, value } = making.next()
    if (done) return value
    if (step % stepsInTurn === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
