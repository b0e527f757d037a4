import type { Dimensions, MetricRecorder } from '@millrace/ports'

/** Counts what a worker does, by KCL's names and dimensions. */
export class ShardMetrics {
  readonly #metrics: MetricRecorder
  readonly #dimensions: Dimensions

  constructor(metrics: MetricRecorder, shardId: string) {
    this.#metrics = metrics
    this.#dimensions = { Operation: 'ProcessTask', ShardId: shardId }
  }

  processed(records: number, bytes: number, millisBehindLatest: number, tookMs: number, success: boolean): void {
    const [metrics, dimensions] = [this.#metrics, this.#dimensions]
    metrics.record('RecordsProcessed', dimensions, records, 'Count')
    metrics.record('DataBytesProcessed', dimensions, bytes, 'Bytes')
    metrics.record('MillisBehindLatest', dimensions, millisBehindLatest, 'Milliseconds')
    metrics.record('RecordProcessor.processRecords.Time', dimensions, tookMs, 'Milliseconds')
    metrics.record('RecordProcessor.processRecords.Success', dimensions, success ? 1 : 0, 'Count')
  }
}
