import { anySignal, type Clock, type Logger, type Random } from '@millrace/ports'
import { type FunctionAnswer, type FunctionInvoker, FunctionNotInvoked } from '../../../../core/ports/functions.ts'
import type { MetricSink } from '../../../../core/ports/metrics.ts'
import { type DeliveryRecord, derived, type FailedRecord } from '../../delivery/delivery-record.ts'
import { retryDelayMs } from '../../delivery/retry.ts'
import { count, type FirehoseMetric } from '../../metrics.ts'
import type { Transform, Transformed } from '../transform.ts'
import { answerOf, type Failure, functionFailed, type LambdaAnswer } from './lambda-answer.ts'
import { type LambdaRequest, type RequestHead, requestsOf } from './lambda-request.ts'

/** A call of a function is given up after so long, as on AWS. */
const invocationMsMax = 300_000

export type LambdaTransformParts = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricSink
  readonly functions: FunctionInvoker
}

export type LambdaTransformOptions = {
  readonly deliveryStream: string
  readonly head: RequestHead
  readonly functionArn: string
  /** Tries after the first. */
  readonly retriesMax: number
  readonly intake: { readonly sizeBytesMax: number; readonly intervalMs: number }
  /** Whether what it says of partition keys is asked for. */
  readonly isPartitioned: boolean
}

/** What became of a call: an answer, or the reason why there is none. */
type Called = { readonly attemptsMade: number; readonly answer: LambdaAnswer | undefined; readonly failure?: Failure }

/** Passes records through a Lambda function, in calls of a size and age that are asked for. */
export class LambdaTransform implements Transform {
  readonly intake: LambdaTransformOptions['intake']
  readonly #parts: LambdaTransformParts
  readonly #options: LambdaTransformOptions

  constructor(parts: LambdaTransformParts, options: LambdaTransformOptions) {
    this.#parts = parts
    this.#options = options
    this.intake = options.intake
  }

  async transform(given: readonly DeliveryRecord[], signal: AbortSignal): Promise<Transformed> {
    const { requests, oversize } = requestsOf(given, this.#options.head)
    const records: DeliveryRecord[] = []
    const failed: FailedRecord[] = oversize.map((record) => this.#failed(record, tooLarge, 0))
    for (const request of requests) {
      const called = await this.#call(request, signal)
      const { answer, attemptsMade, failure = functionFailed } = called
      let succeeded = 0
      let succeededBytes = 0
      for (const [id, record] of request.records) {
        const outcome = answer?.outcomeOf(id) ?? { kind: 'failed', failure }
        if (outcome.kind === 'failed') failed.push(this.#failed(record, outcome.failure, attemptsMade))
        if (outcome.kind !== 'ok') continue
        succeeded++
        succeededBytes += record.data.byteLength
        const made = derived(record, outcome.data)
        records.push(this.#options.isPartitioned ? withKeys(made, outcome.partitionKeys) : made)
      }
      this.#count('SucceedProcessing.Records', succeeded)
      this.#count('SucceedProcessing.Bytes', succeededBytes)
    }
    return { records, failed }
  }

  /** Calls the function until it answers; a wrong answer is an answer. */
  async #call({ payload }: LambdaRequest, signal: AbortSignal): Promise<Called> {
    const { clock, logger, random } = this.#parts
    const { deliveryStream, functionArn, retriesMax } = this.#options
    for (let attemptsMade = 1; ; attemptsMade++) {
      const startedMs = clock.monotonicMs()
      const answered = await this.#invoke(payload(random.uuid()), signal)
      signal.throwIfAborted()
      this.#count('ExecuteProcessing.Duration', clock.monotonicMs() - startedMs)
      this.#count('ExecuteProcessing.Success', 'payload' in answered ? 1 : 0)
      if ('payload' in answered) return { attemptsMade, answer: answerOf(answered.payload) }
      const { code, message } = answered
      logger.log('warn', 'a function failed to transform records', { deliveryStream, functionArn, code, message })
      if (attemptsMade > retriesMax) return { attemptsMade, answer: undefined, failure: answered }
      await clock.sleep(retryDelayMs(attemptsMade - 1, random), signal)
      signal.throwIfAborted()
    }
  }

  async #invoke(payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer | Failure> {
    const { clock, functions } = this.#parts
    const ended = new AbortController()
    const either = anySignal([signal, ended.signal])
    const late = clock.sleep(invocationMsMax, either).then(() => timedOut)
    try {
      const answered = await Promise.race([functions.invoke(this.#options.functionArn, payload, either), late])
      return 'functionError' in answered && answered.functionError !== undefined ? functionFailed : answered
    } catch (error) {
      return failureOf(error)
    } finally {
      ended.abort()
    }
  }

  #failed(record: DeliveryRecord, { code, message }: Failure, attemptsMade: number): FailedRecord {
    return {
      record,
      errorOutputType: 'processing-failed',
      errorCode: code,
      errorMessage: message,
      attemptsMade,
      attemptEndingMs: this.#parts.clock.nowMs(),
      // So it stands in AWS's error output; its guide writes `lambdaArn`.
      details: { lambdaARN: this.#options.functionArn },
    }
  }

  #count(metric: FirehoseMetric, value: number): void {
    count(this.#parts.metrics, this.#options.deliveryStream, metric, value)
  }
}

const withKeys = (record: DeliveryRecord, fromLambda: Readonly<Record<string, string>>): DeliveryRecord => ({
  ...record,
  partitionKeys: { fromQuery: record.partitionKeys?.fromQuery ?? {}, fromLambda },
})

const timedOut: Failure = {
  code: 'Lambda.FunctionRequestTimedOut',
  message: 'Request did not complete before the request timeout configuration when invoking the Lambda function.',
}

const tooLarge: Failure = {
  code: 'Lambda.RequestTooLargeException',
  message: 'The record is too large for a request to the Lambda function (limit 6291456 bytes).',
}

const refusals: Readonly<Record<FunctionNotInvoked['reason'], Failure>> = {
  'access denied': {
    code: 'Lambda.InvokeAccessDenied',
    message: 'Access was denied. Ensure that the access policy allows access to the Lambda function.',
  },
  'not found': {
    code: 'Lambda.ResourceNotFound',
    message: 'The specified Lambda function does not exist. Use a different function that does exist.',
  },
  'role not assumed': {
    code: 'Lambda.AssumeRoleAccessDenied',
    message:
      'Access was denied. Ensure that the trust policy for the provided IAM role allows Kinesis Data Firehose to assume ' +
      'the role.',
  },
  throttled: {
    code: 'Lambda.InvokeLimitExceeded',
    message: 'The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.',
  },
  unreachable: { code: 'Lambda.TargetServerFailedToRespond', message: 'The Lambda function cannot be reached.' },
}

/** What is no refusal is a defect of ours, and is tried again like one. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof FunctionNotInvoked)) return { code: 'InternalError', message: (error as Error).message }
  const { code, message } = refusals[error.reason]
  return error.reason === 'unreachable' ? { code, message: `${message} ${error.message}` } : { code, message }
}
