import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ConversionAnswer, ConversionQuestion } from './conversion-messages.ts'

/** Memory of a thread's heap: some times what a row group needs. What goes beyond it ends the thread, not the server. */
const heapMegabytesMax = 512

/**
 * Of it, for what is young: V8 takes up to 128 MB where nobody says otherwise. What a chunk becomes lives until its row group
 * is written, so that more would save little.
 */
const youngMegabytesMax = 24

type Waiting = { resolve(answer: ConversionAnswer): void; reject(reason: Error): void }

const file = join(import.meta.dirname, `conversion-worker${extname(import.meta.filename)}`)

/** A thread that converts records, one object at a time. */
export class ConversionThread {
  readonly #worker = new Worker(file, {
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax, maxYoungGenerationSizeMb: youngMegabytesMax },
  })
  readonly #waiting: Waiting[] = []
  #ended: Error | undefined

  constructor() {
    this.#worker.on('message', (answer: ConversionAnswer) => this.#waiting.shift()!.resolve(answer))
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('the thread that converts records has ended')))
    this.#worker.unref()
  }

  get isEnded(): boolean {
    return this.#ended !== undefined
  }

  /** Answers come in the order of the questions. Rejects if the thread ends instead. */
  ask(question: ConversionQuestion): Promise<ConversionAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    const { promise, resolve, reject } = Promise.withResolvers<ConversionAnswer>()
    this.#waiting.push({ resolve, reject })
    const { chunk } = question as { readonly chunk?: Extract<ConversionQuestion, { kind: 'chunk' }>['chunk'] }
    this.#worker.postMessage(question, chunk ? [chunk.bytes.buffer, chunk.starts.buffer, chunk.ends.buffer] : [])
    return promise
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #end(reason: Error): void {
    this.#ended ??= reason
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended)
  }
}
