import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Duplex, Readable } from 'node:stream'
import { answerBytesMax } from '../limits.ts'
import { type AnswerHead, encodeFrame, FrameReader, type RunHead } from './frames.ts'
import { type ModuleFunction, type ProcessSurroundings, startChild } from './function-child.ts'
import { FunctionLog } from './function-log.ts'
import { errorResult, type Invocation, type InvocationResult } from './invocation.ts'

/** How long loading a handler may take, as on AWS. */
const initTimeoutMs = 10_000

/** How often the memory of a busy process is looked at, where the system tells it. */
const memoryCheckMs = 200

/** What Node or Python needs for itself, beyond what a function may use, in MiB. */
const runtimeMiB = 128

/** What is left of a role's keys, at least, when a handler must have answered: SDKs do not use keys that are about to end. */
const keysLeftMs = 10 * 60_000

type Current = {
  readonly requestId: string
  readonly finish: (result: Omit<InvocationResult, 'logTail'>) => void
}

/** One process with one handler: runs one event at a time, and is killed when it breaks a limit. */
export class FunctionProcess {
  readonly #definition: ModuleFunction
  readonly #surroundings: ProcessSurroundings
  readonly #child: ChildProcess
  readonly #pipe: Duplex
  readonly #log: FunctionLog
  readonly #exited: Promise<void>
  #current: Current | undefined
  #isReady = false
  #becameReady = () => {}
  #initFailure: Buffer | undefined
  #brokenLimit: ReturnType<typeof errorResult> | undefined
  #isAlive = true

