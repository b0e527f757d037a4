import { hashKeyMax, hashKeyOf } from '@millrace/formats'
import type { Attempts } from './attempts.ts'
import type { Attempt, PutError } from './put-errors.ts'

/** A record as a user puts it. Its bytes must not be changed before it is put. */
export type RecordInput = {
  /** 1 to 256 characters: records with the same key go to the same shard. */
  readonly partitionKey: string
  /** A decimal number of 128 bits, which chooses the shard instead of the partition key. */
  readonly explicitHashKey?: string | undefined
  /** Text is put as UTF-8. */
  readonly data: Uint8Array | string
}

/** Where a record is now. */
export type PutResult = {
  readonly shardId: string
  /** Of the Kinesis record: all that came in one aggregate have the same. */
  readonly sequenceNumber: string
  /** The place in the aggregate; undefined when the record went alone. */
  readonly subSequenceNumber: number | undefined
  /** What it took, the last one successful. */
  readonly attempts: readonly Attempt[]
}

/** Who is told what became of records. */
export interface Outcome {
  /** Those of `indexes` from `start` to `end` are put. */
  put(indexes: readonly number[], start: number, end: number, where: PutPlace): void
  failed(record: PendingRecord, error: PutError): void
}

/** Where a Kinesis record is now. */
export type PutPlace = {
  readonly shardId: string
  readonly sequenceNumber: string
  /** Then a record's place in it is its place in `indexes`. */
  readonly isAggregate: boolean
  readonly attempts: readonly Attempt[]
}

/** Of a record of `indexes`. */
export const resultOf = ({ shardId, sequenceNumber, isAggregate, attempts }: PutPlace, place: number): PutResult => ({
  shardId,
  sequenceNumber,
  subSequenceNumber: isAggregate ? place : undefined,
  attempts,
})

/** Records that one `flush` waits for. */
export type FlushRound = { pending: number }

/** What records that come at the same time have in common. */
export type Arrival = {
  readonly outcome: Outcome
  readonly round: FlushRound
  /** Monotonic, as `dueMs`. */
  readonly arrivedMs: number
  /** When they go out, whether or not they have company. */
  readonly dueMs: number
}

/** A record that is accepted and not yet put. */
export class PendingRecord {
  readonly partitionKey: string
  readonly explicitHashKey: string | undefined
  /** Of the partition key: see `keyMark`. */
  readonly keyMark: number
  /** What is put: the user's bytes, or what was made of them. */
  data: Uint8Array
  /** Data and partition key, as they count against the buffer. */
  readonly sizeBytes: number
  readonly arrival: Arrival
  /** Its place among those put at once. */
  readonly index: number
  attempts: Attempts | undefined
  /** AWS refused a call with it in: it goes alone, so that whoever is to blame fails alone. */
  isSuspect = false
  /** When it goes out, once that is not when its arrival says. */
  #dueMs: number | undefined

  constructor(
    partitionKey: string,
    explicitHashKey: string | undefined,
    keyMark: number,
    data: Uint8Array,
    sizeBytes: number,
    arrival: Arrival,
    index: number,
  ) {
    this.partitionKey = partitionKey
    this.explicitHashKey = explicitHashKey
    this.keyMark = keyMark
    this.data = data
    this.sizeBytes = sizeBytes
    this.arrival = arrival
    this.index = index
    this.attempts = undefined
  }

  /** When it goes out, whether or not it has company. */
  get dueMs(): number {
    return this.#dueMs ?? this.arrival.dueMs
  }

  set dueMs(ms: number) {
    this.#dueMs = ms
  }

  /** As of `PackedRecords`. */
  get count(): number {
    return 1
  }

  /** As of `PackedRecords`. */
  leaveRounds(): boolean {
    return --this.arrival.round.pending === 0
  }

  hashKey(): bigint {
    return this.explicitHashKey === undefined ? hashKeyOf(this.partitionKey) : BigInt(this.explicitHashKey)
  }
}

const partitionKeyLengthMax = 256

/** @returns what is wrong with a record, or undefined. `data` is its bytes, `sizeBytes` them and the key. */
export function faultOf(
  { partitionKey, explicitHashKey }: RecordInput,
  data: unknown,
  sizeBytes: number,
  sizeBytesMax: number,
): Error | undefined {
  if (typeof partitionKey !== 'string' || partitionKey.length === 0 || partitionKey.length > partitionKeyLengthMax)
    return new RangeError(`partitionKey must be a text of 1 to ${partitionKeyLengthMax} characters`)
  if (!(data instanceof Uint8Array)) return new TypeError('data must be a Uint8Array or a text')
  if (explicitHashKey !== undefined && !isHashKey(explicitHashKey))
    return new RangeError(`explicitHashKey ${explicitHashKey} is not a decimal number from 0 to 2^128 - 1`)
  if (sizeBytes > sizeBytesMax)
    return new RangeError(
      `a record of ${sizeBytes} bytes with its key is larger than recordSizeBytesMax, ${sizeBytesMax}`,
    )
  return undefined
}

const isHashKey = (text: string): boolean => /^(0|[1-9][0-9]{0,38})$/.test(text) && BigInt(text) <= hashKeyMax
