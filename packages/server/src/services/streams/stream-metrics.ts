import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { StreamsContext } from './context.ts'
import { type Shard, type Stream, shardIdOf } from './stream.ts'

/*
 * CloudWatch's metrics of a stream (namespace AWS/Kinesis), by the names in the Kinesis developer guide. Counted once
 * for each request; for single shards only those that EnableEnhancedMonitoring has switched on.
 */

type Metered = Pick<StreamsContext, 'metrics' | 'clock'>

/** One stream's metrics during one request. */
export class StreamMetrics {
  readonly #context: Metered
  readonly #stream: Stream
  readonly #dimensions: Dimensions
  readonly #startedMs: number

  /** Begins to measure the latency of a request. */
  constructor(context: Metered, stream: Stream) {
    this.#context = context
    this.#stream = stream
    this.#dimensions = { StreamName: stream.name }
    this.#startedMs = context.clock.monotonicMs()
  }

  /** One PutRecord: `sizeBytes` is undefined when it failed. */
  putRecord(sizeBytes: number | undefined): void {
    this.#count('PutRecord.Success', sizeBytes === undefined ? 0 : 1)
    this.#latency('PutRecord.Latency')
    if (sizeBytes !== undefined) this.#bytes('PutRecord.Bytes', sizeBytes)
  }

  /** One PutRecords, by the fate of its records. */
  putRecords(records: { succeeded: number; failed: number; throttled: number; sizeBytes: number }): void {
    const { succeeded, failed, throttled, sizeBytes } = records
    this.#count('PutRecords.Success', succeeded > 0 ? 1 : 0)
    this.#latency('PutRecords.Latency')
    this.#bytes('PutRecords.Bytes', sizeBytes)
    this.#count('PutRecords.Records', succeeded)
    this.#count('PutRecords.TotalRecords', succeeded + failed + throttled)
    this.#count('PutRecords.SuccessfulRecords', succeeded)
    this.#count('PutRecords.FailedRecords', failed)
    this.#count('PutRecords.ThrottledRecords', throttled)
  }

  /** Whether anybody wants what comes into single shards. */
  get measuresShards(): boolean {
    return this.#stream.shardLevelMetrics.length > 0
  }

  /** What one request brought into a shard: the stream's own sum is `incoming`. */
  incomingToShard(shard: Shard, recordCount: number, sizeBytes: number): void {
    this.#ofShard(shard, 'IncomingRecords', recordCount, 'Count')
    this.#ofShard(shard, 'IncomingBytes', sizeBytes, 'Bytes')
  }

  /** What one request brought into the stream. */
  incoming(recordCount: number, sizeBytes: number): void {
    if (recordCount === 0) return
    this.#count('IncomingRecords', recordCount)
    this.#bytes('IncomingBytes', sizeBytes)
  }

  writeThrottled(shard: Shard, recordCount: number): void {
    this.#ofShard(shard, 'WriteProvisionedThroughputExceeded', recordCount, 'Count')
    this.#count('WriteProvisionedThroughputExceeded', recordCount)
  }

  /** One GetRecords that was answered. `ageMs`: how long the last record has been there; 0 when caught up. */
  getRecords(shard: Shard, recordCount: number, sizeBytes: number, ageMs: number): void {
    this.#count('GetRecords.Success', 1)
    this.#latency('GetRecords.Latency')
    this.#count('GetRecords.Records', recordCount)
    this.#bytes('GetRecords.Bytes', sizeBytes)
    this.#record('GetRecords.IteratorAgeMilliseconds', ageMs, 'Milliseconds')
    this.#ofShard(shard, 'OutgoingRecords', recordCount, 'Count')
    this.#ofShard(shard, 'OutgoingBytes', sizeBytes, 'Bytes')
    this.#ofShard(shard, 'IteratorAgeMilliseconds', ageMs, 'Milliseconds')
  }

  readThrottled(shard: Shard): void {
    this.#ofShard(shard, 'ReadProvisionedThroughputExceeded', 1, 'Count')
    this.#count('ReadProvisionedThroughputExceeded', 1)
    this.#count('GetRecords.Success', 0)
  }

  /** One SubscribeToShard: did the subscription begin? */
  subscribed(consumerName: string, isBegun: boolean): void {
    this.#ofConsumer(consumerName, 'SubscribeToShard.Success', isBegun ? 1 : 0, 'Count')
    this.#ofConsumer(consumerName, 'SubscribeToShard.RateExceeded', isBegun ? 0 : 1, 'Count')
  }

  /** One event of a subscription. */
  pushed(consumerName: string, recordCount: number, sizeBytes: number, behindMs: number): void {
    this.#ofConsumer(consumerName, 'SubscribeToShardEvent.Success', 1, 'Count')
    this.#ofConsumer(consumerName, 'SubscribeToShardEvent.Records', recordCount, 'Count')
    this.#ofConsumer(consumerName, 'SubscribeToShardEvent.Bytes', sizeBytes, 'Bytes')
    this.#ofConsumer(consumerName, 'SubscribeToShardEvent.MillisBehindLatest', behindMs, 'Milliseconds')
  }

  /** A subscription that ended by an error. */
  pushFailed(consumerName: string): void {
    this.#ofConsumer(consumerName, 'SubscribeToShardEvent.Success', 0, 'Count')
  }

  #record(metric: string, value: number, unit: MetricUnit): void {
    this.#context.metrics.record(metric, this.#dimensions, value, unit)
  }

  #count(metric: string, value: number): void {
    this.#record(metric, value, 'Count')
  }

  #bytes(metric: string, value: number): void {
    this.#record(metric, value, 'Bytes')
  }

  #latency(metric: string): void {
    this.#record(metric, this.#context.clock.monotonicMs() - this.#startedMs, 'Milliseconds')
  }

  #ofShard(shard: Shard, metric: string, value: number, unit: MetricUnit): void {
    if (!this.#stream.shardLevelMetrics.includes(metric)) return
    this.#context.metrics.record(metric, { ...this.#dimensions, ShardId: shardIdOf(shard.index) }, value, unit)
  }

  #ofConsumer(ConsumerName: string, metric: string, value: number, unit: MetricUnit): void {
    this.#context.metrics.record(metric, { ...this.#dimensions, ConsumerName }, value, unit)
  }
}