  constructor(definition: ModuleFunction, surroundings: ProcessSurroundings) {
    this.#definition = definition
    this.#surroundings = surroundings
    this.#log = new FunctionLog(surroundings.logger, definition.name)
    this.#child = startChild(definition, surroundings)
    this.#pipe = this.#child.stdio[3] as Duplex
    const frames = new FrameReader<AnswerHead>(answerBytesMax, (head, body) => this.#take(head, body))
    this.#pipe.on('error', () => {}) // the process ended while we wrote: 'exit' tells it
    this.#pipe.on('data', (bytes: Buffer) => {
      try {
        frames.push(bytes)
      } catch {
        this.#breakLimit('Runtime.InvalidResponse', 'the runtime answered with something that is not an answer')
      }
    })
    for (const stream of ['stdout', 'stderr'] as const)
      (this.#child[stream] as Readable).on('data', (bytes: Buffer) => this.#log.take(stream, bytes))
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#onExit(`cannot start: ${error.message}`, resolve))
      // 'close' comes after the last output, which may say why it ended.
      this.#child.once('close', (code, signal) => this.#onExit(exitReason(code, signal), resolve))
    })
  }

  /** False once it has ended or was killed: it takes no more events. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Until when it may begin an event, by the wall clock: its role's keys last at least as long as the event may take. */
  get goodUntilMs(): number {
    const { keys } = this.#surroundings
    return typeof keys === 'string'
      ? Number.POSITIVE_INFINITY
      : keys.expiresAtMs - this.#definition.timeoutMs - keysLeftMs
  }

  /** Runs one event. The process must be alive, and have answered the one before. */
  async invoke({ requestId, event, clientContext }: Invocation): Promise<InvocationResult> {
    const { name, code, timeoutMs } = this.#definition
    const { clock, functionArn, logStreamName } = this.#surroundings
    this.#log.begin(requestId)
    const finished = new Promise<Omit<InvocationResult, 'logTail'>>((resolve) => {
      this.#current = { requestId, finish: resolve }
    })
    const whole = () => `${(timeoutMs / 1000).toFixed(2)} seconds`
    const late = () => this.#breakLimit('Sandbox.Timedout', `Task timed out after ${whole()}`)
    let stopTimer = () => {}
    const run = () => {
      stopTimer = clock.after(timeoutMs, late)
      const memoryMiB = code.memoryMiB
      const names = { functionName: name, functionArn, logGroupName: `/aws/lambda/${name}`, logStreamName }
      const head: RunHead = { requestId, ...names, memoryMiB, timeoutMs, clientContext }
      this.#pipe.write(encodeFrame(head, event))
    }
    if (this.#isReady) run()
    else {
      stopTimer = clock.after(initTimeoutMs, () =>
        this.#breakLimit('Sandbox.Timedout', `the handler was not loaded within ${initTimeoutMs / 1000} seconds`),
      )
      this.#becameReady = () => {
        stopTimer()
        run()
      }
    }
    const stopWatching = this.#watchMemory()
    const startedMs = clock.monotonicMs()
    try {
      const result = await finished
      await laterOutput()
      return { ...result, logTail: this.#log.end(clock.monotonicMs() - startedMs, code.memoryMiB) }
    } finally {
      stopTimer()
      stopWatching()
      this.#current = undefined
    }
  }

  /** Ends it and all that it started. Resolves when it is gone. */
  kill(): Promise<void> {
    this.#isAlive = false
    const { exitCode, pid, signalCode } = this.#child
    if (pid !== undefined && exitCode === null && signalCode === null) {
      if (process.platform === 'win32') this.#child.kill('SIGKILL')
      else killGroup(pid)
    }
    return this.#exited
  }

  #take(head: AnswerHead, body: Buffer): void {
    if (head.isLast) this.#isAlive = false
    if (head.kind === 'ready') {
      if (this.#isReady) return
      this.#isReady = true
      this.#becameReady()
    } else if (head.kind === 'unready') this.#initFailure = body
    else if (this.#current && head.requestId === this.#current.requestId && isJson(body))
      this.#current.finish({ payload: body, ...(head.kind === 'error' && { functionError: 'Unhandled' as const }) })
    else if (this.#current) this.#breakLimit('Runtime.InvalidResponse', 'the answer is not JSON')
  }

  #breakLimit(errorType: string, message: string): void {
    this.#brokenLimit ??= errorResult(errorType, this.#told(message))
    void this.kill()
  }

  #told = (message: string) => `RequestId: ${this.#current?.requestId ?? ''} Error: ${message}`

  #onExit(reason: string, resolve: () => void): void {
    this.#isAlive = false
    if (process.platform !== 'win32' && this.#child.pid !== undefined) killGroup(this.#child.pid)
    const isOutOfMemory = this.#log.endsWith('JavaScript heap out of memory')
    const type = isOutOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
    const { payload } =
      this.#brokenLimit ?? (this.#initFailure ? { payload: this.#initFailure } : errorResult(type, this.#told(reason)))
    this.#current?.finish({ payload, functionError: 'Unhandled' })
    resolve()
  }

  /** Buffers lie outside the heap that Node limits: where /proc tells the process's memory, all of it is watched. */
  #watchMemory(): () => void {
    if (process.platform !== 'linux') return () => {}
    const { clock } = this.#surroundings
    const { memoryMiB } = this.#definition.code
    let stop = () => {}
    let isOver = false
    const check = async () => {
      const usedMiB = await residentMiB(this.#child.pid)
      if (isOver) return
      if (usedMiB > memoryMiB + runtimeMiB)
        this.#breakLimit('Runtime.OutOfMemory', `Runtime exited with error: signal: killed: it used ${usedMiB} MB`)
      else stop = clock.after(memoryCheckMs, () => void check())
    }
    stop = clock.after(memoryCheckMs, () => void check())
    return () => {
      isOver = true
      stop()
    }
  }
}

/** Ends a process and all that it started and left behind. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nobody is left
  }
}

const exitReason = (code: number | null, signal: string | null): string => {
  if (signal !== null) return `Runtime exited with error: signal: ${signal === 'SIGKILL' ? 'killed' : signal}`
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`
}

/** 0 if it cannot be told. `/proc/PID/statm` counts pages of 4 KiB: size, resident, … */
async function residentMiB(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  return Math.round((Number(text.split(' ')[1] ?? 0) * 4096) / 1024 / 1024)
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

/** What the handler wrote before its answer lies in another pipe: it is read in the next turns of the event loop. */
async function laterOutput(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}
