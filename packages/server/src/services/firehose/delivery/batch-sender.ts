import type { Clock, Random } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord, RefusedRecord } from './delivery-record.ts'
import type { DeliveryReport } from './delivery-report.ts'
import type { Plan } from './plan.ts'
import { nextDelayMs, retryDelayMs } from './retry.ts'
import { Turns } from './turns.ts'

export type SenderParts = {
  readonly clock: Clock
  readonly random: Random
}

/** Told of records that are there. Resolves when that is saved. */
export type Taken = (records: readonly DeliveryRecord[]) => Promise<void>

/** What became of one try. */
type Tried = {
  readonly refused: readonly RefusedRecord[]
  readonly left: readonly DeliveryRecord[]
  /** Undefined if it went well. */
  readonly failure?: DeliveryFailed
}

/**
 * Brings batches to a destination: again and again, until one is taken or its time is over. The tries of all batches are made
 * one by one, each when it is saved what came of the one before; a batch that waits for its next try holds up nobody.
 */
export class BatchSender {
  readonly #parts: SenderParts
  readonly #plan: Plan
  readonly #report: DeliveryReport
  readonly #turns = new Turns()

  constructor(parts: SenderParts, plan: Plan, report: DeliveryReport) {
    this.#parts = parts
    this.#plan = plan
    this.#report = report
  }

  /** @returns those that are given up; undefined if it was stopped on the way: what was not told of comes again */
  async send(given: DeliveryBatch, taken: Taken, signal: AbortSignal): Promise<readonly FailedRecord[] | undefined> {
    const { clock, random } = this.#parts
    const { giveUp, isSideBySide, retryEveryMs, retryMs } = this.#plan
    const startedMs = clock.monotonicMs()
    let uncountedMs = 0
    let batch = given
    const failed: FailedRecord[] = []
    for (let attempt = 0; !signal.aborted; attempt++) {
      const waitingMs = clock.monotonicMs()
      const act = () => {
        uncountedMs += clock.monotonicMs() - waitingMs
        return this.#try(batch, taken, signal)
      }
      const tried = await (isSideBySide ? act() : this.#turns.take(act))
      if (!tried) return undefined
      const { failure, left, refused } = tried
      failed.push(...this.#told(refused, attempt + 1))
      if (!failure) return failed
      uncountedMs += failure.answerWaitMs
      const leftMs = retryMs + uncountedMs - (clock.monotonicMs() - startedMs)
      const mayTry = left.length > 0 && !failure.isFinal
      const delayMs = mayTry ? nextDelayMs(attempt, leftMs, random, retryEveryMs) : undefined
      this.#report.tryFailed(failure, attempt, delayMs !== undefined)
      batch = { ...batch, records: left }
      if (delayMs === undefined) {
        if (giveUp && left.length > 0) return (await this.#keptAside(batch, giveUp, taken, signal)) ? failed : undefined
        return [...failed, ...this.#givenUp(left, failure, attempt + 1)]
      }
      await clock.sleep(delayMs, signal)
    }
    return undefined
  }

  async #try(batch: DeliveryBatch, taken: Taken, signal: AbortSignal): Promise<Tried | undefined> {
    if (signal.aborted) return undefined
    const { records } = batch
    const tried = await this.#plan.destination.deliver(batch, signal).then(
      (refused): Tried => ({ refused, left: [] }),
      (error: unknown): Tried => {
        const failure = failureOf(error)
        const { refused } = failure
        return { failure, refused, left: failure.left ?? without(records, recordsOf(refused)) }
      },
    )
    const { failure, left, refused } = tried
    if (failure && signal.aborted) return undefined
    const arrived = without(without(records, recordsOf(refused)), left)
    if (!failure) this.#report.delivered(batch, arrived)
    else if (arrived.length > 0) this.#report.arrived(batch, arrived)
    if (arrived.length > 0) await taken(arrived)
    return tried
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
    taken: Taken,
    signal: AbortSignal,
  ): Promise<boolean> {
    const refused = (failure: DeliveryFailed, attempt: number) => this.#report.errorOutputFailed(failure, attempt)
    if (!(await this.insist(() => giveUp(batch), refused, signal))) return false
    this.#report.counts.failedRecords += batch.records.length
    await taken(batch.records)
    return true
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
