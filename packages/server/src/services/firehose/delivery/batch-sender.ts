import type { Clock, Logger, Random } from '@millrace/ports'
import type { MetricSink } from '../../../core/ports.ts'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord } from './delivery-record.ts'
import type { Plan } from './plan.ts'
import { mayRetry } from './retry.ts'

export type SenderParts = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricSink
}

/** What became of a batch: nothing of it is left to do but this. */
export type Sent = { readonly delivered: readonly DeliveryRecord[]; readonly failed: readonly FailedRecord[] }

/** Brings batches to a destination: again and again, until one is taken or its time is over. */
export class BatchSender {
  readonly #parts: SenderParts
  readonly #plan: Plan

  constructor(parts: SenderParts, plan: Plan) {
    this.#parts = parts
    this.#plan = plan
  }

  /**
   * @param taken told of records that are there already while others of the batch are tried again
   * @returns undefined if it was stopped on the way: what was not told of comes again
   */
  async send(
    given: DeliveryBatch,
    taken: (records: readonly DeliveryRecord[]) => void,
    signal: AbortSignal,
  ): Promise<Sent | undefined> {
    const { clock, random } = this.#parts
    const { destination, retryMs } = this.#plan
    const deadlineMs = clock.monotonicMs() + retryMs
    let batch = given
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const failed = await destination.deliver(batch, signal)
        this.#count(batch, true)
        if (failed.length === 0) return { delivered: batch.records, failed }
        const isFailed = new Set(failed.map(({ record }) => record))
        return { delivered: batch.records.filter((record) => !isFailed.has(record)), failed }
      } catch (error) {
        if (signal.aborted) return undefined
        const failure = failureOf(error)
        this.#logFailure(failure, attempt)
        this.#count(batch, false)
        if (failure.left) {
          const isLeft = new Set(failure.left)
          taken(batch.records.filter((record) => !isLeft.has(record)))
          batch = { ...batch, records: failure.left }
        }
        if (await mayRetry({ clock, random }, attempt, deadlineMs, signal)) continue
        if (!signal.aborted) return { delivered: [], failed: this.#givenUp(batch.records, failure, attempt + 1) }
      }
    }
    return undefined
  }

  /** Puts into a bucket that is the last resort, until it takes it. False if it was stopped on the way. */
  async insist(put: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#parts
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await put()
        return true
      } catch (error) {
        this.#logFailure(failureOf(error), attempt)
        await mayRetry({ clock, random }, attempt, Number.POSITIVE_INFINITY, signal)
      }
    }
    return false
  }

  #givenUp(records: readonly DeliveryRecord[], failure: DeliveryFailed, attemptsMade: number): FailedRecord[] {
    const attemptEndingMs = this.#parts.clock.nowMs()
    return records.map((record) => ({
      record,
      errorOutputType: this.#plan.errorOutputType,
      errorCode: failure.code,
      errorMessage: failure.message,
      attemptsMade,
      attemptEndingMs,
    }))
  }

  #count({ records, firstArrivalMs }: DeliveryBatch, isDelivered: boolean): void {
    const { clock, metrics } = this.#parts
    const { metricPrefix, name } = this.#plan
    const dimensions = { DeliveryStreamName: name }
    metrics.record(`${metricPrefix}.Success`, dimensions, isDelivered ? 1 : 0, 'Count')
    if (!isDelivered) return
    const sizeBytes = records.reduce((sum, { data }) => sum + data.byteLength, 0)
    metrics.record(`${metricPrefix}.Bytes`, dimensions, sizeBytes, 'Bytes')
    metrics.record(`${metricPrefix}.Records`, dimensions, records.length, 'Count')
    const freshnessMs = clock.nowMs() - firstArrivalMs
    metrics.record(`${metricPrefix}.DataFreshness`, dimensions, freshnessMs / 1000, 'None')
  }

  #logFailure({ code, message }: DeliveryFailed, attempt: number): void {
    const facts = { deliveryStream: this.#plan.name, code, reason: message, attempt: attempt + 1 }
    this.#parts.logger.log('warn', 'a delivery failed, and is tried again', facts)
  }
}

/** What is no failure of a try is a defect; it must not end the loop, and is told like a failure. */
const failureOf = (error: unknown): DeliveryFailed =>
  error instanceof DeliveryFailed
    ? error
    : new DeliveryFailed('InternalError', (error as Error).message, undefined, { cause: error })
