import type { MetricSink } from '../../../core/ports/metrics.ts'
import type { Mapping } from './mapping.ts'

/** AWS's metrics of single records, for mappings whose MetricsConfig asks for `EventCount`. */
export type EventCountMetric =
  | 'PolledEventCount'
  | 'FilteredOutEventCount'
  | 'InvokedEventCount'
  | 'FailedInvokeEventCount'
  | 'DroppedEventCount'
  | 'OnFailureDestinationDeliveredEventCount'

export type EventCounts = { count(metric: EventCountMetric, records: number): void }

/** Undefined where nobody asked for them. */
export function eventCounts(metrics: MetricSink, { countsEvents, uuid }: Mapping): EventCounts | undefined {
  if (!countsEvents) return undefined
  const dimensions = { EventSourceMappingUUID: uuid }
  return { count: (metric, records) => metrics.record(metric, dimensions, records, 'Count') }
}
