import type { Clock, Logger, Random } from '@millrace/ports'
import type { MetricSink } from '../../../core/ports/metrics.ts'
import type { ObjectStore } from '../../../core/ports/objects.ts'
import type { StreamRecord } from '../../../core/ports/streams.ts'
import type { HeldFunction } from '../functions/function-table.ts'
import { FunctionUnreachable, type InvocationResult, NoPlaceFree } from '../functions/invocation.ts'
import type { Invocations } from '../invocations.ts'
import { payloadBytesMax, windowStateBytesMax } from '../limits.ts'
import { BatchPlan, type PlanSettings, type Step } from './batch-plan.ts'
import { type EventCounts, eventCounts } from './event-counts.ts'
import { deliverFailure } from './failure-destination.ts'
import { batchOutcome, parsedAnswer, windowStateOf } from './function-answer.ts'
import type { Mapping } from './mapping.ts'
import { type EventSource, type EventWindow, eventOf } from './stream-event.ts'

export type BatchParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly metrics: MetricSink
  readonly objects: ObjectStore | undefined
  readonly invocations: Invocations
}

/** A tumbling window that is open: its bounds, and what the function remembers of it. */
export type OpenWindow = { readonly startMs: number; readonly endMs: number; readonly state: string }

/** Told after each part of a batch that is done or given up; resolves once that is durable. */
type OnProgress = (through: StreamRecord, state: string | undefined) => Promise<void>

/** What the last batch came to, in AWS's words. */
export type ProcessingResult = 'No records processed' | 'OK' | `PROBLEM: ${string}`

/** Brings batches of one shard to the function, and does what the mapping says when it fails. */
export class BatchRunner {
  readonly #parts: BatchParts
  readonly #mapping: Mapping
  readonly #called: HeldFunction
  readonly #source: EventSource & { readonly streamArn: string }
  readonly #settings: PlanSettings
  readonly #tell: (result: ProcessingResult) => void
  readonly #counts: EventCounts | undefined

