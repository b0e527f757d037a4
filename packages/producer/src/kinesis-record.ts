import type { PendingRecord } from './pending-record.ts'

/** What goes into a PutRecords: one user record as it is, or an aggregate of several. */
export type KinesisRecord = {
  readonly records: readonly PendingRecord[]
  readonly isAggregate: boolean
  /** Undefined while it is being encoded. */
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

/** Of one record, or of several with their `aggregate`. */
export function kinesisRecordOf(
  records: readonly PendingRecord[],
  aggregate: Uint8Array | undefined,
  dueMs: number,
  expiresMs: number,
): KinesisRecord {
  const first = records[0]!
  const data = aggregate ?? first.data
  const partitionKey = aggregate ? aggregatePartitionKey : first.partitionKey
  const packedBytes = data.byteLength + Buffer.byteLength(partitionKey)
  return {
    records,
    isAggregate: aggregate !== undefined,
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
