import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { AwsError } from './aws-error.ts'

/*
 * What a room may ask of the world without knowing who answers. `main.ts` fills them.
 */

/** Where services count what AWS publishes in CloudWatch, by AWS's names (namespace `AWS/Kinesis`). */
export interface MetricSink {
  /** Adds one observation. Cheap: called for each request, never for each record. */
  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void
  /** Forgets a resource that is gone: each series whose dimensions contain all of these. */
  forget(dimensions: Dimensions): void
}

/** Single records that shall fail on purpose (see the gateway's faults). */
export interface RecordFaults {
  /** The error for the next record of this operation, or undefined if it may go on. */
  nextRecord(operation: string): AwsError | undefined
}
