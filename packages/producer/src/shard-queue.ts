import { AggregateBuilder } from '@millrace/formats'
import { Fifo } from './fifo.ts'
import { digestRecords, type KinesisRecord, kinesisRecordOf, unpacked } from './kinesis-record.ts'
import { PackedRecords } from './packed-records.ts'
import type { PendingRecord } from './pending-record.ts'
import type { Settings } from './producer-options.ts'
import { RateLimit } from './rate-limit.ts'

/** From here on a shard does not wait for others' company: more at once would be a burst that AWS throttles. */
export const shardBytesReady = 256 * 1024

/** Of a user record's place in an aggregate, more than what its key and data take. */
const placeBytesMax = 40

/** Changes a Kinesis record's bytes before it goes out; it may take until later. */
export type EncodeRecord = (record: KinesisRecord) => void

/**
 * What waits for one shard: records that are being packed, then Kinesis records in the order in which they go out. One call at
 * a time carries records of a shard, so that they arrive in that order.
 */
export class ShardQueue {
  /** Undefined for the queue of records whose shard is not known: they go alone. */
  readonly shardId: string | undefined
  /** Calls under way with records of this shard. */
  callsUnderWay = 0
  /** Nothing goes out before: after a failure, or by the rate limit. Monotonic. */
  restsUntilMs = Number.NEGATIVE_INFINITY
  /** With so many bytes packed it is worth looking whether a call can go. */
  lookAtBytes = shardBytesReady
  readonly #settings: Settings
  readonly #encode: EncodeRecord | undefined
  readonly #limit: RateLimit | undefined
  readonly #builder = new AggregateBuilder()
  #packing = new PackedRecords()
  /** The first of them: it may yet go alone. */
  #first: PendingRecord | undefined
  #packingDueMs = Number.POSITIVE_INFINITY
  /** When the first of them arrived. */
  #packingSinceMs = Number.POSITIVE_INFINITY
  #packed = new Fifo<KinesisRecord>()
  #packedBytes = 0
  /** Packed, and without a digest when they were. */
  #undigested: KinesisRecord[] = []

  constructor(shardId: string | undefined, settings: Settings, nowMs: number, encode: EncodeRecord | undefined) {
    this.shardId = shardId
    this.#settings = settings
    this.#encode = encode
    if (shardId !== undefined) this.#limit = new RateLimit(settings.rateLimitPercent, nowMs)
  }

  get isEmpty(): boolean {
    return this.#packing.count === 0 && this.#packed.length === 0 && this.callsUnderWay === 0
  }

  /** Whether records of it are on their way, after which the next have to wait. */
  get isBusy(): boolean {
    return this.callsUnderWay > 0
  }

  /** Kinesis records that are ready to go. */
  get packedCount(): number {
    return this.#packed.length
  }

  get packedBytes(): number {
    return this.#packedBytes
  }

  /** When what is being packed goes out; Infinity when there is nothing. */
  get packingDueMs(): number {
    return this.#packingDueMs
  }

  /** The Kinesis record that goes out next. */
  get next(): KinesisRecord | undefined {
    return this.#packed.first()
  }

  add(record: PendingRecord): void {
    const { aggregation, aggregationSizeBytesMax, aggregationCountMax } = this.#settings
    const isAlone =
      !aggregation ||
      this.shardId === undefined ||
      record.isSuspect ||
      record.sizeBytes + placeBytesMax > aggregationSizeBytesMax
    if (isAlone) {
      this.seal()
      const packed = new PackedRecords()
      packed.add(record)
      this.#push(
        kinesisRecordOf(packed, record, undefined, record.dueMs, record.arrival.arrivedMs + this.#settings.recordTtlMs),
      )
      return
    }
    const { partitionKey, explicitHashKey, data, keyMark } = record
    if (!this.#builder.add(partitionKey, explicitHashKey, data, aggregationSizeBytesMax, keyMark)) {
      this.seal()
      this.#builder.add(partitionKey, explicitHashKey, data, aggregationSizeBytesMax, keyMark)
    }
    this.#first ??= record
    this.#packing.add(record)
    if (record.dueMs < this.#packingDueMs) this.#packingDueMs = record.dueMs
    const { arrivedMs } = record.arrival
    if (arrivedMs < this.#packingSinceMs) this.#packingSinceMs = arrivedMs
    if (this.#packing.count >= aggregationCountMax) this.seal()
  }

  /** Makes a Kinesis record of what is being packed. */
  seal(): void {
    if (this.#packing.count > 0) this.#push(this.#finishPacking())
  }

  /** A Kinesis record that goes out once more as it is, before what waits. */
  putBack(record: KinesisRecord): void {
    this.#packed.unshift(record)
    this.#packedBytes += record.packedBytes
  }

  /** Milliseconds until the rate limit lets the next one go; 0 when it may, and then it is paid for. */
  waitMs(nowMs: number): number {
    return this.#limit?.take(this.#packed.first()!.sizeBytes, nowMs) ?? 0
  }

  /** Takes the next one out. */
  take(): KinesisRecord {
    const record = this.#packed.shift()!
    this.#packedBytes -= record.packedBytes
    return record
  }

  /** What was packed since it was asked last, and lacks a digest. */
  takeUndigested(): KinesisRecord[] {
    const records = this.#undigested
    this.#undigested = []
    return records
  }

  /** Everything goes out as soon as it may. */
  hurry(nowMs: number): void {
    this.seal()
    for (const record of this.#packed) record.dueMs = Math.min(record.dueMs, nowMs)
  }

  /** Takes out every record, in order: their shard is closed, or has become known. */
  takeAll(): PendingRecord[] {
    const records = this.#packed.drain()
    this.#packedBytes = 0
    if (this.#packing.count > 0) records.push(this.#finishPacking())
    return records.flatMap(unpacked)
  }

  #finishPacking(): KinesisRecord {
    const aggregate = this.#packing.count > 1 ? this.#builder.finishUndigested() : undefined
    const expiresMs = this.#packingSinceMs + this.#settings.recordTtlMs
    const record = kinesisRecordOf(this.#packing, this.#first!, aggregate, this.#packingDueMs, expiresMs)
    this.#packing = new PackedRecords()
    this.#first = undefined
    this.#packingDueMs = Number.POSITIVE_INFINITY
    this.#packingSinceMs = Number.POSITIVE_INFINITY
    this.#builder.clear()
    return record
  }

  #push(record: KinesisRecord): void {
    if (this.#encode) {
      digestRecords([record])
      this.#encode(record)
    } else if (!record.isDigested) this.#undigested.push(record)
    this.#packed.push(record)
    this.#packedBytes += record.packedBytes
  }
}
