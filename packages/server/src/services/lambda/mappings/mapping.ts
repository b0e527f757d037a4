import { arn, type Place } from '../../../core/arn.ts'
import type { Json } from '../../../storage/catalog.ts'

/* An event source mapping as the catalog keeps it. Values are never changed in place. */

export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting'

/** What a caller may change by UpdateEventSourceMapping. -1 is AWS's word for no bound. */
export type MappingSettings = {
  readonly batchSize: number
  readonly batchingWindowSeconds: number
  readonly parallelizationFactor: number
  readonly recordAgeSecondsMax: number
  readonly retriesMax: number
  readonly bisectsOnError: boolean
  readonly reportsItemFailures: boolean
  readonly tumblingWindowSeconds: number
  /** ARN of a bucket. */
  readonly onFailureArn?: string
  /** Patterns, JSON; a record passes if one of them matches. Absent: all pass. */
  readonly filters?: readonly string[]
  readonly countsEvents: boolean
}

export type Mapping = MappingSettings & {
  readonly uuid: string
  /** Of the stream, or of a registered consumer. */
  readonly eventSourceArn: string
  readonly functionName: string
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  readonly startingTimestampMs?: number
  readonly state: MappingState
  /** What the state becomes when it is settled: Enabled, else Disabled. */
  readonly isEnabled: boolean
  /** When the state or a setting changed last. */
  readonly modifiedAtMs: number
  /** The stream whose shards were given their first positions. */
  readonly placedStreamId?: string
  readonly tags: Readonly<Record<string, string>>
}

export const standardSettings: MappingSettings = {
  batchSize: 100,
  batchingWindowSeconds: 0,
  parallelizationFactor: 1,
  recordAgeSecondsMax: -1,
  retriesMax: -1,
  bisectsOnError: false,
  reportsItemFailures: false,
  tumblingWindowSeconds: 0,
  countsEvents: false,
}

export const encodeMapping = (mapping: Mapping): Json => JSON.parse(JSON.stringify(mapping)) as Json

export const decodeMapping = (value: Json): Mapping => value as unknown as Mapping

/** As AWS shows it. `lastResult` is what the last batch came to. */
export function mappingView(mapping: Mapping, place: Place, lastResult: string) {
  return {
    UUID: mapping.uuid,
    StartingPosition: mapping.startingPosition,
    ...(mapping.startingTimestampMs !== undefined && {
      StartingPositionTimestamp: new Date(mapping.startingTimestampMs),
    }),
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.batchingWindowSeconds,
    ParallelizationFactor: mapping.parallelizationFactor,
    EventSourceArn: mapping.eventSourceArn,
    ...(mapping.filters && { FilterCriteria: { Filters: mapping.filters.map((Pattern) => ({ Pattern })) } }),
    ...(mapping.countsEvents && { MetricsConfig: { Metrics: ['EventCount'] } }),
    FunctionArn: arn(place, 'lambda', `function:${mapping.functionName}`),
    LastModified: new Date(mapping.modifiedAtMs),
    LastProcessingResult: lastResult,
    State: mapping.state,
    StateTransitionReason: 'User action',
    DestinationConfig: {
      OnFailure: mapping.onFailureArn === undefined ? {} : { Destination: mapping.onFailureArn },
    },
    MaximumRecordAgeInSeconds: mapping.recordAgeSecondsMax,
    BisectBatchOnFunctionError: mapping.bisectsOnError,
    MaximumRetryAttempts: mapping.retriesMax,
    TumblingWindowInSeconds: mapping.tumblingWindowSeconds,
    FunctionResponseTypes: mapping.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
    EventSourceMappingArn: arn(place, 'lambda', `event-source-mapping:${mapping.uuid}`),
  }
}
