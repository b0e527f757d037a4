import type { Dimensions, MetricUnit } from '@millrace/ports'

/** Where services count what AWS publishes in CloudWatch, by AWS's names (namespace `AWS/Kinesis`). */
export interface MetricSink {
  /** Adds one observation. Cheap: called for each request, never for each record. */
  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void
  /** Forgets a resource that is gone: each series whose dimensions contain all of these. */
  forget(dimensions: Dimensions): void
}

/** What was observed of one metric of one resource since someone last took it. */
export type Observed = {
  readonly metric: string
  readonly dimensions: Dimensions
  readonly unit: MetricUnit
  readonly count: number
  readonly sum: number
  readonly minimum: number
  readonly maximum: number
}

/** Gives on what a MetricSink took, added up: nothing more need be done for each observation. */
export interface MetricSource {
  /** What came since the last call. */
  take(): readonly Observed[]
  /** Calls back at the first observation after each `take`. */
  listen(listener: () => void): void
}
