import type { Random } from '@millrace/ports'
import type { FunctionKeys, ModuleFunction, ProcessSurroundings } from './function-child.ts'
import { FunctionProcess } from './function-process.ts'
import type { Invocation, InvocationResult, Invoker } from './invocation.ts'
import { Places } from './places.ts'

/** A process without work is ended after this long. */
const idleMs = 300_000

export type PoolParts = {
  /** Where handlers reach this server; undefined before it listens. */
  readonly endpointUrl: () => string | undefined
  /** For a new process. @throws FunctionUnreachable */
  readonly keys: () => FunctionKeys
  readonly random: Random
}

type Idle = { readonly process: FunctionProcess; readonly sinceMs: number }

/** The processes of one function: warm ones are used again, and there are never more than it may have at once. */
export class ProcessPool implements Invoker {
  readonly #definition: ModuleFunction
  readonly #surroundings: () => ProcessSurroundings
  readonly #clock: ProcessSurroundings['clock']
  readonly #places: Places
  #idle: Idle[] = []
  readonly #busy = new Set<FunctionProcess>()
  #stopSweep = () => {}
  #isStopped = false

  constructor(
    definition: ModuleFunction,
    surroundings: Omit<ProcessSurroundings, 'logStreamName' | 'endpointUrl' | 'keys'>,
    { endpointUrl, keys, random }: PoolParts,
  ) {
    this.#definition = definition
    this.#clock = surroundings.clock
    this.#places = new Places(definition.concurrency)
    this.#surroundings = () => {
      const day = new Date(surroundings.clock.nowMs()).toISOString().slice(0, 10).replaceAll('-', '/')
      const logStreamName = `${day}/[$LATEST]${random.uuid().replaceAll('-', '')}`
      return { ...surroundings, endpointUrl: endpointUrl(), keys: keys(), logStreamName }
    }
  }

  async invoke(invocation: Invocation, mayWait: boolean, signal?: AbortSignal): Promise<InvocationResult> {
    const leave = await this.#places.take(mayWait, signal)
    try {
      return await this.#runIn(this.#takeProcess(), invocation)
    } finally {
      leave()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopSweep()
    const all = [...this.#busy, ...this.#idle.map(({ process }) => process)]
    this.#idle = []
    this.#places.close()
    await Promise.all(all.map((process) => process.kill()))
  }

  async #runIn(process: FunctionProcess, invocation: Invocation): Promise<InvocationResult> {
    this.#busy.add(process)
    try {
      return await process.invoke(invocation)
    } finally {
      this.#busy.delete(process)
      if (this.#isStopped) await process.kill()
      else if (process.isAlive) this.#rest(process)
    }
  }

  /** The one that rested shortest is the warmest. */
  #takeProcess(): FunctionProcess {
    for (;;) {
      const idle = this.#idle.pop()
      if (!idle) return new FunctionProcess(this.#definition, this.#surroundings())
      if (idle.process.isAlive && this.#clock.nowMs() < idle.process.goodUntilMs) return idle.process
      void idle.process.kill() // its keys would end while it works: the next one gets others
    }
  }

  #rest(process: FunctionProcess): void {
    this.#idle.push({ process, sinceMs: this.#clock.monotonicMs() })
    if (this.#idle.length === 1) this.#sweepLater()
  }

  #sweepLater(): void {
    this.#stopSweep()
    this.#stopSweep = this.#clock.after(idleMs, () => {
      const horizonMs = this.#clock.monotonicMs() - idleMs
      const old = this.#idle.filter(({ process, sinceMs }) => sinceMs <= horizonMs || !process.isAlive)
      this.#idle = this.#idle.filter((idle) => !old.includes(idle))
      for (const { process } of old) void process.kill()
      if (this.#idle.length > 0) this.#sweepLater()
    })
  }
}
