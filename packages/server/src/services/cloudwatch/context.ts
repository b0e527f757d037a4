import type { Clock, Logger } from '@millrace/ports'
import type { MetricSource } from '../../core/ports/metrics.ts'
import type { RecordLog } from '../../storage/log.ts'
import type { OwnMetrics } from './own-metrics.ts'
import type { PointStore } from './point-store.ts'

/** What CloudWatch needs of the world. */
export type CloudWatchParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly log: RecordLog
  /** What this server counts of itself, by namespace: `AWS/Kinesis`. */
  readonly sources: ReadonlyMap<string, MetricSource>
}

/** What an operation of CloudWatch works with. */
export type CloudWatchContext = {
  readonly clock: Clock
  readonly store: PointStore
  readonly own: OwnMetrics
}
