import type { DeliveryFigures } from './delivery.ts'
import type { Buffered } from './delivery-buffers.ts'
import type { Amount, LastError } from './delivery-counts.ts'

/** What is delivered, whether it runs or not. */
export type DeliveryFacts = {
  readonly name: string
  readonly status: string
  /** Rises with each change of the settings. */
  readonly version: number
  /** `DirectPut`, or the ARN of a stream. */
  readonly source: string
  /** Its kind, e.g. `ExtendedS3`, and where it is. */
  readonly destination: { readonly kind: string; readonly name: string }
}

/** A delivery as the page `/deliveries` gives it, and `millrace deliveries` shows it. Amounts are since the server started. */
export type DeliveryView = DeliveryFacts & {
  /** Accepted by Direct PUT, or read from the stream. */
  readonly in: Amount
  /** In memory. */
  readonly buffered: Buffered
  /** Delivered, in so many batches: objects, requests. */
  readonly out: Amount & { readonly batches: number }
  /** Not read yet: on the disk for Direct PUT, in the stream. The bytes are an estimate by the records that were read. */
  readonly waiting: {
    readonly records?: number | undefined
    readonly bytes?: number
    readonly behindMs?: number | undefined
  }
  /** Age of the oldest record that was read and is not delivered. */
  readonly oldestAgeMs?: number | undefined
  /** Records in the error output. */
  readonly failedRecords: number
  readonly lastError?: LastError | undefined
}

/** @param figures undefined while it is not delivered, in CREATING and DELETING */
export function deliveryView(facts: DeliveryFacts, figures: DeliveryFigures | undefined, nowMs: number): DeliveryView {
  if (!figures) return { ...facts, ...nothing }
  const { buffered, counts, oldestMs, waiting } = figures
  const { delivered, failedRecords, lastError, put, read } = counts
  return {
    ...facts,
    in: { ...(facts.source === 'DirectPut' ? put : read) },
    buffered,
    out: { ...delivered },
    waiting: { ...waiting, ...estimatedBytes(waiting.records, read) },
    oldestAgeMs: oldestMs === undefined ? undefined : Math.max(0, nowMs - oldestMs),
    failedRecords,
    lastError,
  }
}

const nothing = {
  in: { records: 0, bytes: 0 },
  buffered: { records: 0, bytes: 0, partitions: 0 },
  out: { records: 0, bytes: 0, batches: 0 },
  waiting: {},
  failedRecords: 0,
}

const estimatedBytes = (waitingRecords: number | undefined, { bytes, records }: Amount) =>
  waitingRecords === undefined || records === 0 ? {} : { bytes: Math.round((bytes / records) * waitingRecords) }
