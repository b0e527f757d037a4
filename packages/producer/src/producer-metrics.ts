import type { Dimensions, MetricUnit, StatisticSet } from '@millrace/ports'
import type { KinesisRecord } from './kinesis-record.ts'
import type { Settings } from './producer-options.ts'
import type { CallOutcome } from './put-call.ts'

/** KPL's metrics of its level `summary`; all others are `detailed`. */
const summary = new Set(['UserRecordsPut', 'KinesisRecordsPut', 'ErrorsByCode', 'AllErrors', 'BufferingTime'])

/** Many observations, summed up before they are recorded. */
class Tally implements StatisticSet {
  count = 0
  sum = 0
  minimum = Number.POSITIVE_INFINITY
  maximum = Number.NEGATIVE_INFINITY

  add(value: number, times = 1): void {
    this.count += times
    this.sum += value * times
    if (value < this.minimum) this.minimum = value
    if (value > this.maximum) this.maximum = value
  }
}

/** What is counted of one shard while an answer is gone through, and recorded once. */
class ShardTallies {
  userRecordsPut = 0
  userBytesPut = 0
  kinesisRecordsPut = 0
  kinesisBytesPut = 0
  expired = 0
  readonly errors = new Map<string, number>()
  readonly userRecordsPerKinesisRecord = new Tally()
  readonly bufferingMs = new Tally()
  readonly retries = new Tally()
}

/**
 * Counts by KPL's names: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-kpl.html. Sums are made here, so that
 * the recorder is called a few times for each answer and never for each record.
 */
export class ProducerMetrics {
  readonly #settings: Settings
  readonly isOn: boolean
  readonly #byShard = new Map<string | undefined, ShardTallies>()
  #received = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.isOn = settings.metricsLevel !== 'none'
  }

  received(): void {
    this.#received++
  }

  /** A call came to its end; its records follow by `put` and `failed`. */
  called(records: readonly KinesisRecord[], { startedMs, endedMs, fault }: CallOutcome): void {
    if (!this.isOn) return
    let userRecords = 0
    for (const { packed } of records) userRecords += packed.count
    this.#record('RequestTime', undefined, 'Milliseconds', endedMs - startedMs)
    this.#record('KinesisRecordsPerPutRecordsRequest', undefined, 'Count', records.length)
    this.#record('UserRecordsPerPutRecordsRequest', undefined, 'Count', userRecords)
    if (fault) this.refused(undefined, fault.code)
  }

  /** A Kinesis record was put, by a call that began at `startedMs`. */
  put(shardId: string, { packed, sizeBytes }: KinesisRecord, startedMs: number): void {
    if (!this.isOn) return
    const tallies = this.#of(shardId)
    tallies.kinesisRecordsPut++
    tallies.kinesisBytesPut += sizeBytes
    tallies.userRecordsPut += packed.count
    tallies.userBytesPut += packed.dataBytes
    tallies.userRecordsPerKinesisRecord.add(packed.count)
    packed.forEach((count, arrivedMs, attemptCount) => {
      tallies.bufferingMs.add(startedMs - arrivedMs, count)
      tallies.retries.add(attemptCount, count)
    })
  }

  /** A Kinesis record, or with `undefined` a whole call, was refused. */
  refused(shardId: string | undefined, code: string): void {
    if (!this.isOn) return
    const { errors } = this.#of(shardId)
    errors.set(code, (errors.get(code) ?? 0) + 1)
  }

  /** A user record failed for good. */
  failed(shardId: string | undefined, code: string, retries: number): void {
    if (!this.isOn) return
    const tallies = this.#of(shardId)
    if (code === 'Expired') tallies.expired++
    tallies.retries.add(retries)
  }

  /** Records what was counted. `pending` is how many user records are accepted and not yet put. */
  flush(pending: number): void {
    if (!this.isOn) return
    if (this.#received > 0) this.#record('UserRecordsReceived', undefined, 'Count', this.#received)
    this.#received = 0
    this.#record('UserRecordsPending', undefined, 'Count', pending)
    for (const [shardId, tallies] of this.#byShard) this.#flushShard(shardId, tallies)
    this.#byShard.clear()
  }

  #flushShard(shardId: string | undefined, tallies: ShardTallies): void {
    let errors = 0
    for (const [ErrorCode, count] of tallies.errors) {
      errors += count
      this.#record('ErrorsByCode', shardId, 'Count', count, { ErrorCode })
    }
    this.#record('AllErrors', shardId, 'Count', errors)
    if (tallies.expired > 0) this.#record('UserRecordExpired', shardId, 'Count', tallies.expired)
    if (tallies.kinesisRecordsPut > 0) {
      this.#record('UserRecordsPut', shardId, 'Count', tallies.userRecordsPut)
      this.#record('UserRecordsDataPut', shardId, 'Bytes', tallies.userBytesPut)
      this.#record('KinesisRecordsPut', shardId, 'Count', tallies.kinesisRecordsPut)
      this.#record('KinesisRecordsDataPut', shardId, 'Bytes', tallies.kinesisBytesPut)
    }
    this.#recordSet('UserRecordsPerKinesisRecord', shardId, 'Count', tallies.userRecordsPerKinesisRecord)
    this.#recordSet('BufferingTime', shardId, 'Milliseconds', tallies.bufferingMs)
    this.#recordSet('RetriesPerRecord', shardId, 'Count', tallies.retries)
  }

  #record(metric: string, shardId: string | undefined, unit: MetricUnit, value: number, more?: Dimensions): void {
    if (!this.#isWanted(metric)) return
    for (const dimensions of this.#dimensions(shardId))
      this.#settings.metrics.record(metric, more ? { ...dimensions, ...more } : dimensions, value, unit)
  }

  #recordSet(metric: string, shardId: string | undefined, unit: MetricUnit, set: StatisticSet): void {
    if (set.count === 0 || !this.#isWanted(metric)) return
    const { metrics } = this.#settings
    for (const dimensions of this.#dimensions(shardId)) {
      if (metrics.recordSet) metrics.recordSet(metric, dimensions, set, unit)
      else metrics.record(metric, dimensions, set.sum / set.count, unit)
    }
  }

  #isWanted(metric: string): boolean {
    return this.#settings.metricsLevel === 'detailed' || summary.has(metric)
  }

  /** From the coarsest to the finest that is wanted and known. */
  #dimensions(shardId: string | undefined): Dimensions[] {
    const { metricsGranularity, streamName: StreamName } = this.#settings
    const dimensions: Dimensions[] = [{}]
    if (metricsGranularity !== 'global') dimensions.push({ StreamName })
    if (metricsGranularity === 'shard' && shardId !== undefined) dimensions.push({ StreamName, ShardId: shardId })
    return dimensions
  }

  #of(shardId: string | undefined): ShardTallies {
    let tallies = this.#byShard.get(shardId)
    if (!tallies) {
      tallies = new ShardTallies()
      this.#byShard.set(shardId, tallies)
    }
    return tallies
  }
}
