import type { MetricUnit } from '@millrace/ports'
import type { MetricSink } from '../../core/ports/metrics.ts'

/*
 * CloudWatch's metrics of Firehose (namespace AWS/Firehose), by the names and units of its developer guide. Whoever counts
 * something new gives it a line here, below the file that counts it; nothing is counted that has none. The dimension is
 * DeliveryStreamName, except of ListDeliveryStreams, which concerns the account and has none.
 */

/** Of a whole delivery stream. */
const units = {
  // metered-operations.ts: each request
  'PutRecord.Requests': 'Count',
  'PutRecord.Latency': 'Milliseconds',
  'PutRecordBatch.Requests': 'Count',
  'PutRecordBatch.Latency': 'Milliseconds',
  'DescribeDeliveryStream.Requests': 'Count',
  'DescribeDeliveryStream.Latency': 'Milliseconds',
  'ListDeliveryStreams.Requests': 'Count',
  'ListDeliveryStreams.Latency': 'Milliseconds',
  'UpdateDeliveryStream.Requests': 'Count',
  'UpdateDeliveryStream.Latency': 'Milliseconds',

  // record-writer.ts: what a put brought, and what came too fast
  IncomingBytes: 'Bytes',
  IncomingRecords: 'Count',
  IncomingPutRequests: 'Count',
  'PutRecord.Bytes': 'Bytes',
  'PutRecordBatch.Bytes': 'Bytes',
  'PutRecordBatch.Records': 'Count',
  ThrottledRecords: 'Count',

  // encryption.ts: each time that a key was refused (the guide names no unit)
  KMSKeyAccessDenied: 'Count',
  KMSKeyDisabled: 'Count',
  KMSKeyInvalidState: 'Count',
  KMSKeyNotFound: 'Count',

  // sources/stream-reading.ts: each read of a shard
  'DataReadFromKinesisStream.Bytes': 'Bytes',
  'DataReadFromKinesisStream.Records': 'Count',
  KinesisMillisBehindLatest: 'Milliseconds',
  ThrottledGetRecords: 'Count',

  // conversion/converted-objects.ts: what had a place in an object that was delivered, and what had none
  'SucceedConversion.Records': 'Count',
  'SucceedConversion.Bytes': 'Bytes',
  'FailedConversion.Records': 'Count',
  'FailedConversion.Bytes': 'Bytes',

  // delivery/delivered-streams.ts: what may be put, in each minute in which something was (the guide names no unit)
  BytesPerSecondLimit: 'None',
  RecordsPerSecondLimit: 'None',
  PutRequestsPerSecondLimit: 'None',

  // destinations/http-endpoint: what was sent, each try of it
  'DeliveryToHttpEndpoint.ProcessedBytes': 'Bytes',
  'DeliveryToHttpEndpoint.ProcessedRecords': 'Count',

  // destinations/splunk: from when a batch is sent until an indexer acknowledges it
  'DeliveryToSplunk.DataAckLatency': 'Seconds',

  // delivery/delivery-report.ts: objects that were put into the bucket
  'DeliveryToS3.ObjectCount': 'Count',

  // destinations/search/to-search.ts: whether the cluster refused the credentials, with each request
  'DeliveryToElasticsearch.AuthFailure': 'Count',
  'DeliveryToAmazonOpenSearchService.AuthFailure': 'Count',
  'DeliveryToAmazonOpenSearchServerless.AuthFailure': 'Count',

  // transforms/lambda: each call of the function, and what was made of records
  'ExecuteProcessing.Duration': 'Milliseconds',
  'ExecuteProcessing.Success': 'Count',
  'SucceedProcessing.Records': 'Count',
  'SucceedProcessing.Bytes': 'Bytes',

  // transforms/partitioning: each run of the query; delivery/delivery-report.ts: the partitions after it, and each batch
  'JQProcessing.Duration': 'Milliseconds',
  PartitionCount: 'Count',
  PartitionCountExceeded: 'Count',
  PerPartitionThroughput: 'Bytes/Second',
} as const satisfies Record<string, MetricUnit>

export type FirehoseMetric = keyof typeof units

/**
 * Of each destination and of the backup, behind its prefix: `DeliveryToS3.Bytes`, `BackupToS3.Records`. Counted by
 * delivery/delivery-report.ts for whatever a Plan names as its prefix; a destination need do nothing for these four.
 */
const deliveryUnits = {
  Bytes: 'Bytes',
  Records: 'Count',
  /** 1 for each try that succeeded, 0 for each that failed: the average is the rate. */
  Success: 'Count',
  /** Age of the oldest record that is not there yet: when some arrive, and each minute, also while it is down. */
  DataFreshness: 'Seconds',
} as const satisfies Record<string, MetricUnit>

/** Adds one observation to a metric of a delivery stream; of the account where no name is given. */
export function count(metrics: MetricSink, name: string | undefined, metric: FirehoseMetric, value: number): void {
  metrics.record(metric, name === undefined ? {} : { DeliveryStreamName: name }, value, units[metric])
}

/** The same for a destination or backup, e.g. with the prefix `DeliveryToSplunk`. */
export function countDelivery(
  metrics: MetricSink,
  name: string,
  prefix: string,
  metric: keyof typeof deliveryUnits,
  value: number,
): void {
  metrics.record(`${prefix}.${metric}`, { DeliveryStreamName: name }, value, deliveryUnits[metric])
}
