import assert from 'node:assert/strict'
import type { Clock, Logger } from '@millrace/ports'
import type { JournalFile, JournalFiles } from './journal-files.ts'

/*
 * Records on their way into log files, a line of JSON each:
 *
 *   DIR/open.jsonl                               takes records; handed to the system at once, on the disk within a second
 *   DIR/ACCT_CloudTrail_….json.gz.jsonl          full, named for the log file that it becomes; gone when that is put
 *
 * After a crash the last line of the open one may be half there: it is cut off.
 */

export type JournalLimits = {
  /** Lines that wait for the disk. */
  readonly queuedBytesMax: number
  /** A file is closed when it is so long, */
  readonly fileBytesMax: number
  /** or so long after its first record. */
  readonly fileAgeMaxMs: number
  /** How long a record may be in the system's memory alone. */
  readonly syncMs: number
  /** How soon a disk that failed is tried again. */
  readonly retryMs: number
}

export const standardLimits: JournalLimits = {
  queuedBytesMax: 8 * 1024 * 1024,
  fileBytesMax: 8 * 1024 * 1024,
  fileAgeMaxMs: 5 * 60_000,
  syncMs: 1000,
  retryMs: 1000,
}

export type JournalParts = {
  readonly directory: string
  readonly files: JournalFiles
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: JournalLimits
  /** What a file is called when it is closed. */
  readonly nameNext: () => string
  /** Told of each file that is closed, by its name. */
  readonly onClosed: (name: string) => void
}

const openName = 'open.jsonl'
const suffix = '.jsonl'

/** Takes lines, and does one thing after the other with its files: write, sync, close. */
export class Journal {
  readonly #parts: JournalParts
  #file: JournalFile | undefined
  #fileBytes = 0
  #queued: string[] = []
  #queuedBytes = 0
  /** What is to be done beside writing. */
  #due = { sync: false, close: false, rename: false }
  #working: Promise<void> | undefined
  /** A disk that failed is left alone for a while. */
  #isResting = false
  #cancelSync: (() => void) | undefined
  #cancelAge: () => void = () => {}
  #cancelRest: () => void = () => {}
  /** Records that found no room since the last one that did. */
  #lost = 0
  #lostTotal = 0

  private constructor(parts: JournalParts) {
    this.#parts = parts
  }

  /** Takes up what an earlier process left. @throws what the system says of the folder */
  static async open(parts: JournalParts): Promise<Journal> {
    const { files, directory, logger, onClosed } = parts
    await files.makeFolder(directory)
    const journal = new Journal(parts)
    for (const name of (await files.list(directory)).filter((name) => name.endsWith(suffix)).sort())
      if (name !== openName) onClosed(name.slice(0, -suffix.length))
      else {
        logger.log('warn', 'audit records of a server that ended abruptly were recovered')
        await journal.#rename()
      }
    return journal
  }

  /** Takes a record, as one line without its end. Never waits. */
  append(line: string): void {
    const { limits, logger } = this.#parts
    const bytes = Buffer.byteLength(line) + 1
    if (this.#queuedBytes + bytes > limits.queuedBytesMax) {
      if (this.#lost === 0) logger.log('error', 'the audit trail has no room left: from now on its records are lost')
      this.#lost++
      this.#lostTotal++
      return
    }
    this.#queued.push(line)
    this.#queuedBytes += bytes
    this.#work()
  }

  /** Closes the open file, so that its records become a log file; resolves when it is closed, or cannot be. */
  async rotate(): Promise<void> {
    this.#due.close = true
    this.#isResting = false
    this.#work()
    await this.#working
  }

  /** Writes what waits, and closes the file; tells of what cannot be written. */
  async close(): Promise<void> {
    await this.#working
    await this.rotate()
    this.#cancelSync?.()
    this.#cancelAge()
    this.#cancelRest()
    this.#isResting = true
    const records = this.#queued.length
    if (records > 0) this.#parts.logger.log('error', 'audit records could not be written', { records })
  }

  #work(): void {
    if (this.#isResting) return
    this.#working ??= this.#workUntilDone().finally(() => {
      this.#working = undefined
    })
  }

  /** Until nothing is to do, or the disk fails. Never rejects. */
  async #workUntilDone(): Promise<void> {
    await undefined // what comes in one go is written in one go
    try {
      for (;;) {
        if (this.#due.rename) await this.#rename()
        else if (this.#queued.length > 0) await this.#write()
        else if (this.#due.close) await this.#close()
        else if (this.#due.sync) await this.#sync()
        else return
      }
    } catch (error) {
      this.#rest(error)
    }
  }

  async #write(): Promise<void> {
    const lines = this.#queued
    const count = lines.length
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    this.#file ??= await this.#create()
    try {
      await this.#file.append(bytes)
    } catch (error) {
      await this.#file.truncate(this.#fileBytes) // half a line would spoil the next one
      throw error
    }
    this.#queued = this.#queued.slice(count)
    this.#queuedBytes -= bytes.length
    assert(this.#queuedBytes >= 0, 'no more is written than waits')
    this.#fileBytes += bytes.length
    this.#tellLost()
    const { clock, limits } = this.#parts
    if (this.#fileBytes >= limits.fileBytesMax) this.#due.close = true
    this.#cancelSync ??= clock.after(limits.syncMs, () => {
      this.#due.sync = true
      this.#work()
    })
  }

  async #create(): Promise<JournalFile> {
    const { files, directory, clock, limits } = this.#parts
    const file = await files.create(`${directory}/${openName}`)
    this.#fileBytes = 0
    this.#cancelAge = clock.after(limits.fileAgeMaxMs, () => {
      this.#due.close = true
      this.#work()
    })
    return file
  }

  async #sync(): Promise<void> {
    this.#cancelSync?.()
    this.#cancelSync = undefined
    await this.#file?.sync()
    this.#due.sync = false
  }

  async #close(): Promise<void> {
    await this.#sync()
    await this.#file?.close()
    this.#due.rename = this.#file !== undefined
    this.#file = undefined
    this.#cancelAge()
    this.#due.close = false
  }

  /** What stands in the open file, which nobody writes to any more, is to become a log file. */
  async #rename(): Promise<void> {
    const { files, directory, nameNext, onClosed } = this.#parts
    const name = nameNext()
    await files.rename(`${directory}/${openName}`, closedPath(directory, name))
    this.#due.rename = false
    onClosed(name)
  }

  #rest(error: unknown): void {
    const { clock, limits, logger } = this.#parts
    logger.log('error', 'the audit trail cannot be written', { error, waiting: this.#queued.length })
    this.#isResting = true
    this.#cancelRest()
    this.#cancelRest = clock.after(limits.retryMs, () => {
      this.#isResting = false
      this.#work()
    })
  }

  #tellLost(): void {
    if (this.#lost === 0) return
    const { logger } = this.#parts
    logger.log('error', 'audit records were lost', { records: this.#lost, sinceStart: this.#lostTotal })
    this.#lost = 0
  }
}

/** Where a closed file's lines are. */
export const closedPath = (directory: string, name: string) => `${directory}/${name}${suffix}`
