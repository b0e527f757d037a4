import type { Logger } from '../../core/ports.ts'
import { type EntryBlock, type ReadLimits, StorageFailed } from '../log.ts'
import { checkedHead, entriesOf } from './block-format.ts'
import type { BlockRows } from './block-rows.ts'
import { type File, type FileSystem, ignoreMissing, isMissing, readWhole, replaceFile } from './file-system.ts'
import { indexName, scanSegment, segmentName } from './segment-file.ts'
import { type ByteRange, decodeRows, encodeIndex, rowsLength, type SegmentDirectory } from './segment-index.ts'

/** Tables of blocks that are kept in memory once they were read, over all finished segments. */
const rowsBytesMax = 16 * 1024 * 1024

/** Segments that are open for reading at one time. */
const openFilesMax = 64

/** One read from the disk takes neighbouring blocks up to this length together. */
const windowBytesMax = 1024 * 1024

/** Other logs' blocks between them up to this length are read along rather than by a read of their own. */
const gapBytesMax = 64 * 1024

export type Segment = {
  readonly number: number
  /** The segment before it, 0 if none: gone ones are counted by it. */
  readonly previous: number
  /** What it holds, once it is finished. */
  directory?: SegmentDirectory
  /** Where its blocks lie: always while it is written to, and until its index is on the disk. */
  rows?: Map<number, BlockRows>
  /** Its index is on the disk, and says how much of it counts. */
  hasIndex?: boolean
}

/** The segments on the disk: their indexes, and reading from them. */
export class SegmentStore {
  readonly segments = new Map<number, Segment>()
  readonly #leftovers = new Set<number>()
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #logger: Logger
  readonly #rowsRead = new Map<number, Map<number, BlockRows>>()
  #rowsReadBytes = 0
  readonly #files = new Map<number, { readonly file: Promise<File>; users: number; dropped: boolean }>()
  readonly #toldDamage = new Set<string>()

