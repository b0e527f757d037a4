import { dirname } from 'node:path'
import type { Logger } from '@millrace/ports'
import { BatchBuilder, type BuilderContext } from './batch-builder.ts'
import { findById } from './file-scan.ts'
import type { FileStat, FileSystem, OpenFile } from './file-system.ts'
import { RecordSplitter } from './record-splitter.ts'
import {
  emptySignature,
  headLengthMax,
  holds,
  isSameSignature,
  type Signature,
  signatureAt,
  signatureOf,
} from './signature.ts'

/** What the files of a flow share. */
export type TailContext = BuilderContext & {
  readonly recordBytesMax: number
  readonly fileSystem: FileSystem
  readonly logger: Logger
  /** The contents went away: whoever has copies of them is to be looked for before the file is read anew. */
  readonly onTruncated: (tail: FileTail, lost: LostContents) => Promise<void>
  /** The longest time between two looks at a file that does not grow. */
  readonly idleLookMs: () => number
}

/** Where to begin, and what is known of the file so far. */
export type TailStart = {
  readonly offset: number
  readonly head: Signature
  readonly tail: Signature
  readonly isFinished: boolean
}

/** By what the contents of a truncated file are known in its copy. */
export type LostContents = { readonly path: string } & TailStart

export const fromBeginning: TailStart = { offset: 0, head: emptySignature, tail: emptySignature, isFinished: false }

/** A file that lost its name is still for so long, then its last line is taken as it is, and the file is let go. */
const retiredQuietMs = 1000

/** Between tries on a file that cannot be read. */
const troubleRetryMs = { first: 500, max: 10_000 }

/** Follows one file, by its inode and whatever its name: reads what is new, makes batches of it, and knows how far they got. */
export class FileTail {
  readonly id: string
  path: string
  /** Files that must be at their end before this one is read: what it replaced, or the copy of what was in it. */
  readonly after = new Set<FileTail>()
  /** When to look next, by the monotonic clock. */
  nextLookMs = 0

  readonly #context: TailContext
  readonly #builder: BatchBuilder
  #file: OpenFile | undefined
  #splitter: RecordSplitter
  #head: Signature
  /** Of the bytes before the position that was read to. */
  #tail: Signature
  #isFinished: boolean
  #busy: Promise<void> | undefined
  #sizeBytes = 0
  #modifiedMs = -1
  #grewAtMs: number
  #lookAfterMs: number
  #troubleMs = 0
  #retired: 'renamed' | 'gone' | undefined
  /** Its size was looked at since it was found, or lost its name. */
  #isCurrent = false
  #isStopped = false

  constructor(id: string, path: string, start: TailStart, context: TailContext) {
    this.id = id
    this.path = path
    this.#context = context
    this.#head = start.head
    this.#tail = start.tail
    this.#isFinished = start.isFinished
    this.#splitter = this.#splitterFrom(start.offset)
    this.#builder = new BatchBuilder(context, this, start.offset)
    this.#grewAtMs = context.clock.monotonicMs()
    this.#lookAfterMs = context.flow.pollMs
  }

  /** Where reading goes on. */
  get position(): number {
    return this.#splitter.position
  }

  get head(): Signature {
    return this.#head
  }

  /** Someone reads it, or waits for room to read on. */
  get isBusy(): boolean {
    return this.#busy !== undefined
  }

  get isOpen(): boolean {
    return this.#file !== undefined
  }

  get isRetired(): boolean {
    return this.#retired !== undefined
  }

  get grewAtMs(): number {
    return this.#grewAtMs
  }

  /** Bytes in the file that are not delivered. */
  get behindBytes(): number {
    return this.#isFinished ? 0 : Math.max(0, this.#sizeBytes - this.#builder.deliveredOffset)
  }

  get pendingRecords(): number {
    return this.#builder.pendingRecords
  }

  /** All there is has been read, and nothing of it is left to wait for. */
  get isAtEnd(): boolean {
    return this.#isCurrent && (this.#isFinished || (this.#sizeBytes <= this.position && !this.#splitter.hasRemainder))
  }

  /** All there is has been read and acknowledged. */
  get isDelivered(): boolean {
    return this.isAtEnd && this.#builder.isIdle && !this.#busy
  }

  /** It cannot be read at present: nobody waits for it. */
  get isInTrouble(): boolean {
    return this.#troubleMs > 0
  }

  /** It has no name any more, and all of it is delivered. */
  get isDone(): boolean {
    return this.#retired === 'gone' && this.isDelivered && this.#isQuiet(retiredQuietMs)
  }

