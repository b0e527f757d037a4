export type MetricUnit =
  | 'Count'
  | 'Bytes'
  | 'Seconds'
  | 'Milliseconds'
  | 'Percent'
  | 'Bytes/Second'
  | 'Count/Second'
  | 'None'

/** CloudWatch's dimensions, e.g. `{ StreamName: 's', ShardId: 'shardId-000000000000' }`. */
export type Dimensions = Readonly<Record<string, string>>

/** Many observations at once, as CloudWatch takes them. */
export type StatisticSet = {
  readonly count: number
  readonly sum: number
  readonly minimum: number
  readonly maximum: number
}

/** Where a library counts what it does, by the names that KPL, KCL and the agent give it. Cheap: never for each record. */
export interface MetricRecorder {
  /** Adds one observation. */
  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void
  /** Adds many. Of a recorder without it, their average is recorded once. */
  recordSet?(metric: string, dimensions: Dimensions, set: StatisticSet, unit: MetricUnit): void
}

export const noMetrics: MetricRecorder = { record() {}, recordSet() {} }
