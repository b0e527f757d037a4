import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '@millrace/ports'
import { LineSplitter } from './line-splitter.ts'

/** A line of more bytes than this is no message, and is not kept while its end is awaited. */
const lineBytesMax = 4 * 1024 * 1024

/** Messages that came unasked for and wait to be read. Above it, the child is not read from until some were taken. */
const waitingLinesMax = 1000

/** How long a child that was told to end may take to heed SIGTERM before it is killed. */
const terminateMs = 2000

/** How long a child whose output has ended may live on before that counts as its end. */
const exitAfterOutputMs = 500

/** How a child's life ended, in words. */
const endedWith = (code: number | null, signal: string | null) =>
  signal === null ? `exited with ${code}` : `was ended by ${signal}`

type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/**
 * A program of a user that runs for one shard: lines in, lines out. What it writes to standard error is passed on as it
 * is, line by line, so that several programs' lines do not mix.
 */
export class ChildProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #clock: Clock
  #lines: string[] = []
  #reader: ((line: string | undefined) => void) | undefined
  #ending: Ending | undefined
  #outputEnded = false
  readonly #closed: Promise<Ending>

  /**
   * Starts it. `isMessage` says which lines are to be read; all others go to `onOtherLine`.
   *
   * @throws Error when it cannot be started: `spawn no-such-program ENOENT`
   */
  static async start(
    command: readonly string[],
    options: {
      readonly clock: Clock
      readonly isMessage: (line: string) => boolean
      readonly onOtherLine: (line: string) => void
      readonly errorOutput: { write(text: string): void }
    },
  ): Promise<ChildProgram> {
    const [executable = '', ...args] = command
    const child = spawn(executable, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return new ChildProgram(child, options)
  }

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    options: Parameters<typeof ChildProgram.start>[1],
  ) {
    this.#child = child
    this.#clock = options.clock
    // A child that ends while it is written to is noticed by its end; later errors of the process are of no use.
    child.stdin.on('error', () => {})
    child.on('error', () => {})
    this.#closed = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }))
    })

    const output = new LineSplitter(lineBytesMax, (line) => {
      if (options.isMessage(line)) this.#take(line)
      else if (line !== '') options.onOtherLine(line)
    })
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    // Its output ends a moment before it does itself, and how it ended is worth the wait.
    const exited = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ending = { code, signal }
        resolve()
      })
    })
    child.stdout.once('end', () => {
      output.end()
      void Promise.race([exited, options.clock.sleep(exitAfterOutputMs)]).then(() => this.#finishOutput())
    })
    const errors = new LineSplitter(lineBytesMax, (line) => options.errorOutput.write(`${line}\n`))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.stderr.once('end', () => errors.end())
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ending && endedWith(this.#ending.code, this.#ending.signal)
  }

  /** Resolves when the child's pipe has taken the line, or when the child is gone: its reader will notice. */
  write(line: string): Promise<void> {
    return new Promise((resolve) => {
      this.#child.stdin.write(`${line}\n`, () => resolve())
    })
  }

  /** The next message; undefined when its output has ended, or `signal` aborts. One reader at a time. */
  next(signal: AbortSignal): Promise<string | undefined> {
    const line = this.#lines.shift()
    if (line !== undefined) {
      if (this.#lines.length < waitingLinesMax) this.#child.stdout.resume()
      return Promise.resolve(line)
    }
    if (this.#outputEnded || signal.aborted) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const done = (value: string | undefined) => {
        this.#reader = undefined
        signal.removeEventListener('abort', stop)
        resolve(value)
      }
      const stop = () => done(undefined)
      signal.addEventListener('abort', stop, { once: true })
      this.#reader = done
    })
  }

  /** Closes its input, which tells it to end; ends it by force when it has not within `graceMs`. Gives how it ended. */
  async close(graceMs: number): Promise<string> {
    this.#child.stdin.end()
    this.#child.stdout.resume()
    this.#lines = []
    const stopTerminate = this.#clock.after(graceMs, () => this.#child.kill('SIGTERM'))
    const stopKill = this.#clock.after(graceMs + terminateMs, () => {
      this.#child.kill('SIGKILL')
      // What it started may hold its pipes open; nobody reads them any more.
      this.#child.stdout.destroy()
      this.#child.stderr.destroy()
    })
    const { code, signal } = await this.#closed
    stopTerminate()
    stopKill()
    return endedWith(code, signal)
  }

  #take(line: string): void {
    if (this.#reader) {
      this.#reader(line)
      return
    }
    this.#lines.push(line)
    if (this.#lines.length >= waitingLinesMax) this.#child.stdout.pause()
  }

  #finishOutput(): void {
    this.#outputEnded = true
    this.#reader?.(undefined)
  }
}