  contents(): LostContents {
    return { path: this.path, offset: this.position, head: this.#head, tail: this.#tail, isFinished: this.#isFinished }
  }

  /** Its name now leads elsewhere: to another file, or nowhere. What is in it is read to its end. */
  retire(how: 'renamed' | 'gone'): void {
    if (this.#retired === how) return
    this.#retired = how
    this.#isCurrent = false
    this.nextLookMs = 0
  }

  /** Something says that it grew. */
  hint(nowMs: number): void {
    this.#lookAfterMs = this.#context.flow.pollMs
    this.nextLookMs = Math.min(this.nextLookMs, Math.max(nowMs, this.#grewAtMs + this.#lookAfterMs))
  }

  /** What a scan saw of it: there is no need to look at what has not changed. */
  notice({ sizeBytes, modifiedMs }: FileStat, nowMs: number): void {
    if (sizeBytes !== this.#sizeBytes || modifiedMs !== this.#modifiedMs) this.hint(nowMs)
  }

  /** Looks whether there is something new, and reads it. One at a time; resolves when it has been read. */
  look(): Promise<void> {
    this.#busy ??= this.#look().finally(() => {
      this.#busy = undefined
    })
    return this.#busy
  }

  /** Sends what is read, if it has waited long enough. */
  flushIfDue(nowMs: number, isForced = false): void {
    if (this.#busy) return
    if (this.#splitter.remainderIsLines && this.#isQuiet(this.#context.flow.batch.ageMs)) this.#takeRemainder()
    if (this.#builder.mayFlush && (isForced || nowMs >= this.flushDueMs)) void this.#builder.flush()
  }

  /** When `flushIfDue` would do something, by the monotonic clock. */
  get flushDueMs(): number {
    const { ageMs } = this.#context.flow.batch
    // No company comes any more to a file that lost its name, and another file may wait for its end.
    if (this.#builder.mayFlush) return this.#retired && this.isAtEnd ? 0 : this.#builder.openedAtMs + ageMs
    return this.#splitter.remainderIsLines ? this.#grewAtMs + ageMs : Number.POSITIVE_INFINITY
  }

  /** Reads no more; sends what was read, and resolves when that is done or given up. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#busy
    await this.#builder.finish()
    await this.close()
  }

  /** Lets the file go; it is opened again when there is need. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
  }

  async #look(): Promise<void> {
    const { clock } = this.#context
    const startedMs = clock.monotonicMs()
    try {
      for (const other of this.after) if (other.isDelivered || other.isInTrouble) this.after.delete(other)
      if (this.after.size > 0 || this.#isStopped) return
      this.#file ??= await this.#open()
      await this.#readNew(this.#file, await this.#file.stat())
      if (this.#troubleMs > 0) this.#context.logger.log('info', `${this.path} can be read again`)
      this.#troubleMs = 0
    } catch (error) {
      await this.#hasTrouble(error as NodeJS.ErrnoException)
    } finally {
      this.nextLookMs = Math.max(startedMs, clock.monotonicMs() - this.#context.flow.pollMs) + this.#lookAfterMs
    }
  }

  /** By its path, else by whatever name it has in the same directory. @throws ENOENT */
  async #open(): Promise<OpenFile> {
    const { fileSystem } = this.#context
    const file = await fileSystem.open(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return undefined
    })
    if (file && (await file.stat()).id === this.id) return file
    await file?.close()
    const moved = await findById(fileSystem, dirname(this.path), this.id)
    if (moved === undefined) throw Object.assign(new Error(`${this.path} is gone`), { code: 'ENOENT' })
    return fileSystem.open(moved)
  }

  async #readNew(file: OpenFile, stat: FileStat): Promise<void> {
    const hasChanged = stat.sizeBytes !== this.#sizeBytes || stat.modifiedMs !== this.#modifiedMs
    this.#sizeBytes = stat.sizeBytes
    this.#modifiedMs = stat.modifiedMs
    this.#isCurrent = true
    // What is to be read is compared when it has been read.
    const isToBeRead = !this.#isFinished && this.#sizeBytes > this.position
    if (hasChanged && !isToBeRead && !(await this.#isStillTheSame(file))) await this.#startAgain(file)
    if (this.#isFinished) return this.#waitLonger()
    if (this.#sizeBytes > this.position) await this.#readToEnd(file)
    else this.#waitLonger()
    if (this.#retired && this.#splitter.hasRemainder && this.#isQuiet(retiredQuietMs)) this.#takeRemainder()
    this.#splitter.release()
  }

  /** Whether what was read is still what stands there; learns the head while it is short. */
  async #isStillTheSame(file: OpenFile): Promise<boolean> {
    const known = this.#head.length
    const head = new Uint8Array(headLengthMax)
    const count = known < headLengthMax ? await file.read(head, 0) : 0
    if (count > known) {
      // What is new of it by the same read as what was known: between two the file may be truncated.
      if (!isSameSignature(signatureOf(head.subarray(0, known)), this.#head)) return false
      this.#head = signatureOf(head.subarray(0, count))
    } else if (!(await holds(file, this.#head, known))) return false
    return holds(file, this.#tail, this.position)
  }

  async #startAgain(file: OpenFile): Promise<void> {
    const { logger, onTruncated } = this.#context
    logger.log('info', `${this.path} was truncated; it is read from its beginning`, { read: this.position })
    const lost = this.contents()
    this.#splitter = this.#splitterFrom(0)
    this.#builder.restart()
    this.#isFinished = false
    this.#tail = emptySignature
    this.#head = await signatureAt(file, 0, headLengthMax)
    await onTruncated(this, lost)
    // What the copy still has comes first.
    if (this.after.size > 0) this.#sizeBytes = 0
  }

  async #readToEnd(file: OpenFile): Promise<void> {
    this.#grewAtMs = this.#context.clock.monotonicMs()
    this.#lookAfterMs = this.#context.flow.pollMs
    while (!this.#isStopped && !this.#isFinished && this.after.size === 0) {
      await this.#builder.waitForRoom()
      if (this.#isStopped) break
      const room = this.#splitter.room(this.#sizeBytes - this.position)
      const count = await file.read(room, this.position)
      if (count === 0) break
      if (this.position === 0) this.#head = signatureOf(room.subarray(0, Math.min(count, headLengthMax)))
      else if (!(await this.#isStillTheSame(file))) {
        // It was truncated since it was looked at, perhaps before these bytes were read: they may be of other contents.
        await this.#startAgain(file)
        continue
      }
      this.#splitter.filled(count)
      this.#tail = this.#splitter.positionSignature()
      this.#sizeBytes = Math.max(this.#sizeBytes, this.position)
      await this.#takeRecords()
    }
    this.#grewAtMs = this.#context.clock.monotonicMs()
  }

  async #takeRecords(): Promise<void> {
    for (let record = this.#splitter.next(); record !== undefined; record = this.#splitter.next()) {
      if (this.#context.records.isFooter(record)) {
        this.#isFinished = true
        this.#builder.end(this.#splitter)
        return
      }
      if (this.#builder.add(record, this.#splitter)) await this.#builder.sendClosed()
      if (this.#isStopped) return
    }
  }

  /** A record whose end did not come, and will not. */
  #takeRemainder(): void {
    const record = this.#splitter.takeRemainder()
    if (record && this.#builder.add(record, this.#splitter)) void this.#builder.sendClosed()
  }

  #isQuiet(ms: number): boolean {
    return this.#context.clock.monotonicMs() - this.#grewAtMs >= ms
  }

  #waitLonger(): void {
    const { flow, idleLookMs } = this.#context
    const mustFinish = this.#retired === 'gone' || (this.#retired && this.#splitter.hasRemainder)
    const mostMs = mustFinish ? retiredQuietMs : idleLookMs()
    this.#lookAfterMs = Math.max(flow.pollMs, Math.min(this.#lookAfterMs * 4, mostMs))
  }

  async #hasTrouble(error: NodeJS.ErrnoException): Promise<void> {
    await this.close()
    if (this.#troubleMs === 0 && error.code !== 'ENOENT')
      this.#context.logger.log('warn', `${this.path} cannot be read; trying again: ${error.message}`)
    this.#troubleMs = Math.min(troubleRetryMs.max, this.#troubleMs * 2 || troubleRetryMs.first)
    this.#lookAfterMs = this.#troubleMs
    // A file that is gone before it could be read: there is nothing to wait for.
    if (error.code !== 'ENOENT' || this.#retired !== 'gone') return
    this.#isCurrent = true
    this.#sizeBytes = this.position
    this.#takeRemainder()
  }

  #splitterFrom(offset: number): RecordSplitter {
    const { flow, recordBytesMax } = this.#context
    return new RecordSplitter(offset, recordBytesMax, offset === 0 ? flow.skipHeaderLines : 0, flow.multiLineStart)
  }
}