  constructor(fileSystem: FileSystem, directory: string, logger: Logger) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#logger = logger
  }

  pathOf(segment: number): string {
    return `${this.#directory}/${segmentName(segment)}`
  }

  /** Says that a segment gets no more blocks, and writes its index. Reading goes on meanwhile. */
  async finish(segment: Segment, validLength: number, damage: readonly ByteRange[] = []): Promise<void> {
    const rows = segment.rows!
    const { parts, directory } = encodeIndex(segment.number, validLength, damage, rows)
    segment.directory = directory
    const name = indexName(segment.number)
    try {
      await replaceFile(this.#fileSystem, this.#directory, name, parts)
      segment.hasIndex = true
    } catch (error) {
      // Not needed for truth, only for a quick start: whoever needs it again reads the segment itself.
      this.#logger.log('warn', 'a segment has no index', { segment: segment.number, error: String(error) })
      await this.#fileSystem.remove(`${this.#directory}/${name}.new`).catch(() => {})
      this.#keepRows(segment.number, rows)
    }
    segment.rows = undefined
  }

  /** Where a log's blocks lie in a segment. */
  async rowsOf(segment: Segment, logNumber: number): Promise<BlockRows | undefined> {
    const all = segment.rows ?? this.#rowsRead.get(segment.number) ?? (await this.#readRows(segment))
    return all.get(logNumber)
  }

  /** The offset after a log's last entry in a segment. */
  endOffset(segment: Segment, logNumber: number): number {
    const rows = segment.rows?.get(logNumber)
    if (rows) return rows.endOffset(rows.count - 1)
    const i = segment.directory?.find(logNumber) ?? -1
    return i < 0 ? 0 : segment.directory!.endOffset(i)
  }

  /** The time of a log's last entry in a segment. */
  lastMs(segment: Segment, logNumber: number): number {
    const rows = segment.rows?.get(logNumber)
    if (rows) return rows.timestampMs(rows.count - 1)
    const i = segment.directory?.find(logNumber) ?? -1
    return i < 0 ? 0 : segment.directory!.lastMs(i)
  }

  /** Blocks of a log in a segment from an offset on, enough for the limits if it has them. Broken ones are left out. */
  async read(segment: Segment, logNumber: number, from: number, limits: ReadLimits): Promise<EntryBlock[]> {
    const rows = await this.rowsOf(segment, logNumber)
    const found: EntryBlock[] = []
    if (!rows) return found
    let bytesLeft = limits.bytesMax
    let entriesLeft = limits.entriesMax
    let row = rows.rowEndingAfter(from)
    while (row < rows.count && (found.length === 0 || bytesLeft > 0) && entriesLeft > 0) {
      const begin = rows.position(row)
      let afterLast = row + 1
      let end = begin + rows.length(row)
      while (afterLast < rows.count && end - begin < bytesLeft && rows.firstOffset(afterLast) - from < entriesLeft) {
        const nextEnd = rows.position(afterLast) + rows.length(afterLast)
        if (nextEnd - begin > windowBytesMax || rows.position(afterLast) - end > gapBytesMax) break
        end = nextEnd
        afterLast++
      }
      const bytes = new Uint8Array(new ArrayBuffer(end - begin))
      const length = await this.#readAt(segment.number, bytes, begin)
      for (; row < afterLast; row++) {
        const position = rows.position(row)
        const head = checkedHead(bytes.subarray(0, length), position - begin, segment.number, position)
        if (!head || head.logNumber !== logNumber || head.firstOffset !== rows.firstOffset(row)) {
          this.tellDamage(segment.number, { from: position, to: position + rows.length(row) })
          continue
        }
        const block = entriesOf(bytes, position - begin, head)
        found.push(block)
        const skipped = Math.max(0, from - block.firstOffset)
        bytesLeft -= block.bytes.byteLength - block.positions[skipped]!
        entriesLeft -= block.positions.length - 1 - skipped
      }
    }
    return found
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

  /** Takes a finished segment off the disk. */
  async remove(segment: Segment): Promise<void> {
    this.#forgetRows(segment.number)
    this.#dropFile(segment.number)
    await this.#fileSystem.remove(this.pathOf(segment.number)).catch(ignoreMissing)
    await this.removeIndex(segment)
    this.segments.delete(segment.number) // only now: what could not be removed is tried again
  }

  /** Takes a finished segment's index off the disk: it can be made anew. */
  async removeIndex(segment: Segment): Promise<void> {
    await this.#fileSystem.remove(`${this.#directory}/${indexName(segment.number)}`).catch(ignoreMissing)
    segment.hasIndex = false
  }

  /** Removes a segment in which nothing was acknowledged. If it stays, a sweep tries again. */
  async removeLeftover(segment: number): Promise<void> {
    this.#leftovers.add(segment)
    await this.removeLeftovers().catch(() => {})
  }

  /**
   * Removes what is left of segments that failed, durably: once the segments around them are gone, nothing tells them
   * from those that count.
   */
  async removeLeftovers(): Promise<void> {
    if (this.#leftovers.size === 0) return
    const numbers = [...this.#leftovers]
    for (const number of numbers) await this.#fileSystem.remove(this.pathOf(number)).catch(ignoreMissing)
    await this.syncDirectory()
    for (const number of numbers) this.#leftovers.delete(number)
  }

  syncDirectory(): Promise<void> {
    return this.#fileSystem.syncDirectory(this.#directory)
  }

  /** Closes the files that nobody reads from now. False if there are none. */
  async closeIdle(): Promise<boolean> {
    const idle = [...this.#files].filter(([, { users }]) => users === 0)
    for (const [number] of idle) this.#files.delete(number)
    await Promise.all(idle.map(([, { file }]) => file.then((opened) => opened.close()).catch(() => {})))
    return idle.length > 0
  }

  async close(): Promise<void> {
    for (const number of [...this.#files.keys()]) this.#dropFile(number)
  }

  async #readRows(segment: Segment): Promise<Map<number, BlockRows>> {
    const path = `${this.#directory}/${indexName(segment.number)}`
    const directory = segment.directory!
    let decoded: Map<number, BlockRows> | undefined
    try {
      const file = await this.#fileSystem.open(path, 'read')
      try {
        const bytes = new Uint8Array(rowsLength(directory))
        const length = await file.read(bytes, directory.rowsPosition)
        decoded = decodeRows(bytes.subarray(0, length), directory)
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!isMissing(error))
        throw new StorageFailed(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
    }
    if (!decoded) return this.#makeAnew(segment, path)
    this.#keepRows(segment.number, decoded)
    return decoded
  }

  /** Keeps a table that can be had again, in place of the oldest ones. */
  #keepRows(segment: number, rowsByLog: Map<number, BlockRows>): void {
    this.#forgetRows(segment)
    this.#rowsRead.set(segment, rowsByLog)
    for (const rows of rowsByLog.values()) this.#rowsReadBytes += rows.cells.byteLength
    for (const number of this.#rowsRead.keys()) {
      if (this.#rowsReadBytes <= rowsBytesMax || number === segment) break
      this.#forgetRows(number)
    }
  }

  /** An index that is missing or turned out damaged is made again from the segment. */
  async #makeAnew(segment: Segment, path: string): Promise<Map<number, BlockRows>> {
    this.#logger.log('error', `${path} is missing or damaged: it is made anew from the segment`, { file: path })
    const { number } = segment
    const bytes = await readWhole(this.#fileSystem, this.pathOf(number)).catch((error: Error) => {
      throw new StorageFailed(`${this.pathOf(number)} cannot be read: ${error.message}`, { cause: error })
    })
    const { rowsByLog, validLength, damage } = scanSegment(bytes, number, segment.directory!.validLength)
    for (const range of damage) this.tellDamage(number, range)
    segment.rows = rowsByLog
    await this.finish(segment, validLength, damage)
    return rowsByLog
  }

  #forgetRows(segment: number): void {
    const rowsByLog = this.#rowsRead.get(segment)
    if (!rowsByLog) return
    for (const rows of rowsByLog.values()) this.#rowsReadBytes -= rows.cells.byteLength
    this.#rowsRead.delete(segment)
  }

  async #readAt(segment: number, into: Uint8Array, position: number): Promise<number> {
    let opened = this.#files.get(segment)
    if (!opened) {
      opened = { file: this.#fileSystem.open(this.pathOf(segment), 'read'), users: 0, dropped: false }
      this.#files.set(segment, opened)
      const oldest = this.#files.size > openFilesMax ? this.#files.keys().next().value : undefined
      if (oldest !== undefined) this.#dropFile(oldest)
    }
    opened.users++
    try {
      return await (await opened.file).read(into, position)
    } catch (error) {
      if (this.#files.get(segment) === opened) this.#dropFile(segment)
      throw new StorageFailed(`${this.pathOf(segment)} cannot be read: ${(error as Error).message}`, { cause: error })
    } finally {
      if (--opened.users === 0 && opened.dropped) closeQuietly(opened.file)
    }
  }

  /** Closes a file once nobody reads from it. */
  #dropFile(segment: number): void {
    const opened = this.#files.get(segment)
    if (!opened) return
    this.#files.delete(segment)
    opened.dropped = true
    if (opened.users === 0) closeQuietly(opened.file)
  }
}

/** Damaged places that are remembered so as to be told once. */
const toldDamageMax = 10_000

function closeQuietly(file: Promise<File>): void {
  file.then((opened) => opened.close()).catch(() => {}) // it was for reading only: nothing can be lost
}
