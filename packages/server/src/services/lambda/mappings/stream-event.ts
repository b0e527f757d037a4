import type { StreamRecord } from '../../../core/ports/streams.ts'
import { windowStateBytesMax } from '../limits.ts'

/*
 * The event that a function gets: AWS's, member by member and in AWS's order. Records are not de-aggregated.
 */

/** What all records of a shard's events have in common. */
export type EventSource = {
  readonly shardId: string
  readonly eventSourceArn: string
  readonly invokeIdentityArn: string
  readonly region: string
}

/** A tumbling window's part of an event. */
export type EventWindow = {
  readonly startMs: number
  readonly endMs: number
  /** JSON. */
  readonly state: string
  readonly isFinal: boolean
  readonly isTerminatedEarly: boolean
}

/** A record as JSON. */
function recordJson(source: EventSource, { sequenceNumber, partitionKey, data, arrivedAtMs }: StreamRecord): string {
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
  return (
    `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":${JSON.stringify(partitionKey)},` +
    `"sequenceNumber":"${sequenceNumber}","data":"${base64}","approximateArrivalTimestamp":${arrivedAtMs / 1000}},` +
    `"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"${source.shardId}:${sequenceNumber}",` +
    `"eventName":"aws:kinesis:record","invokeIdentityArn":"${source.invokeIdentityArn}",` +
    `"awsRegion":"${source.region}","eventSourceARN":"${source.eventSourceArn}"}`
  )
}

/** At least as many bytes as `recordJson` makes of it. */
export function recordJsonBytes(source: EventSource, { partitionKey, data }: StreamRecord): number {
  const { shardId, invokeIdentityArn, eventSourceArn, region } = source
  const texts = shardId.length + invokeIdentityArn.length + eventSourceArn.length + region.length
  const key = Buffer.byteLength(JSON.stringify(partitionKey))
  return fixedBytes + texts + key + Math.ceil(data.byteLength / 3) * 4
}

/** Names, punctuation, two sequence numbers and a time, and some more. */
const fixedBytes = 480

/** Bytes of an event besides its records: a window's state may be the most of them. */
export const envelopeBytesMax = (hasWindow: boolean): number => 1024 + (hasWindow ? windowStateBytesMax : 0)

export function eventOf(
  source: EventSource,
  records: readonly StreamRecord[],
  window: EventWindow | undefined,
): Buffer {
  const texts = records.map((record) => recordJson(source, record))
  const list = `"Records":[${texts.join(',')}]`
  if (!window) return Buffer.from(`{${list}}`)
  const bounds = JSON.stringify({ start: secondsOf(window.startMs), end: secondsOf(window.endMs) })
  return Buffer.from(
    `{${list},"window":${bounds},"state":${window.state},"shardId":"${source.shardId}",` +
      `"eventSourceARN":"${source.eventSourceArn}","isFinalInvokeForWindow":${window.isFinal},` +
      `"isWindowTerminatedEarly":${window.isTerminatedEarly}}`,
  )
}

/** `2020-07-30T17:00:00Z` */
const secondsOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
