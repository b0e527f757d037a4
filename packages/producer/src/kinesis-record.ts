import { deaggregateRecords, writeDigests } from '@millrace/formats'
import type { PackedRecords } from './packed-records.ts'
import type { PendingRecord } from './pending-record.ts'

/** What goes into a PutRecords: one user record as it is, or an aggregate of several. */
export type KinesisRecord = {
  readonly packed: PackedRecords
  /** What went alone; undefined for an aggregate. */
  readonly alone: PendingRecord | undefined
  /** Before encoding: a user record's data, or an aggregate, which holds the data of its records. */
  readonly bytes: Uint8Array
  /** Whether the aggregate has its digest already: see `digestRecords`. */
  isDigested: boolean
  /** As it is sent; undefined while it is being encoded. */
  data: Uint8Array | undefined
  /** Why it could not be encoded. */
  encodingFault: unknown
  readonly partitionKey: string
  readonly explicitHashKey: string | undefined
  /** Data and partition key, as AWS counts them, before encoding. */
  readonly packedBytes: number
  /** The same as it is sent. */
  sizeBytes: number
  /** When it goes out: the earliest of its records. */
  dueMs: number
  /** The first to expire among its records. */
  readonly expiresMs: number
  /** Goes in a call of its own: AWS refused one with it in. */
  isSuspect: boolean
}

/** As the KPL does: the hash key of the first record decides, so the key itself may be short. */
const aggregatePartitionKey = 'a'

/** Of one record, or of several whose `first` it is, with their `aggregate`, not digested. */
export function kinesisRecordOf(
  packed: PackedRecords,
  first: PendingRecord,
  aggregate: Uint8Array | undefined,
  dueMs: number,
  expiresMs: number,
): KinesisRecord {
  const data = aggregate ?? first.data
  const partitionKey = aggregate ? aggregatePartitionKey : first.partitionKey
  const packedBytes = data.byteLength + Buffer.byteLength(partitionKey)
  return {
    packed,
    alone: aggregate ? undefined : first,
    bytes: data,
    isDigested: aggregate === undefined,
    data,
    encodingFault: undefined,
    partitionKey,
    explicitHashKey: aggregate ? String(first.hashKey()) : first.explicitHashKey,
    packedBytes,
    sizeBytes: packedBytes,
    dueMs,
    expiresMs,
    isSuspect: first.isSuspect,
  }
}

/** Completes the aggregates that have no digest yet. Of several at once each takes a third (see md5-messages.ts). */
export function digestRecords(records: readonly KinesisRecord[]): void {
  const undigested = records.filter(({ isDigested }) => !isDigested)
  writeDigests(undigested.map(({ bytes }) => bytes))
  for (const record of undigested) record.isDigested = true
}

/** The user records in it once more, each by itself: they go other ways, or one of them fails. */
export function unpacked(record: KinesisRecord): PendingRecord[] {
  digestRecords([record])
  const { packed, alone, bytes, dueMs } = record
  if (!alone) return packed.unpack(deaggregateRecords([{ Data: bytes }]), dueMs)
  const [one] = packed.unpack([alone], dueMs)
  one!.isSuspect = alone.isSuspect
  return [one!]
}
