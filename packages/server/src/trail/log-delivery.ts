import type { Clock, Logger } from '@millrace/ports'
import type { ObjectStore } from '../core/ports/objects.ts'
import { closedPath } from './journal.ts'
import type { JournalFiles } from './journal-files.ts'
import { logFileKey, logFileOf } from './log-file.ts'

export type LogDeliveryParts = {
  readonly directory: string
  readonly files: JournalFiles
  readonly objects: Pick<ObjectStore, 'put'>
  /** Where the objects go. A prefix ends in a slash, or is empty. */
  readonly bucket: string
  readonly prefix: string
  readonly clock: Clock
  readonly logger: Logger
}

const firstPauseMs = 1000
const longestPauseMs = 5 * 60_000

/** Puts closed files of the journal, one after the other, as log files; tries each until it is there. */
export class LogDelivery {
  readonly #parts: LogDeliveryParts
  readonly #waiting: string[] = []
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined

  constructor(parts: LogDeliveryParts) {
    this.#parts = parts
  }

  deliver(name: string): void {
    this.#waiting.push(name)
    this.#running ??= this.#run()
  }

  /** Tries once more what is left; what cannot be put then is put after the next start. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    const left = this.#waiting.length
    if (left > 0)
      this.#parts.logger.log('warn', 'log files of the audit trail wait for the next start', { files: left })
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, logger } = this.#parts
    let pauseMs = firstPauseMs
    while (this.#waiting.length > 0) {
      const name = this.#waiting[0]!
      try {
        await this.#put(name)
        this.#waiting.shift()
        pauseMs = firstPauseMs
      } catch (error) {
        logger.log('error', 'a log file of the audit trail cannot be stored, and is tried again', {
          name,
          error,
          waiting: this.#waiting.length,
        })
        if (this.#stopping.signal.aborted) break
        await clock.sleep(pauseMs, this.#stopping.signal)
        pauseMs = Math.min(2 * pauseMs, longestPauseMs)
      }
    }
    this.#running = undefined
  }

  async #put(name: string): Promise<void> {
    const { directory, files, objects, bucket, prefix, logger } = this.#parts
    const path = closedPath(directory, name)
    const key = logFileKey(name)
    if (key === undefined)
      return void logger.log('warn', 'a file in the journal of the audit trail is not one of its own', { name })
    const { gzip, records, damagedLines } = await logFileOf(await files.read(path))
    if (damagedLines > 0) logger.log('warn', 'half-written audit records were left out', { damagedLines })
    // The name does not change: after a crash between these two, the same object is put again.
    if (records > 0)
      await objects.put(bucket, prefix + key, [gzip], { contentType: 'application/json', contentEncoding: 'gzip' })
    await files.remove(path)
  }
}
