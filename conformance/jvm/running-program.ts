import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { testKeyInEnvironment } from '../harness/keys.ts'
import { classpathOf, hasJava, type ProgramName, programs } from './programs.ts'

/** One line of what a program tells: what happened, and its members. */
export type ProgramEvent = { readonly event: string; readonly [member: string]: unknown }

/** Lines of a program's own log that a failed test shows. */
const logLinesMax = 60

/** A reason to skip what needs a Java program; undefined where it is built, or all clients are asked for. */
export function missingProgram(name: ProgramName): string | undefined {
  if (process.env.REQUIRE_ALL_CLIENTS === '1' || classpathOf(name) !== undefined) return undefined
  return hasJava()
    ? `${programs[name].title} is not built: npm run test:jvm builds it`
    : 'this machine has no java, javac and mvn'
}

/** Small and quick to start: these programs live for seconds. */
const jvmOptions = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx384m', '-Xshare:auto']

/** Starts the Java program's main class; it is gone when the test has ended. */
export function startJava(
  t: Pick<TestContext, 'after'>,
  name: ProgramName,
  mainClass: string,
  options: Readonly<Record<string, string | number>>,
  jvm: readonly string[] = [],
): RunningProgram {
  const classpath = classpathOf(name)
  assert.ok(classpath, `${name} is not built: node conformance/jvm/build.ts ${name}`)
  return new RunningProgram(t, 'java', [...jvmOptions, ...jvm, '-cp', classpath, mainClass, ...flags(options)])
}

/** Starts a program of Node, a file of TypeScript. */
export function startNode(
  t: Pick<TestContext, 'after'>,
  file: string,
  options: Readonly<Record<string, string | number>>,
): RunningProgram {
  return new RunningProgram(t, process.execPath, [file, ...flags(options)])
}

const flags = (options: Readonly<Record<string, string | number>>) =>
  Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])

/** A process that prints one JSON object a line, stops gracefully when told so, and ends when its input does. */
export class RunningProgram {
  readonly events: ProgramEvent[] = []
  #child: ChildProcessByStdio<Writable, Readable, Readable>
  #log: string[] = []
  #waiting = new Set<() => void>()
  #ended: Promise<number | null>
  #exitCode: number | null | undefined

  constructor(t: Pick<TestContext, 'after'>, command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line))
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#say(line))
    // A program that is gone takes no more input.
    this.#child.stdin.on('error', () => {})
    this.#ended = once(this.#child, 'close').then(([code]) => {
      this.#exitCode = code
      this.#wake()
      return code
    })
    t.after(() => this.kill())
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it has logged last. */
  get log(): string {
    return this.#log.join('\n')
  }

  /** The events of one kind. */
  all(event: string): readonly ProgramEvent[] {
    return this.events.filter((one) => one.event === event)
  }

  /** Resolves when `look` gives a value for what was told so far. @throws Error when the program ends before, or time is up */
  async until<T>(what: string, withinMs: number, look: (events: readonly ProgramEvent[]) => T | undefined): Promise<T> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const value = look(this.events)
      if (value !== undefined) return value
      const leftMs = deadline - performance.now()
      if (this.#exitCode !== undefined) throw this.#failure(`ended with ${this.#exitCode} before ${what}`)
      if (leftMs <= 0) throw this.#failure(`not within ${withinMs} ms: ${what}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, leftMs)
        this.#waiting.add(wake)
      })
    }
  }

  /** Asks it to stop, and waits. */
  async stop(withinMs = 120_000): Promise<number | null> {
    this.#child.stdin.write('stop\n')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs)
    const code = await this.#ended
    clearTimeout(timer)
    return code
  }

  /** Ends it as a machine that loses its power does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Waits until it ends by itself. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  #take(line: string): void {
    if (line.startsWith('{')) {
      this.events.push(JSON.parse(line) as ProgramEvent)
      this.#wake()
    } else {
      this.#say(line)
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #say(line: string): void {
    this.#log.push(line.slice(0, 500))
    if (this.#log.length > logLinesMax) this.#log.shift()
  }

  #failure(what: string): Error {
    const told = this.events.slice(-5).map((event) => JSON.stringify(event).slice(0, 300))
    return new Error(`the program ${what}\nlast events:\n${told.join('\n')}\nits log:\n${this.log}`)
  }
}

/** Nothing of this machine's AWS settings, and no metadata service to look for. */
const environment = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  AWS_REGION: 'us-east-1',
  ...testKeyInEnvironment,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
}
