import { AggregateReader, framedRight } from './aggregate-reader.ts'
import { hashKeyOfBytes, hashKeyStarts } from './hash-key.ts'

/** A record as it was put, out of the Kinesis record that it travelled in. */
export type UserRecord = {
  /** A view of the Kinesis record's bytes, not a copy. */
  readonly data: Uint8Array
  readonly partitionKey: string
  /** As the producer gave it; undefined when it gave none, and of records that did not come in an aggregate. */
  readonly explicitHashKey: string | undefined
  /** Of the Kinesis record: all records of one aggregate have the same. */
  readonly sequenceNumber: string
  /** Its place in the aggregate, from 0; 0 when it came alone. */
  readonly subSequenceNumber: number
  readonly approximateArrivalTimestamp: Date | undefined
  /** Whether it came in an aggregate. */
  readonly aggregated: boolean
}

/** What is taken from a record of GetRecords or SubscribeToShard, by the names of AWS's SDK. */
export type KinesisRecord = {
  readonly Data?: Uint8Array | undefined
  readonly PartitionKey?: string | undefined
  readonly SequenceNumber?: string | undefined
  readonly ApproximateArrivalTimestamp?: Date | undefined
}

/** A shard's range of hash keys; both ends belong to it. */
export type HashKeyRange = { readonly start: bigint; readonly end: bigint }

const reader = new AggregateReader()
const noBytes = new Uint8Array(0)

/**
 * The user records of a whole batch, in order: those of aggregates one by one, every other record as it is. A corrupt
 * aggregate (cut, wrong MD5, malformed, keys that are not in its tables) is handed on as a plain record; never throws.
 *
 * With a `range`, records of aggregates whose hash key lies outside are left out: after a split they went to a shard that
 * their producer had not foreseen, and it puts them once more. (KCL leaves the whole aggregate out then. But the KPL puts
 * only those again that lie outside, so that with both of them, records are lost.)
 */
export function deaggregateRecords(records: readonly KinesisRecord[], range?: HashKeyRange): UserRecord[] {
  const userRecords: UserRecord[] = []
  const isFramed = framedRight(records.map(({ Data }) => Data ?? noBytes))
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    const data = record.Data ?? noBytes
    const sequenceNumber = record.SequenceNumber ?? ''
    const approximateArrivalTimestamp = record.ApproximateArrivalTimestamp
    const count = isFramed[i] ? reader.read(data) : -1
    if (count < 0) {
      userRecords.push({
        data,
        partitionKey: record.PartitionKey ?? '',
        explicitHashKey: undefined,
        sequenceNumber,
        subSequenceNumber: 0,
        approximateArrivalTimestamp,
        aggregated: false,
      })
    } else {
      pushAll(userRecords, data, count, sequenceNumber, approximateArrivalTimestamp, range)
    }
  }
  return userRecords
}

/** Whether `data` is an aggregate, all of it sound. */
export const isAggregate = (data: Uint8Array): boolean => framedRight([data])[0] === true && reader.read(data) >= 0

function pushAll(
  userRecords: UserRecord[],
  data: Uint8Array,
  count: number,
  sequenceNumber: string,
  approximateArrivalTimestamp: Date | undefined,
  range: HashKeyRange | undefined,
): void {
  // `buffer` is asked once: to V8 it is a call.
  const { buffer, byteOffset } = data
  const bytes = Buffer.from(buffer, byteOffset, data.byteLength)
  const { places, keyPlaces, hashKeyPlaces } = reader
  const keysWithin = range && keysWithinOf(data, range)
  const hashKeysWithin = range && hashKeysWithinOf(data, range)
  // By what is used, not by what the tables hold: decoded at most once each.
  const keys = new Array<string | undefined>(reader.keyCount)
  const hashKeys = new Array<string | undefined>(reader.hashKeyCount)
  const keyAt = (index: number): string =>
    (keys[index] ??= bytes.toString('utf8', keyPlaces[2 * index], keyPlaces[2 * index + 1]))
  const hashKeyAt = (index: number): string =>
    (hashKeys[index] ??= bytes.toString('latin1', hashKeyPlaces[2 * index], hashKeyPlaces[2 * index + 1]))
  for (let i = 0; i < count; i++) {
    const keyIndex = places[4 * i]!
    const hashKeyIndex = places[4 * i + 1]!
    if (range && (hashKeyIndex < 0 ? keysWithin![keyIndex] : hashKeysWithin![hashKeyIndex]) === 0) continue
    const start = places[4 * i + 2]!
    userRecords.push({
      data: new Uint8Array(buffer, byteOffset + start, places[4 * i + 3]! - start),
      partitionKey: keyAt(keyIndex),
      explicitHashKey: hashKeyIndex < 0 ? undefined : hashKeyAt(hashKeyIndex),
      sequenceNumber,
      subSequenceNumber: i,
      approximateArrivalTimestamp,
      aggregated: true,
    })
  }
}

/** Of each partition key of the aggregate read last: 1 if its hash key is in `range`, else 0. */
function keysWithinOf(data: Uint8Array, range: HashKeyRange): Uint8Array {
  const { keyPlaces, keyCount } = reader
  const within = new Uint8Array(keyCount)
  const starts = hashKeyStarts(data, keyPlaces, 2, keyCount)
  const first = Number(range.start >> 96n)
  const last = Number(range.end >> 96n)
  for (let i = 0; i < keyCount; i++) {
    const start = starts[i]!
    if (start < first || start > last) continue
    // Where the first 32 bits are a border's, the others decide.
    within[i] =
      (start > first && start < last) || isIn(range, hashKeyOfBytes(data, keyPlaces[2 * i]!, keyPlaces[2 * i + 1]!))
        ? 1
        : 0
  }
  return within
}

/** The same of each explicit hash key. */
function hashKeysWithinOf(data: Uint8Array, range: HashKeyRange): Uint8Array {
  const { hashKeyPlaces, hashKeyCount } = reader
  const within = new Uint8Array(hashKeyCount)
  for (let i = 0; i < hashKeyCount; i++) {
    const hashKey = decimal(data, hashKeyPlaces[2 * i]!, hashKeyPlaces[2 * i + 1]!)
    within[i] = hashKey === undefined || isIn(range, hashKey) ? 1 : 0
  }
  return within
}

const isIn = ({ start, end }: HashKeyRange, hashKey: bigint): boolean => hashKey >= start && hashKey <= end

/** Undefined when it is no number of up to 39 digits: of such a key nobody can say that it lies outside. */
function decimal(data: Uint8Array, start: number, end: number): bigint | undefined {
  if (end - start > 39) return undefined
  const digits = Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('latin1')
  return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined
}
