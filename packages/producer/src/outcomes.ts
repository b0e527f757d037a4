import { type Outcome, type PendingRecord, type PutPlace, type PutResult, resultOf } from './pending-record.ts'
import type { PutError } from './put-errors.ts'

let resolveNext: (result: PutResult) => void
let rejectNext: (error: PutError) => void
/** The same function for every promise: a closure for each record would cost as much as the promise. */
const capture = (resolve: (result: PutResult) => void, reject: (error: PutError) => void) => {
  resolveNext = resolve
  rejectNext = reject
}

/** The promise of one `put`. */
export class PromisedOutcome implements Outcome {
  readonly promise: Promise<PutResult>
  readonly #resolve: (result: PutResult) => void
  readonly #reject: (error: PutError) => void

  constructor() {
    this.promise = new Promise(capture)
    this.#resolve = resolveNext
    this.#reject = rejectNext
  }

  put(_: readonly number[], start: number, __: number, where: PutPlace): void {
    this.#resolve(resultOf(where, start))
  }

  failed(_: PendingRecord, error: PutError): void {
    this.#reject(error)
  }
}

/** A record of `putAll` that was not put: the how-manieth, from 0, and why. */
export type PutAllFailure = { readonly index: number; readonly partitionKey: string; readonly error: Error }

export type PutAllResult = {
  readonly putCount: number
  readonly failedCount: number
  /** The first thousand of them. */
  readonly failures: readonly PutAllFailure[]
}

const failuresMax = 1_000

/** The common outcome of the records of one `putAll`. */
export class BulkOutcome implements Outcome {
  readonly #onPut: ((result: PutResult, index: number) => void) | undefined
  readonly #failures: PutAllFailure[] = []
  #putCount = 0
  #failedCount = 0
  /** Those that have not come to their end, and one for `putAll` itself. */
  #open = 1
  #thrown: { readonly error: unknown } | undefined
  #whenDone: (() => void) | undefined

  constructor(onPut: ((result: PutResult, index: number) => void) | undefined) {
    this.#onPut = onPut
  }

  /** One more record; it comes to its end by `put`, `failed` or `refused`. */
  begun(): void {
    this.#open++
  }

  /** A record that was not even taken. */
  refused(index: number, partitionKey: string, error: Error): void {
    this.#failedCount++
    if (this.#failures.length < failuresMax) this.#failures.push({ index, partitionKey, error })
    this.#close()
  }

  put(indexes: readonly number[], start: number, end: number, where: PutPlace): void {
    this.#putCount += end - start
    if (this.#onPut) for (let i = start; i < end; i++) this.#tell(resultOf(where, i), indexes[i]!)
    this.#close(end - start)
  }

  failed({ index, partitionKey }: PendingRecord, error: PutError): void {
    this.refused(index, partitionKey, error)
  }

  /** No more begin. @returns when all have come to their end. @throws what `onPut` threw first */
  async done(): Promise<PutAllResult> {
    const ended = new Promise<void>((resolve) => {
      this.#whenDone = resolve
    })
    this.#close()
    await ended
    if (this.#thrown) throw this.#thrown.error
    return { putCount: this.#putCount, failedCount: this.#failedCount, failures: this.#failures }
  }

  #tell(result: PutResult, index: number): void {
    try {
      this.#onPut!(result, index)
    } catch (error) {
      this.#thrown ??= { error }
    }
  }

  #close(count = 1): void {
    this.#open -= count
    if (this.#open === 0) this.#whenDone?.()
  }
}