  constructor(
    parts: BatchParts,
    mapping: Mapping,
    called: HeldFunction,
    source: EventSource & { readonly streamArn: string },
    retentionMs: number,
    tell: (result: ProcessingResult) => void,
  ) {
    this.#parts = parts
    this.#mapping = mapping
    this.#called = called
    this.#source = source
    this.#tell = tell
    this.#counts = eventCounts(parts.metrics, mapping)
    const { bisectsOnError, recordAgeSecondsMax, retriesMax } = mapping
    this.#settings = {
      retriesMax: retriesMax < 0 ? Number.POSITIVE_INFINITY : retriesMax,
      // What is past the stream's retention is gone, however often the function may still be tried.
      ageMsMax: recordAgeSecondsMax < 0 ? retentionMs : Math.min(recordAgeSecondsMax * 1000, retentionMs),
      bisectsOnError,
    }
  }

  /** Runs until every record is done or given up, or `signal` aborts: then the rest is left as it was. */
  async run(
    records: readonly StreamRecord[],
    window: OpenWindow | undefined,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const plan = new BatchPlan(
      records.map(({ arrivedAtMs }) => arrivedAtMs),
      this.#settings,
    )
    let state = window?.state
    let last: Attempt | undefined
    for (let step = await this.#nextStep(plan, signal); step; step = await this.#nextStep(plan, signal)) {
      const part = records.slice(step.from, step.to)
      const event = eventOf(this.#source, part, window && eventWindow(window, state!, false, false))
      if (step.do === 'giveUp' || event.byteLength > payloadBytesMax) {
        const isOver = await this.#giveUp(step, part, event, last, signal)
        if (!isOver) return
        plan.done()
        await onProgress(part.at(-1)!, state)
        continue
      }
      last = await this.#invoke(event, part.at(-1)!, signal)
      this.#counts?.count('InvokedEventCount', part.length)
      if (!last.isSuccess) {
        this.#counts?.count('FailedInvokeEventCount', part.length)
        if (signal.aborted) return // its process was ended, too: the function is not to blame
        plan.failed(last.counts)
        continue
      }
      const answer = parsedAnswer(last.payload)
      const outcome = this.#mapping.reportsItemFailures
        ? batchOutcome(
            answer,
            part.map(({ sequenceNumber }) => sequenceNumber),
          )
        : ({ kind: 'success' } as const)
      this.#tell(outcome.kind === 'success' ? 'OK' : functionFailed)
      if (outcome.kind === 'failure') plan.failed(true)
      else {
        if (window) {
          state = await this.#stateAfter(answer, window, signal)
          if (state === undefined) return
        }
        const isWhole = outcome.kind === 'success'
        if (isWhole) plan.done()
        else plan.failedFrom(step.from + outcome.index)
        const through = isWhole ? step.to : step.from + outcome.index
        if (through > step.from) await onProgress(records[through - 1]!, state)
      }
    }
  }

  /**
   * Tells the function that a window is over. Given up like a batch, by retries and age: what it held is then lost.
   * Resolves with false when `signal` aborted before.
   */
  async finishWindow(window: OpenWindow, isTerminatedEarly: boolean, signal: AbortSignal): Promise<boolean> {
    const { logger } = this.#parts
    const plan = new BatchPlan([window.endMs], { ...this.#settings, bisectsOnError: false })
    const event = eventOf(this.#source, [], eventWindow(window, window.state, true, isTerminatedEarly))
    for (let step = await this.#nextStep(plan, signal); step; step = await this.#nextStep(plan, signal)) {
      if (step.do === 'giveUp') {
        const { endMs, startMs } = window
        const facts = { mapping: this.#mapping.uuid, startMs, endMs }
        logger.log('error', 'the end of a tumbling window was given up', facts)
        return true
      }
      const attempt = await this.#invoke(event, undefined, signal)
      if (attempt.isSuccess) {
        this.#tell('OK')
        return true
      }
      if (!signal.aborted) plan.failed(attempt.counts)
    }
    return false
  }

  /** The next step when its pause is over; undefined at the end, or when `signal` aborts. */
  async #nextStep(plan: BatchPlan, signal: AbortSignal): Promise<Step | undefined> {
    const { clock } = this.#parts
    const step = plan.next(clock.nowMs())
    if (step?.do !== 'invoke' || step.pauseMs === 0) return signal.aborted ? undefined : step
    await clock.sleep(step.pauseMs, signal)
    return signal.aborted ? undefined : plan.next(clock.nowMs()) // what was young enough may be too old now
  }

  /**
   * The state that the function gave; one that is too large ends the window early, and the next one is empty. Undefined
   * when `signal` aborted before that end was told.
   */
  async #stateAfter(answer: unknown, window: OpenWindow, signal: AbortSignal): Promise<string | undefined> {
    const state = windowStateOf(answer)
    if (Buffer.byteLength(state) <= windowStateBytesMax) return state
    const isTold = await this.finishWindow({ ...window, state }, true, signal)
    return isTold ? '{}' : undefined
  }

  async #invoke(event: Buffer, newest: StreamRecord | undefined, signal: AbortSignal): Promise<Attempt> {
    const { clock, invocations, logger, metrics, random } = this.#parts
    const requestId = random.uuid()
    const dimensions = { FunctionName: this.#called.definition.name }
    if (newest)
      metrics.record('IteratorAge', dimensions, Math.max(0, clock.nowMs() - newest.arrivedAtMs), 'Milliseconds')
    try {
      const { functionError, payload } = await invocations.invoke(this.#called, {
        event,
        requestId,
        mayWait: true,
        signal,
      })
      if (functionError === undefined) return { isSuccess: true, payload, requestId }
      this.#tell(functionFailed)
      const facts = { ...dimensions, mapping: this.#mapping.uuid, requestId, error: toldOf(payload) }
      logger.log('warn', 'a function failed on a batch', facts)
      return { isSuccess: false, counts: true, requestId, functionError }
    } catch (error) {
      if (!(error instanceof NoPlaceFree || error instanceof FunctionUnreachable)) throw error
      if (!signal.aborted) {
        this.#tell('PROBLEM: Function cannot be reached')
        logger.log('warn', 'a function cannot be reached', { ...dimensions, mapping: this.#mapping.uuid, error })
      }
      return { isSuccess: false, counts: false, requestId, functionError: undefined }
    }
  }

  /** Resolves with whether that is done: false when `signal` aborted before the destination had it. */
  async #giveUp(
    step: Step,
    records: readonly StreamRecord[],
    event: Buffer,
    last: Attempt | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { logger, metrics, random } = this.#parts
    const { uuid, onFailureArn } = this.#mapping
    const condition = step.do === 'giveUp' ? step.condition : 'RetryAttemptsExhausted'
    const invokeCount = step.do === 'giveUp' ? step.invokeCount : 0
    const { shardId, streamArn } = this.#source
    const from = records[0]!.sequenceNumber
    const facts = { mapping: uuid, shardId, from, count: records.length, condition }
    logger.log(onFailureArn === undefined ? 'error' : 'warn', 'records were given up', facts)
    if (onFailureArn !== undefined) {
      const requestId = last?.requestId ?? random.uuid()
      const functionError = last && 'functionError' in last ? last.functionError : undefined
      const functionArn = this.#called.arn
      const about = {
        condition,
        invokeCount,
        records,
        shardId,
        streamArn,
        functionArn,
        requestId,
        functionError,
        event,
      }
      const isDelivered = await deliverFailure(this.#parts, this.#mapping, about, signal)
      if (!isDelivered && signal.aborted) return false
      const dimensions = { FunctionName: this.#called.definition.name }
      if (isDelivered) this.#counts?.count('OnFailureDestinationDeliveredEventCount', records.length)
      else metrics.record('DestinationDeliveryFailures', dimensions, 1, 'Count')
    }
    this.#counts?.count('DroppedEventCount', records.length)
    return true
  }
}

/** What is logged of an error: traces may be long. */
const toldLengthMax = 2048
const toldOf = (payload: Uint8Array) => Buffer.from(payload).toString('utf8', 0, toldLengthMax)

const functionFailed = 'PROBLEM: Function call failed'

type Attempt =
  | { readonly isSuccess: true; readonly payload: InvocationResult['payload']; readonly requestId: string }
  | {
      readonly isSuccess: false
      /** A failure of the function, which uses up a retry. */
      readonly counts: boolean
      readonly requestId: string
      readonly functionError: string | undefined
    }

const eventWindow = (
  { startMs, endMs }: OpenWindow,
  state: string,
  isFinal: boolean,
  isEarly: boolean,
): EventWindow => ({
  startMs,
  endMs,
  state,
  isFinal,
  isTerminatedEarly: isEarly,
})
