import type { Clock, Random } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord } from './delivery-record.ts'
import type { DeliveryReport } from './delivery-report.ts'
import type { Plan } from './plan.ts'
import { mayRetry } from './retry.ts'

export type SenderParts = {
  readonly clock: Clock
  readonly random: Random
}

/** What became of a batch: nothing of it is left to do but this. */
export type Sent = { readonly delivered: readonly DeliveryRecord[]; readonly failed: readonly FailedRecord[] }

/** Brings batches to a destination: again and again, until one is taken or its time is over. */
export class BatchSender {
  readonly #parts: SenderParts
  readonly #plan: Plan
  readonly #report: DeliveryReport

  constructor(parts: SenderParts, plan: Plan, report: DeliveryReport) {
    this.#parts = parts
    this.#plan = plan
    this.#report = report
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
        const isFailed = new Set(failed.map(({ record }) => record))
        const delivered = failed.length === 0 ? batch.records : batch.records.filter((record) => !isFailed.has(record))
        this.#report.delivered(batch, delivered)
        return { delivered, failed }
      } catch (error) {
        if (signal.aborted) return undefined
        const failure = failureOf(error)
        this.#report.tryFailed(failure, attempt)
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

  /**
   * Puts into a bucket that is the last resort, until it takes it. False if it was stopped on the way.
   * @param refused told of each try that failed
   */
  async insist(
    put: () => Promise<unknown>,
    refused: (failure: DeliveryFailed, attempt: number) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, random } = this.#parts
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await put()
        return true
      } catch (error) {
        refused(failureOf(error), attempt)
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
}

/** What is no failure of a try is a defect; it must not end the loop, and is told like a failure. */
const failureOf = (error: unknown): DeliveryFailed =>
  error instanceof DeliveryFailed
    ? error
    : new DeliveryFailed('InternalError', (error as Error).message, undefined, { cause: error })
