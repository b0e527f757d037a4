import type { UserRecord } from '@millrace/formats'
import type { Checkpoint } from '../checkpoint.ts'

/*
 * The MultiLangDaemon protocol: one JSON object a line, over the child's standard input and output.
 *
 *   to the child    {"action":"initialize","shardId":s,"sequenceNumber":s,"subSequenceNumber":n}
 *                   {"action":"processRecords","records":[{"action":"record","data":base64,"partitionKey":s,
 *                     "sequenceNumber":s,"subSequenceNumber":n,"approximateArrivalTimestamp":ms},…],"millisBehindLatest":ms}
 *                   {"action":"leaseLost"}   {"action":"shardEnded"}   {"action":"shutdownRequested"}
 *   from the child  {"action":"checkpoint","sequenceNumber":s|null,"subSequenceNumber":n|null}   any number of times
 *   to the child    {"action":"checkpoint","sequenceNumber":…,"subSequenceNumber":…,"error":name|null}   the answer to each
 *   from the child  {"action":"status","responseFor":action}   once, when it is done with the action
 *
 * The daemons of KCL 1 said {"action":"shutdown","reason":"ZOMBIE"|"TERMINATE"} for leaseLost and shardEnded, and the
 * programs of that time called the checkpoint's place "checkpoint".
 */

/** What the child is asked to do, one at a time. */
export type Action = 'initialize' | 'processRecords' | 'leaseLost' | 'shardEnded' | 'shutdownRequested' | 'shutdown'

/** Whose messages for the end of a shard: those of KCL 1 or of every later one. */
export type ProtocolVersion = 1 | 2

/** An action with what it needs. */
export type Request = { readonly action: Action; readonly [member: string]: unknown }

export const initializeRequest = (shardId: string, { sequenceNumber, subSequenceNumber }: Checkpoint): Request => ({
  action: 'initialize',
  shardId,
  sequenceNumber,
  subSequenceNumber,
})

export const processRecordsRequest = (records: readonly UserRecord[], millisBehindLatest: number): Request => ({
  action: 'processRecords',
  records: records.map(recordMessage),
  millisBehindLatest,
})

export const leaseLostRequest = (version: ProtocolVersion): Request =>
  version === 1 ? { action: 'shutdown', reason: 'ZOMBIE' } : { action: 'leaseLost' }

export const shardEndedRequest = (version: ProtocolVersion): Request =>
  version === 1 ? { action: 'shutdown', reason: 'TERMINATE' } : { action: 'shardEnded' }

export const shutdownRequestedRequest: Request = { action: 'shutdownRequested' }

function recordMessage(record: UserRecord): Record<string, unknown> {
  const { data } = record
  return {
    action: 'record',
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    partitionKey: record.partitionKey,
    sequenceNumber: record.sequenceNumber,
    subSequenceNumber: record.subSequenceNumber,
    approximateArrivalTimestamp: record.approximateArrivalTimestamp?.getTime() ?? null,
  }
}

/** The answer to a checkpoint; `error` is the simple name of one of KCL's exceptions. */
export const checkpointAnswer = (asked: CheckpointMessage, error: string | undefined) => ({
  action: 'checkpoint',
  sequenceNumber: asked.sequenceNumber ?? null,
  subSequenceNumber: asked.subSequenceNumber ?? null,
  // Programs of KCL 1's time look for it by this name.
  checkpoint: asked.sequenceNumber ?? null,
  error: error ?? null,
})

export type CheckpointMessage = {
  readonly kind: 'checkpoint'
  /** Undefined: at the last record that was handed over. */
  readonly sequenceNumber: string | undefined
  readonly subSequenceNumber: number | undefined
}

export type StatusMessage = { readonly kind: 'status'; readonly responseFor: string }

export type ChildMessage = CheckpointMessage | StatusMessage

/** What a line of the child says; undefined when it is no message: many libraries print to standard output. */
export function readMessage(line: string): ChildMessage | undefined {
  const parsed = parsedObject(line)
  if (parsed?.action === 'status' && typeof parsed.responseFor === 'string')
    return { kind: 'status', responseFor: parsed.responseFor }
  if (parsed?.action !== 'checkpoint') return undefined
  const sequenceNumber = parsed.sequenceNumber ?? parsed.checkpoint ?? undefined
  const subSequenceNumber = parsed.subSequenceNumber ?? undefined
  if (sequenceNumber !== undefined && typeof sequenceNumber !== 'string') return undefined
  if (subSequenceNumber === undefined) return { kind: 'checkpoint', sequenceNumber, subSequenceNumber }
  const number = Number(subSequenceNumber)
  if (!Number.isSafeInteger(number) || number < 0) return undefined
  return { kind: 'checkpoint', sequenceNumber, subSequenceNumber: number }
}

function parsedObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line, wholeNumbers)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** A sequence number has some 56 digits: written as a JSON number it must not pass through a double. */
function wholeNumbers(this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
  const isPlace = key === 'sequenceNumber' || key === 'checkpoint'
  return isPlace && typeof value === 'number' && context?.source ? context.source : value
}
