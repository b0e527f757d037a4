import type { Clock, Random } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord } from './delivery-record.ts'
import type { DeliveryReport } from './delivery-report.ts'
import type { Plan } from './plan.ts'
import { nextDelayMs, retryDelayMs } from './retry.ts'

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
    const startedMs = clock.monotonicMs()
    let uncountedMs = 0
    let batch = given
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const refused = await destination.deliver(batch, signal)
        const delivered = without(
          batch.records,
          refused.map(({ record }) => record),
        )
        this.#report.delivered(batch, delivered)
        return { delivered, failed: refused.map((failed) => this.#told(failed, attempt + 1)) }
      } catch (error) {
        if (signal.aborted) return undefined
        const failure = failureOf(error)
        const left = failure.left ?? batch.records
        const delivered = left === batch.records ? [] : without(batch.records, left)
        uncountedMs += failure.answerWaitMs
        const leftMs = retryMs + uncountedMs - (clock.monotonicMs() - startedMs)
        const delayMs = failure.isFinal ? undefined : nextDelayMs(attempt, leftMs, random)
        this.#report.tryFailed(failure, attempt, delayMs !== undefined)
        if (delivered.length > 0) this.#report.arrived(batch, delivered)
        taken(delivered)
        batch = { ...batch, records: left }
        if (delayMs === undefined) return { delivered: [], failed: this.#givenUp(batch.records, failure, attempt + 1) }
        await clock.sleep(delayMs, signal)
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
        if (signal.aborted) return false
        refused(failureOf(error), attempt)
        await clock.sleep(retryDelayMs(attempt, random), signal)
      }
    }
    return false
  }

  #givenUp(records: readonly DeliveryRecord[], failure: DeliveryFailed, attemptsMade: number): FailedRecord[] {
    const attemptEndingMs = this.#parts.clock.nowMs()
    const { errorOutputType } = this.#plan
    const { code: errorCode, message: errorMessage } = failure
    return records.map((record) =>
      this.#told({ record, errorOutputType, errorCode, errorMessage, attemptsMade, attemptEndingMs }, attemptsMade),
    )
  }

  /** With what this kind of destination tells of a record, and how often it was tried. */
  #told(failed: FailedRecord, attemptsMade: number): FailedRecord {
    const details = this.#plan.errorDetails?.(failed.record)
    return { ...failed, attemptsMade, ...(details && { details: { ...details, ...failed.details } }) }
  }
}

function without(records: readonly DeliveryRecord[], others: readonly DeliveryRecord[]): readonly DeliveryRecord[] {
  if (others.length === 0) return records
  const isOther = new Set(others)
  return records.filter((record) => !isOther.has(record))
}

/** What is no failure of a try is a defect; it must not end the loop, and is told like a failure. */
const failureOf = (error: unknown): DeliveryFailed =>
  error instanceof DeliveryFailed
    ? error
    : new DeliveryFailed('InternalError', (error as Error).message, undefined, { cause: error })
