import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { listOf } from './attempts.ts'
import { type Call, Dispatcher } from './dispatcher.ts'
import { type KinesisRecord, unpacked } from './kinesis-record.ts'
import type { PackedRecords } from './packed-records.ts'
import type { PendingRecord } from './pending-record.ts'
import { ProducerMetrics } from './producer-metrics.ts'
import type { Settings } from './producer-options.ts'
import { attemptOf, type CallOutcome, type Fault, isRefusal, isThrottling } from './put-call.ts'
import { type Attempt, encodingFailed, expired, type PutError, refused } from './put-errors.ts'
import type { ShardQueue } from './shard-queue.ts'

/** Between two attempts at a record, at least: a server that refuses at once is not asked without pause. */
const retryMsMin = 25

/**
 * Brings records to their stream, and decides what became of each: put, tried once more, or failed. Each comes to one of its
 * two ends once.
 */
export class Delivery {
  readonly metrics: ProducerMetrics
  readonly #dispatcher: Dispatcher
  readonly #settings: Settings
  /** Told of records that came to their end. */
  readonly #settled: (records: PendingRecord | PackedRecords) => void
  readonly #pending: () => number

  constructor(
    kinesis: Pick<KinesisClient, 'send'>,
    settings: Settings,
    settled: (records: PendingRecord | PackedRecords) => void,
    pending: () => number,
  ) {
    this.#settings = settings
    this.#settled = settled
    this.#pending = pending
    this.metrics = new ProducerMetrics(settings)
    this.#dispatcher = new Dispatcher(kinesis, settings, {
      answered: (call, outcome) => this.#answered(call, outcome),
      stuck: (record) => this.#stuck(record),
    })
  }

  send(record: PendingRecord): void {
    this.#dispatcher.route(record)
  }

  hurry(): void {
    this.#dispatcher.hurry()
  }

  stop(): void {
    this.metrics.flush(this.#pending())
    this.#dispatcher.stop()
  }

  /** A record that could not be encoded. */
  notEncoded(record: PendingRecord, cause: unknown): void {
    this.#fail(record, undefined, encodingFailed(cause, listOf(record.attempts)))
  }

  #answered(call: Call, outcome: CallOutcome): void {
    this.metrics.called(call.records, outcome)
    const { fault, results = [] } = outcome
    if (fault) this.#callFailed(call, outcome, fault)
    else if (results.length !== call.records.length) this.#countDiffers(call, outcome, results.length)
    else this.#eachAnswered(call, outcome, results)
    this.metrics.flush(this.#pending())
  }

  #eachAnswered(call: Call, outcome: CallOutcome, results: NonNullable<CallOutcome['results']>): void {
    const { failIfThrottled, logger } = this.#settings
    /** What the records without an attempt before have in common. */
    const attempts = [attemptOf(outcome)]
    const again = new Map<ShardQueue, KinesisRecord[]>()
    for (const [i, record] of call.records.entries()) {
      const queue = call.queues[i]!
      const { ShardId, SequenceNumber, ErrorCode, ErrorMessage } = results[i] ?? {}
      if (SequenceNumber && ShardId) {
        this.#arrived(record, queue, outcome, ShardId, SequenceNumber, attempts)
        continue
      }
      const fault: Fault = { code: ErrorCode ?? 'UnknownError', message: ErrorMessage ?? 'The result is neither.' }
      logger.log('debug', 'a record was refused', { shardId: queue.shardId, ...fault })
      this.metrics.refused(queue.shardId, fault.code)
      record.packed.tried(attemptOf(outcome, fault))
      if (failIfThrottled && isThrottling(fault)) this.#failAll(record, queue.shardId)
      else listIn(again, queue).push(record)
    }
    this.#sendAgain(again, outcome.endedMs)
  }

  /** A Kinesis record is in a shard: is it the shard where consumers look for the records in it? */
  #arrived(
    record: KinesisRecord,
    queue: ShardQueue,
    outcome: CallOutcome,
    shardId: string,
    sequenceNumber: string,
    attempts: readonly Attempt[],
  ): void {
    const { shardMap } = this.#dispatcher
    const isForeseen = queue.shardId === undefined || queue.shardId === shardId
    if (!isForeseen) shardMap.invalidate(outcome.startedMs)
    const settle = () => {
      // What went alone is where its own key put it.
      if (isForeseen || record.alone || this.#isWithin(record, shardId))
        this.#succeed(record, outcome, shardId, sequenceNumber, attempts)
      else this.#wrongShard(record, queue, outcome, shardId)
    }
    if (isForeseen || record.alone || shardMap.rangeOf(shardId)) settle()
    else
      void shardMap.learn(shardId, outcome.endedMs).then(() => {
        settle()
        this.metrics.flush(this.#pending())
      })
  }

  /**
   * Whether a shard holds the hash keys of all records of an aggregate. If one lies outside, KCL drops the whole of it, so the
   * whole of it has to be put again.
   */
  #isWithin(record: KinesisRecord, shardId: string): boolean {
    const range = this.#dispatcher.shardMap.rangeOf(shardId)
    if (!range) return false
    return unpacked(record).every((one) => {
      const hashKey = one.hashKey()
      return hashKey >= range.start && hashKey <= range.end
    })
  }

  #wrongShard(record: KinesisRecord, { shardId }: ShardQueue, outcome: CallOutcome, actual: string): void {
    const message = `The aggregate was meant for ${shardId} and went to ${actual}, which does not hold all its hash keys.`
    record.packed.tried(attemptOf(outcome, { code: 'Wrong Shard', message }))
    this.metrics.refused(actual, 'Wrong Shard')
    const nowMs = this.#settings.clock.monotonicMs()
    for (const one of unpacked(record)) this.#retry(one, nowMs)
  }

  /** A whole call failed: all of it goes again, unless AWS does not want something in it. */
  #callFailed(call: Call, outcome: CallOutcome, fault: Fault): void {
    this.#settings.logger.log('warn', 'a PutRecords failed', { ...fault, records: call.records.length })
    const attempt = attemptOf(outcome, fault)
    const again = new Map<ShardQueue, KinesisRecord[]>()
    for (const [i, record] of call.records.entries()) {
      const queue = call.queues[i]!
      record.packed.tried(attempt)
      if (this.#settings.failIfThrottled && isThrottling(fault)) this.#failAll(record, queue.shardId)
      else if (!isRefusal(fault)) listIn(again, queue).push(record)
      else if (call.records.length > 1) {
        record.isSuspect = true
        listIn(again, queue).push(record)
      } else if (!record.alone) {
        for (const one of unpacked(record)) {
          one.isSuspect = true
          this.#retry(one, outcome.endedMs)
        }
      } else this.#failAll(record, queue.shardId)
    }
    this.#sendAgain(again, outcome.endedMs)
  }

  /** Nobody can say which result is whose. */
  #countDiffers(call: Call, outcome: CallOutcome, count: number): void {
    const message = `PutRecords gave ${count} results for ${call.records.length} records.`
    this.#settings.logger.log('error', message)
    const attempt = attemptOf(outcome, { code: 'Record Count Mismatch', message })
    for (const [i, record] of call.records.entries()) {
      record.packed.tried(attempt)
      this.#failAll(record, call.queues[i]!.shardId)
    }
  }

  /** Something in a Kinesis record that waits has expired, or it could not be encoded. */
  #stuck(record: KinesisRecord): void {
    const nowMs = this.#settings.clock.monotonicMs()
    for (const one of unpacked(record)) {
      if (record.encodingFault) this.notEncoded(one, record.encodingFault)
      else if (this.#isExpired(one, nowMs)) this.#expire(one)
      else this.#dispatcher.route(one)
    }
  }

  #sendAgain(again: ReadonlyMap<ShardQueue, KinesisRecord[]>, nowMs: number): void {
    for (const [queue, records] of again) this.#dispatcher.sendAgain(queue, records, nowMs + this.#retryMs())
  }

  #retry(record: PendingRecord, nowMs: number): void {
    if (this.#isExpired(record, nowMs)) this.#expire(record)
    else {
      record.dueMs = Math.min(nowMs + this.#retryMs(), record.arrival.arrivedMs + this.#settings.recordTtlMs)
      this.#dispatcher.route(record)
    }
  }

  /** KPL's half of what a record may wait for company. */
  #retryMs(): number {
    return Math.max(retryMsMin, this.#settings.recordMaxBufferedMs / 2)
  }

  #isExpired({ arrival: { arrivedMs } }: PendingRecord, nowMs: number): boolean {
    return arrivedMs + this.#settings.recordTtlMs <= nowMs
  }

  #expire(record: PendingRecord): void {
    this.#fail(record, undefined, expired(this.#settings.recordTtlMs, listOf(record.attempts)))
  }

  #succeed(
    kinesisRecord: KinesisRecord,
    { startedMs }: CallOutcome,
    shardId: string,
    sequenceNumber: string,
    attempts: readonly Attempt[],
  ): void {
    this.metrics.put(shardId, kinesisRecord, startedMs)
    const { packed, alone } = kinesisRecord
    this.#settled(packed)
    packed.put(shardId, sequenceNumber, !alone, attempts)
  }

  #failAll(kinesisRecord: KinesisRecord, shardId: string | undefined): void {
    for (const record of unpacked(kinesisRecord)) this.#fail(record, shardId, refused(listOf(record.attempts)))
  }

  #fail(record: PendingRecord, shardId: string | undefined, error: PutError): void {
    this.metrics.failed(shardId, error.code, record.attempts?.count ?? 0)
    this.#settled(record)
    record.arrival.outcome.failed(record, error)
  }
}

function listIn(lists: Map<ShardQueue, KinesisRecord[]>, queue: ShardQueue): KinesisRecord[] {
  let list = lists.get(queue)
  if (!list) {
    list = []
    lists.set(queue, list)
  }
  return list
}
