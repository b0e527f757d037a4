import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '@millrace/ports'
import type { JqMessage, JqQuestion, JqWorkerData } from './jq-worker.ts'
import type { QueryResult } from './query-result.ts'

export type JqRunnerOptions = {
  /** @default the machine's: the thread computes in its time, whatever time the server has */
  readonly clock?: Clock
  /** Many records may take so long together. @default 5000 */
  readonly sliceMsMax?: number
  /** One record may take so long, when many took too long. @default 2000 */
  readonly recordMsMax?: number
  /** What jq may use. @default 256 MiB */
  readonly memoryBytesMax?: number
}

/** Records that jq gets at once: enough to spread what a run costs, few enough to answer soon. */
const sliceRecordsMax = 500
const sliceBytesMax = 2 * 1024 * 1024

/** How long loading jq may take, on a machine that has much else to do. */
const startMsMax = 60_000

const program = join(import.meta.dirname, `jq-worker${extname(import.meta.filename)}`)

/**
 * Runs a jq query on records, in a thread of its own that begins at the first one. A record on which the query loops,
 * crashes or eats memory costs the thread, and fails alone: the others are run again.
 */
export class JqRunner {
  readonly #query: string
  readonly #options: Required<JqRunnerOptions>
  #thread: Promise<JqThread> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(query: string, options: JqRunnerOptions = {}) {
    this.#query = query
    this.#options = {
      clock: systemClock,
      sliceMsMax: 5000,
      recordMsMax: 2000,
      memoryBytesMax: 256 * 1024 * 1024,
      ...options,
    }
  }

  /** What is wrong with the query itself. */
  async queryFault(): Promise<string | undefined> {
    return (await this.#ready()).queryFault
  }

  /** A result for each record, in order; one run after the other. Rejects when `signal` aborts. */
  run(records: readonly Uint8Array[], signal: AbortSignal): Promise<QueryResult[]> {
    const done = this.#turn.then(() => this.#runAll(records, signal))
    this.#turn = done.catch(() => {})
    return done
  }

  async close(): Promise<void> {
    const thread = await this.#thread
    await thread?.end()
  }

  async #runAll(records: readonly Uint8Array[], signal: AbortSignal): Promise<QueryResult[]> {
    const results: QueryResult[] = []
    let aloneUntil = 0
    while (results.length < records.length) {
      signal.throwIfAborted()
      const from = results.length
      const isAlone = from < aloneUntil
      const slice = isAlone ? [records[from]!] : sliceFrom(records, from)
      const { recordMsMax, sliceMsMax } = this.#options
      const answered = await this.#ask(slice, isAlone ? recordMsMax : sliceMsMax, signal)
      if (typeof answered !== 'string') for (const result of answered) results.push(result)
      else if (isAlone) results.push({ fault: answered })
      else aloneUntil = from + slice.length // whichever it was
    }
    return results
  }

  /** The answer, or why there is none. */
  async #ask(
    slice: readonly Uint8Array[],
    msMax: number,
    signal: AbortSignal,
  ): Promise<readonly QueryResult[] | string> {
    const thread = await this.#ready()
    if (thread.queryFault !== undefined) return slice.map(() => ({ fault: thread.queryFault! }))
    let fault = 'The query needed too much memory'
    const stopTimer = this.#options.clock.after(msMax, () => {
      fault = `The query took longer than ${msMax} ms`
      void thread.end()
    })
    const stop = () => void thread.end()
    signal.addEventListener('abort', stop, { once: true })
    const results = await thread.ask(questionOf(slice))
    signal.removeEventListener('abort', stop)
    stopTimer()
    if (results) return results
    this.#thread = undefined
    return fault
  }

  #ready(): Promise<JqThread> {
    const { clock, memoryBytesMax } = this.#options
    this.#thread ??= JqThread.start({ query: this.#query, memoryBytesMax }, clock).then((thread) => {
      if (thread.isOver) this.#thread = undefined
      return thread
    })
    return this.#thread
  }
}

function sliceFrom(records: readonly Uint8Array[], from: number): readonly Uint8Array[] {
  let to = from
  let sizeBytes = 0
  do sizeBytes += records[to++]!.byteLength
  while (to < records.length && to - from < sliceRecordsMax && sizeBytes + records[to]!.byteLength <= sliceBytesMax)
  return records.slice(from, to)
}

function questionOf(records: readonly Uint8Array[]): JqQuestion {
  const bytes = new Uint8Array(records.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let end = 0
  const ends = records.map((record) => {
    bytes.set(record, end)
    end += record.byteLength
    return end
  })
  return { bytes, ends }
}

/** A thread with jq and a query, as long as it lives. */
class JqThread {
  readonly #worker: Worker
  readonly queryFault: string | undefined
  #answer: ((results: readonly QueryResult[] | undefined) => void) | undefined
  #isOver: boolean

  private constructor(worker: Worker, queryFault: string | undefined, isOver: boolean) {
    this.#worker = worker
    this.queryFault = queryFault
    this.#isOver = isOver
    worker.on('message', (message: JqMessage) => {
      if ('results' in message) this.#answered(message.results)
    })
    worker.on('exit', () => {
      this.#isOver = true
      this.#answered(undefined)
    })
  }

  /** Resolves when it is ready. One that ended before that is over, and blames the query. */
  static async start(data: JqWorkerData, clock: Clock): Promise<JqThread> {
    // Not a process of the operator's: it needs nothing of the environment.
    const worker = new Worker(program, { workerData: data, env: {}, stderr: true, stdout: true })
    worker.on('error', () => {}) // 'exit' follows
    worker.stderr.resume()
    worker.stdout.resume()
    worker.unref()
    const stopTimer = clock.after(startMsMax, () => void worker.terminate())
    const first = await new Promise<JqMessage | undefined>((resolve) => {
      worker.once('message', resolve)
      worker.once('exit', () => resolve(undefined))
    })
    stopTimer()
    if (!first || !('queryFault' in first)) return new JqThread(worker, 'jq cannot run it', true)
    return new JqThread(worker, first.queryFault, false)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Undefined when the thread ended over it. One question at a time. */
  ask(question: JqQuestion): Promise<readonly QueryResult[] | undefined> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve(undefined)
      this.#answer = resolve
      this.#worker.postMessage(question, [question.bytes.buffer as ArrayBuffer])
    })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #answered(results: readonly QueryResult[] | undefined): void {
    this.#answer?.(results)
    this.#answer = undefined
  }
}
