import type { Clock, Logger, Random } from '@millrace/ports'
import type { MetricSink } from '../../core/ports/metrics.ts'
import { rateExceeded } from './faults.ts'
import type { HeldFunction } from './functions/function-table.ts'
import { FunctionUnreachable, type InvocationResult, NoPlaceFree } from './functions/invocation.ts'
import { queuedEventBytesMax, queuedEventsMax } from './limits.ts'

/** An event is tried twice more, a minute and then two minutes later, as on AWS. */
const retryAfterMs = [60_000, 120_000]

/** An event that could not be given to the function for so long is dropped. */
const eventAgeMsMax = 6 * 3_600_000

/** While the function has no free place, or cannot be reached, an event is tried again at this pace. */
const refusedPaceMs = 1000

export type Parts = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricSink
}

export type Asked = {
  readonly event: Uint8Array
  readonly requestId: string
  readonly clientContext?: string | undefined
  /** Wait for a free place rather than fail. */
  readonly mayWait: boolean
  readonly signal?: AbortSignal
}

/** Runs functions, and counts what AWS counts of them. Keeps the events of asynchronous invocations, in memory. */
export class Invocations {
  readonly #parts: Parts
  readonly #queued = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #queuedBytes = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws NoPlaceFree, FunctionUnreachable */
  async invoke({ definition, invoker }: HeldFunction, asked: Asked): Promise<InvocationResult> {
    const { clock, metrics } = this.#parts
    const dimensions = { FunctionName: definition.name }
    const startedMs = clock.monotonicMs()
    try {
      const result = await invoker.invoke(asked, asked.mayWait, asked.signal)
      metrics.record('Invocations', dimensions, 1, 'Count')
      metrics.record('Errors', dimensions, result.functionError ? 1 : 0, 'Count')
      metrics.record('Duration', dimensions, clock.monotonicMs() - startedMs, 'Milliseconds')
      return result
    } catch (error) {
      if (error instanceof NoPlaceFree) metrics.record('Throttles', dimensions, 1, 'Count')
      throw error
    }
  }

  /** Takes an event that somebody waits for no answer of. @throws TooManyRequestsException when too many wait */
  enqueue(called: HeldFunction, event: Uint8Array, requestId: string): void {
    const isFull = this.#queued.size >= queuedEventsMax || this.#queuedBytes + event.byteLength > queuedEventBytesMax
    if (isFull || this.#stopping.signal.aborted) throw rateExceeded()
    this.#queuedBytes += event.byteLength
    // A copy: the request's memory is used again, and a Buffer's own slice() is only a view.
    const done = this.#runEvent(called, new Uint8Array(event), requestId)
      .catch((error: unknown) => {
        const facts = { function: called.definition.name, requestId, error }
        this.#parts.logger.log('error', 'an asynchronous invocation failed inside the server', facts)
      })
      .finally(() => {
        this.#queuedBytes -= event.byteLength
        this.#queued.delete(done)
      })
    this.#queued.add(done)
  }

  /** Events that wait are lost: they are kept in memory only. */
  async stop(): Promise<void> {
    const { size } = this.#queued
    if (size > 0)
      this.#parts.logger.log('warn', 'the server stops, and drops asynchronous invocations', { count: size })
    this.#stopping.abort()
    await Promise.all(this.#queued)
  }

  async #runEvent(called: HeldFunction, event: Uint8Array, requestId: string): Promise<void> {
    const { clock, logger, metrics } = this.#parts
    const { name } = called.definition
    const { signal } = this.#stopping
    const startedMs = clock.monotonicMs()
    let failures = 0
    while (!signal.aborted && clock.monotonicMs() - startedMs < eventAgeMsMax) {
      let pauseMs = refusedPaceMs
      try {
        const { functionError } = await this.invoke(called, { event, requestId, mayWait: true, signal })
        if (!functionError) return
        if (failures >= retryAfterMs.length) break
        pauseMs = retryAfterMs[failures++]!
      } catch (error) {
        if (!(error instanceof NoPlaceFree || error instanceof FunctionUnreachable)) throw error
      }
      await clock.sleep(pauseMs, signal)
    }
    if (signal.aborted) return
    metrics.record('AsyncEventsDropped', { FunctionName: name }, 1, 'Count')
    logger.log('error', 'an asynchronous invocation failed for good', { function: name, requestId })
  }
}
