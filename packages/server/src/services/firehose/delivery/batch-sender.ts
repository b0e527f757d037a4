import type { Clock, Random } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord, RefusedRecord } from './delivery-record.ts'
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
    const { destination, giveUp, retryEveryMs, retryMs } = this.#plan
    const startedMs = clock.monotonicMs()
    let uncountedMs = 0
    let batch = given
    const failed: FailedRecord[] = []
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const refused = await destination.deliver(batch, signal)
        const delivered = without(batch.records, recordsOf(refused))
        this.#report.delivered(batch, delivered)
        return { delivered, failed: [...failed, ...this.#told(refused, attempt + 1)] }
      } catch (error) {
        if (signal.aborted) return undefined
        const failure = failureOf(error)
        failed.push(...this.#told(failure.refused, attempt + 1))
        const rest = without(batch.records, recordsOf(failure.refused))
        const left = failure.left ?? rest
        const delivered = left === rest ? [] : without(rest, left)
        uncountedMs += failure.answerWaitMs
        const leftMs = retryMs + uncountedMs - (clock.monotonicMs() - startedMs)
        const mayTry = left.length > 0 && !failure.isFinal
        const delayMs = mayTry ? nextDelayMs(attempt, leftMs, random, retryEveryMs) : undefined
        this.#report.tryFailed(failure, attempt, delayMs !== undefined)
        if (delivered.length > 0) this.#report.arrived(batch, delivered)
        taken(delivered)
        batch = { ...batch, records: left }
        if (delayMs === undefined) {
          if (giveUp && left.length > 0) return await this.#keptAside(batch, giveUp, failed, signal)
          return { delivered: [], failed: [...failed, ...this.#givenUp(left, failure, attempt + 1)] }
        }
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

  async #keptAside(
    batch: DeliveryBatch,
    giveUp: NonNullable<Plan['giveUp']>,
    failed: readonly FailedRecord[],
    signal: AbortSignal,
  ): Promise<Sent | undefined> {
    const refused = (failure: DeliveryFailed, attempt: number) => this.#report.errorOutputFailed(failure, attempt)
    if (!(await this.insist(() => giveUp(batch), refused, signal))) return undefined
    this.#report.counts.failedRecords += batch.records.length
    return { delivered: batch.records, failed }
  }

  #givenUp(records: readonly DeliveryRecord[], failure: DeliveryFailed, attemptsMade: number): FailedRecord[] {
    const { errorOutputType } = this.#plan
    const { code: errorCode, message: errorMessage } = failure
    return this.#told(
      records.map((record) => ({ record, errorOutputType, errorCode, errorMessage })),
      attemptsMade,
    )
  }

  /** With what this kind of destination tells of a record, and how often it was tried. */
  #told(refused: readonly RefusedRecord[], attemptsMade: number): FailedRecord[] {
    const { errorDetails } = this.#plan
    const attemptEndingMs = this.#parts.clock.nowMs()
    return refused.map((failed) => {
      const details = errorDetails?.(failed.record)
      const tries = { attemptsMade, attemptEndingMs }
      return { ...failed, ...tries, ...(details && { details: { ...details, ...failed.details } }) }
    })
  }
}

const recordsOf = (refused: readonly RefusedRecord[]) => refused.map(({ record }) => record)

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
