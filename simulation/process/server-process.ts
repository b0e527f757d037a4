import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processorWaitMs } from './processor-wait.ts'

/*
 * The real server in a process of its own, on a free port: started, watched from outside, and ended by signals.
 */

export type ServerOptions = {
  readonly data: string
  /** 'bin' is the command line; 'movable' has small segments and a clock to move (movable-server.ts). */
  readonly entry: 'bin' | 'movable'
  /** Flags of the entry, behind `--data DIR`. */
  readonly args?: readonly string[]
  /** A command that runs the server: strace or prlimit with their flags. It must become the server (exec). */
  readonly through?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Longer than the slowest machine takes: it only ends a test that would wait for ever. @default 120 s */
  readonly startWithinMs?: number
}

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly atMs: number }

/** The server ended before it was ready. */
export class DidNotStart extends Error {
  readonly exit: Exit

  constructor(exit: Exit, said: string) {
    super(`the server did not start: exit code ${exit.code}, signal ${exit.signal}\n${said}`)
    this.exit = exit
  }
}

const entries = {
  bin: join(import.meta.dirname, '../../packages/server/src/bin.ts'),
  movable: join(import.meta.dirname, 'movable-server.ts'),
}
const standardArgs = {
  bin: ['--port', '0', '--limits', 'off', '--transition-ms', '1'],
  movable: [],
}

/** How much of what the server says on standard error is kept. */
const saidBytesMax = 64 * 1024

export class ServerProcess {
  /** From spawning to the line that says it is ready. */
  readonly readyMs: number
  /** The same, without the time in which it waited for a processor that others had. */
  readonly readyOwnMs: number
  readonly port: number
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #said: () => string
  #shifted: (() => void)[] = []
  #used: ((bytes: number) => void)[] = []

  private constructor(child: ChildProcess, exited: Promise<Exit>, port: number, readyMs: number, said: () => string) {
    this.#child = child
    this.exited = exited
    this.port = port
    this.readyMs = readyMs
    this.readyOwnMs = Math.max(0, readyMs - processorWaitMs(child.pid!))
    this.#said = said
    child.stdout!.on('data', (chunk) => {
      for (const _ of String(chunk).matchAll(/^shifted$/gm)) this.#shifted.shift()?.()
      for (const [, bytes] of String(chunk).matchAll(/^used (\d+)$/gm)) this.#used.shift()?.(Number(bytes))
    })
  }

  /** Resolves when the server is ready. @throws DidNotStart */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { data, entry, args = [], through = [], env = {}, startWithinMs = 120_000 } = options
    const command = [...through, process.execPath, entries[entry], '--data', data, ...standardArgs[entry], ...args]
    const spawnedAtMs = performance.now()
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache(), npm_lifecycle_event: '', ...env },
    })
    const kill = () => child.kill('SIGKILL') // an interrupted test must not leave a server behind
    process.on('exit', kill)
    const exited: Promise<Exit> = once(child, 'exit').then(([code, signal]) => {
      process.off('exit', kill)
      return { code, signal, atMs: performance.now() }
    })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said = (said + String(chunk)).slice(-saidBytesMax)
    })
    child.stdin.on('error', () => {}) // it was killed while a line was on its way
    let printed = ''
    const port = new Promise<number>((resolve) => {
      child.stdout.on('data', (chunk) => {
        if (printed.length > 4096) return
        printed += String(chunk)
        const found = /ready at http:\/\/[^\s]+:(\d+)/.exec(printed)?.[1]
        if (found !== undefined) resolve(Number(found))
      })
    })
    const late = setTimeout(kill, startWithinMs)
    const first = await Promise.race([port, exited])
    clearTimeout(late)
    if (typeof first !== 'number') throw new DidNotStart(first, said)
    return new ServerProcess(child, exited, first, performance.now() - spawnedAtMs, () => said)
  }

  /** What it said on standard error: its last 64 KB. */
  get said(): string {
    return this.#said()
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill(): Promise<Exit> {
    this.#child.kill('SIGKILL')
    return this.exited
  }

  /** SIGTERM: resolves when it has ended. */
  stop(): Promise<Exit> {
    this.#child.kill('SIGTERM')
    return this.exited
  }

  /** Moves the clock of a movable server. Resolves when it has moved, or the server has ended. */
  async shift(ms: number): Promise<void> {
    const shifted = new Promise<void>((resolve) => this.#shifted.push(resolve))
    this.#child.stdin!.write(`shift ${ms}\n`)
    await Promise.race([shifted, this.exited])
  }

  /** What a movable server holds once its garbage is collected, in bytes; 0 if it has ended. */
  async usedBytes(): Promise<number> {
    const used = new Promise<number>((resolve) => this.#used.push(resolve))
    this.#child.stdin!.write('used\n')
    return Promise.race([used, this.exited.then(() => 0)])
  }

  /** Resident memory, in bytes, from the system's own books. */
  residentBytes(): number {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]
    return Number(kib) * 1024
  }

  /** How long it has waited for a processor, in milliseconds. */
  processorWaitMs(): number {
    return processorWaitMs(this.#child.pid!)
  }

  /** File handles: files, sockets, everything. */
  openHandles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }
}

/** What Node made of the source is shared by all starts: without it each takes 200 ms longer. */
function compileCache(): string {
  return process.env.NODE_COMPILE_CACHE || join(tmpdir(), 'millrace-process-compile-cache')
}

/** A folder that is gone when the process ends, at the latest. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-process-'))
  const remove = () => {
    rmSync(path, { recursive: true, force: true })
    process.off('exit', remove)
  }
  process.on('exit', remove)
  return { path, remove }
}
