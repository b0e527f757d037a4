import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { StreamChannel } from '../../../core/ports/channels.ts'
import type { MetricSink } from '../../../core/ports/metrics.ts'

/*
 * CloudWatch's metrics of a channel (namespace AWS/Kinesis) [docs: "Monitoring data delivery"]. A channel is delivered by
 * Firehose's own code, which counts as Firehose does: here is what each of its metrics is called of a channel. What has no
 * other name there is not counted.
 */
const names: Readonly<Record<string, string>> = {
  'DataReadFromKinesisStream.Bytes': 'DeliveryToS3.BytesIn',
  'DataReadFromKinesisStream.Records': 'DeliveryToS3.RecordCount',
  'DeliveryToS3.Bytes': 'DeliveryToS3.BytesProcessed',
  'DeliveryToS3.Records': 'DeliveryToS3.SuccessfulRecordCount',
  'DeliveryToS3.DataFreshness': 'DeliveryToS3.DataFreshness',
}

/** What only channels count, where it happens. */
const units = {
  /** Compressed, in channel-destination.ts. */
  'DeliveryToS3.BytesOut': 'Bytes',
  'DeliveryToS3.DeliverySuccess': 'Count',
  /** In record-format.ts. */
  'DeliveryToS3.FailedRecordCount': 'Count',
  /** In channel-plan.ts. */
  'DeliveryToS3.DLQDeliverySuccess': 'Count',
} as const satisfies Record<string, MetricUnit>

export class ChannelMetrics implements MetricSink {
  readonly #metrics: MetricSink
  readonly #dimensions: Dimensions

  constructor(metrics: MetricSink, { id, name, streamName }: StreamChannel) {
    this.#metrics = metrics
    this.#dimensions = { ChannelName: name, ChannelId: id, StreamName: streamName }
  }

  /** Takes what Firehose counts. */
  record(metric: string, _dimensions: Dimensions, value: number, unit: MetricUnit): void {
    const name = names[metric]
    if (name) this.#metrics.record(name, this.#dimensions, value, unit)
  }

  count(metric: keyof typeof units, value: number): void {
    this.#metrics.record(metric, this.#dimensions, value, units[metric])
  }

  forget(): void {}
}
