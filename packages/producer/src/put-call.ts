import {
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis'
import type { KinesisRecord } from './kinesis-record.ts'
import type { Settings } from './producer-options.ts'
import type { Attempt } from './put-errors.ts'
import { rejectedOn } from './shard-map.ts'

/** What became of one PutRecords. */
export type CallOutcome = {
  readonly startedMs: number
  readonly endedMs: number
  /** When it began, in milliseconds since 1970. */
  readonly startedWallMs: number
  /** Of every Kinesis record; undefined when the call failed as a whole. */
  readonly results: readonly (PutRecordsResultEntry | undefined)[] | undefined
  /** Why it failed as a whole. */
  readonly fault: Fault | undefined
}

export type Fault = { readonly code: string; readonly message: string }

/** Sends one PutRecords. Never rejects; ends after `requestTimeoutMs` also where the client takes no notice of a signal. */
export async function putRecords(
  kinesis: Pick<KinesisClient, 'send'>,
  records: readonly KinesisRecord[],
  { stream, clock, requestTimeoutMs }: Settings,
): Promise<CallOutcome> {
  const startedMs = clock.monotonicMs()
  const startedWallMs = clock.nowMs()
  const Records: PutRecordsRequestEntry[] = records.map(({ data, partitionKey, explicitHashKey }) => ({
    Data: data,
    PartitionKey: partitionKey,
    ExplicitHashKey: explicitHashKey,
  }))
  const timedOut = new AbortController()
  const stopTimer = clock.after(requestTimeoutMs, () => timedOut.abort())
  let results: CallOutcome['results']
  let fault: Fault | undefined
  try {
    const answer = await Promise.race([
      kinesis.send(new PutRecordsCommand({ ...stream, Records }), { abortSignal: timedOut.signal }),
      rejectedOn(timedOut.signal),
    ])
    results = Array.isArray(answer?.Records) ? answer.Records : []
  } catch (error) {
    fault = timedOut.signal.aborted
      ? { code: 'RequestTimeout', message: `no answer within ${requestTimeoutMs} ms` }
      : faultOf(error)
  } finally {
    stopTimer()
  }
  return { startedMs, endedMs: clock.monotonicMs(), startedWallMs, results, fault }
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { code: 'UnknownError', message: String(error) }
  const system = (error as { code?: unknown }).code
  // Of a failed connection the name is Error, and the code says what it is.
  return { code: error.name !== 'Error' || typeof system !== 'string' ? error.name : system, message: error.message }
}

export const attemptOf = ({ startedMs, endedMs, startedWallMs }: CallOutcome, fault?: Fault | undefined): Attempt => ({
  startedMs: startedWallMs,
  durationMs: endedMs - startedMs,
  ...(fault && { errorCode: fault.code, errorMessage: fault.message }),
})

/** A repeated call would meet the same: the call, or one of the records in it, is not as AWS wants it. */
export const isRefusal = ({ code }: Fault): boolean =>
  code === 'ValidationException' || code === 'InvalidArgumentException' || code === 'SerializationException'

export const isThrottling = ({ code }: Fault): boolean => code === 'ProvisionedThroughputExceededException'
