import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import type { Logger } from '@millrace/ports'
import type { LogEvent, LogEvents } from '../../core/ports/log-events.ts'
import { type FileSystem, ignoreMissing, makeDirectories, nodeFileSystem } from './file-system.ts'

/*
 * Log groups as folders, log streams as files, one event to a line, as GetLogEvents would give it:
 *
 *   DIR/aws/kinesisfirehose/orders/DestinationDelivery.jsonl      {"timestamp":1767225600000,"message":"…"}
 *   DIR/aws/kinesisfirehose/orders/DestinationDelivery.jsonl.1    the lines before
 */

export type LogEventLimits = {
  /** A file that is as long becomes the older one; what was the older one is gone. */
  readonly fileBytesMax: number
  /** Log streams that are written to while the server runs. */
  readonly logStreamsMax: number
  /** Lines that wait for the disk. */
  readonly queuedBytesMax: number
}

const limitsDefault: LogEventLimits = {
  fileBytesMax: 4 * 1024 * 1024,
  logStreamsMax: 1000,
  queuedBytesMax: 1024 * 1024,
}

/** Keeps events in a folder. They are not made durable: a crash of the machine may cost the last of them. */
export class LogEventFolder implements LogEvents {
  readonly #directory: string
  readonly #logger: Logger
  readonly #fileSystem: FileSystem
  readonly #limits: LogEventLimits
  readonly #paths = new Set<string>()
  /** Lines that wait, by file. */
  #queued = new Map<string, Buffer[]>()
  #queuedBytes = 0
  #leftOut = 0
  #writing: Promise<void> | undefined

  constructor(directory: string, logger: Logger, fileSystem: FileSystem = nodeFileSystem, limits = limitsDefault) {
    this.#directory = directory
    this.#logger = logger
    this.#fileSystem = fileSystem
    this.#limits = limits
  }

  put(logGroup: string, logStream: string, { timestampMs, message }: LogEvent): void {
    const path = `${this.#directory}/${pathOf(logGroup, logStream)}`
    const line = Buffer.from(`${JSON.stringify({ timestamp: timestampMs, message })}\n`)
    const isKnown = this.#paths.has(path)
    const { logStreamsMax, queuedBytesMax } = this.#limits
    if ((!isKnown && this.#paths.size >= logStreamsMax) || this.#queuedBytes + line.byteLength > queuedBytesMax) {
      this.#leftOut++
      this.#writing ??= this.#write()
      return
    }
    if (!isKnown) this.#paths.add(path)
    this.#queuedBytes += line.byteLength
    const lines = this.#queued.get(path)
    if (lines) lines.push(line)
    else this.#queued.set(path, [line])
    this.#writing ??= this.#write()
  }

  /** Writes what waits. */
  async stop(): Promise<void> {
    await this.#writing
  }

  /** Until nothing waits any more. Never rejects. */
  async #write(): Promise<void> {
    await undefined // what is told in one go is written in one go
    do {
      const queued = this.#queued
      this.#queued = new Map()
      this.#queuedBytes = 0
      for (const [path, lines] of queued)
        await this.#append(path, lines).catch((error: unknown) => {
          this.#leftOut += lines.length
          this.#logger.log('warn', 'events of a log could not be written', { path, error })
        })
      if (this.#leftOut > 0) this.#logger.log('warn', 'events of logs were left out', { events: this.#leftOut })
      this.#leftOut = 0
    } while (this.#queued.size > 0)
    this.#writing = undefined
  }

  async #append(path: string, lines: readonly Buffer[]): Promise<void> {
    const file = await this.#opened(path)
    try {
      await file.append(lines)
      if ((await file.size()) < this.#limits.fileBytesMax) return
    } finally {
      await file.close()
    }
    await this.#fileSystem.rename(path, `${path}.1`)
  }

  async #opened(path: string) {
    const there = await this.#fileSystem.open(path, 'append').catch(ignoreMissing)
    if (there) return there
    await makeDirectories(this.#fileSystem, dirname(path))
    return this.#fileSystem.open(path, 'create')
  }
}

/** Longest name of a file or folder, in bytes, but for `.jsonl.1`: file systems take 255. */
const nameBytesMax = 200

/** A group's slashes make folders; anything in a name that a file system might not take is written as `%` and two digits. */
const pathOf = (logGroup: string, logStream: string) =>
  [
    ...logGroup
      .split('/')
      .filter((part) => part !== '')
      .map(nameOf),
    `${nameOf(logStream)}.jsonl`,
  ].join('/')

function nameOf(text: string): string {
  const plain = Buffer.from(text)
    .toString('latin1')
    .replace(/[^A-Za-z0-9._#-]/g, percent)
  const name = plain.replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E'))
  if (name.length <= nameBytesMax) return name
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32)
  return `${name.slice(0, nameBytesMax - digest.length)}${digest}`
}

const percent = (byte: string) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
