import { type Clock, fractionOf, type Logger, type MetricRecorder, type Random } from '@millrace/ports'
import type { Counts } from '../counts.ts'
import type { Permits } from './permits.ts'
import type { Sink, SinkRecord } from './sink.ts'

export type SenderContext = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricRecorder
  readonly permits: Permits
  readonly counts: Counts
}

/** While a destination does not take records, it is told so often. */
const tellEveryMs = 60_000

/** Sends batches to one destination, and does not give up: retries, with back-off, what was not taken. */
export class BatchSender {
  readonly #sink: Sink
  readonly #retry: { readonly initialMs: number; readonly maxMs: number }
  readonly #context: SenderContext
  #toldAtMs: number | undefined

  constructor(sink: Sink, retry: { readonly initialMs: number; readonly maxMs: number }, context: SenderContext) {
    this.#sink = sink
    this.#retry = retry
    this.#context = context
  }

  /** Resolves with true once all are taken, with false if the signal came first. */
  async send(records: readonly SinkRecord[], signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#context
    let left = records
    let backOffMs = this.#retry.initialMs
    while (!signal.aborted) {
      const before = left.length
      left = await this.#attempt(left, signal)
      if (left.length === 0) {
        this.#tellRecovery()
        return true
      }
      // Who throttles takes a part each time: that is progress, and no reason to wait longer and longer.
      if (left.length < before) backOffMs = this.#retry.initialMs
      await clock.sleep(backOffMs * (0.5 + fractionOf(random) / 2), signal)
      backOffMs = Math.min(backOffMs * 2, this.#retry.maxMs)
    }
    return false
  }

  /** Returns what was not taken. */
  async #attempt(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly SinkRecord[]> {
    const { clock, metrics, permits, counts } = this.#context
    const Destination = this.#sink.name
    const release = await permits.take()
    const startedMs = clock.monotonicMs()
    try {
      if (signal.aborted) return records
      metrics.record('RecordSendAttempts', { Destination }, records.length, 'Count')
      const refused = await this.#sink.put(records, signal)
      const bytes = sizeOf(records) - sizeOf(refused.records)
      counts.sent += records.length - refused.records.length
      counts.sentBytes += bytes
      counts.errors += refused.records.length
      metrics.record('RecordsSent', { Destination }, records.length - refused.records.length, 'Count')
      metrics.record('BytesSent', { Destination }, bytes, 'Bytes')
      metrics.record('RecordSendErrors', { Destination }, refused.records.length, 'Count')
      metrics.record('ServiceErrors', { Destination }, 0, 'Count')
      if (refused.records.length > 0) this.#tellTrouble(refused.reason)
      return refused.records
    } catch (error) {
      if (signal.aborted) return records
      counts.errors++
      metrics.record('ServiceErrors', { Destination }, 1, 'Count')
      this.#tellTrouble(sentenceOf(error))
      return records
    } finally {
      metrics.record('Latency', { Destination }, clock.monotonicMs() - startedMs, 'Milliseconds')
      release()
    }
  }

  #tellTrouble(reason: string): void {
    const nowMs = this.#context.clock.monotonicMs()
    if (this.#toldAtMs !== undefined && nowMs - this.#toldAtMs < tellEveryMs) return
    this.#toldAtMs = nowMs
    this.#context.logger.log('warn', `${this.#sink.name} does not take all records; trying again: ${reason}`)
  }

  #tellRecovery(): void {
    if (this.#toldAtMs === undefined) return
    this.#toldAtMs = undefined
    this.#context.logger.log('info', `${this.#sink.name} takes records again`)
  }
}

function sizeOf(records: readonly SinkRecord[]): number {
  let bytes = 0
  for (const { Data } of records) bytes += Data.length
  return bytes
}

function sentenceOf(error: unknown): string {
  const { name, message, code } = error as NodeJS.ErrnoException
  const head = name && name !== 'Error' ? name : code
  const text = message?.split('\n')[0] ?? String(error)
  return head && !text.startsWith(head) ? `${head}: ${text}` : text
}
