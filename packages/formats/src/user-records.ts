import { AggregateReader, framedRight } from './aggregate-reader.ts'
import { hashKeyOfBytes } from './hash-key.ts'

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
      const isWithin = range && withinOf(data, range)
      pushAll(userRecords, data, count, sequenceNumber, approximateArrivalTimestamp, isWithin)
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
  isWithin: ((place: number) => boolean) | undefined,
): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const { places, keyPlaces, hashKeyPlaces } = reader
  const keys = new Array<string | undefined>(reader.keyCount)
  const hashKeys = new Array<string | undefined>(reader.hashKeyCount)
  // By what is used, not by what the tables hold: decoded at most once each.
  const keyAt = (index: number): string =>
    (keys[index] ??= bytes.toString('utf8', keyPlaces[2 * index], keyPlaces[2 * index + 1]))
  const hashKeyAt = (index: number): string =>
    (hashKeys[index] ??= bytes.toString('latin1', hashKeyPlaces[2 * index], hashKeyPlaces[2 * index + 1]))
  for (let i = 0; i < count; i++) {
    if (isWithin && !isWithin(i)) continue
    const hashKeyIndex = places[4 * i + 1]!
    const start = places[4 * i + 2]!
    userRecords.push({
      data: new Uint8Array(data.buffer, data.byteOffset + start, places[4 * i + 3]! - start),
      partitionKey: keyAt(places[4 * i]!),
      explicitHashKey: hashKeyIndex < 0 ? undefined : hashKeyAt(hashKeyIndex),
      sequenceNumber,
      subSequenceNumber: i,
      approximateArrivalTimestamp,
      aggregated: true,
    })
  }
}

/** Tells of each record read last whether its hash key is in `range`: each key that is used is looked at once. */
function withinOf(data: Uint8Array, range: HashKeyRange): (place: number) => boolean {
  const { places, keyPlaces, hashKeyPlaces } = reader
  const keysWithin = new Map<number, boolean>()
  const hashKeysWithin = new Map<number, boolean>()
  return (place) => {
    const keyIndex = places[4 * place]!
    const hashKeyIndex = places[4 * place + 1]!
    const [seen, index] = hashKeyIndex < 0 ? [keysWithin, keyIndex] : [hashKeysWithin, hashKeyIndex]
    const known = seen.get(index)
    if (known !== undefined) return known
    const hashKey =
      hashKeyIndex < 0
        ? hashKeyOfBytes(data, keyPlaces[2 * index]!, keyPlaces[2 * index + 1]!)
        : decimal(data, hashKeyPlaces[2 * index]!, hashKeyPlaces[2 * index + 1]!)
    const isWithin = hashKey === undefined || (hashKey >= range.start && hashKey <= range.end)
    seen.set(index, isWithin)
    return isWithin
  }
}

/** Undefined when it is no number of up to 39 digits: of such a key nobody can say that it lies outside. */
function decimal(data: Uint8Array, start: number, end: number): bigint | undefined {
  if (end - start > 39) return undefined
  const digits = Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('latin1')
  return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined
}
