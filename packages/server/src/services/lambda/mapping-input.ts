import { parseArn } from '../../core/arn.ts'
import { boolean, enumeration, integer, list, optional, string, structure, type ValueOf } from '../../core/shapes.ts'
import { invalidParameter } from './faults.ts'
import { functionName } from './function-name.ts'
import { filterCountMax, filterLengthMax } from './limits.ts'
import { compilePattern } from './mappings/event-pattern.ts'
import type { Mapping, MappingSettings } from './mappings/mapping.ts'

/* What CreateEventSourceMapping and UpdateEventSourceMapping both take. */

const destination = string({
  max: 350,
  pattern:
    '$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)',
})

const names = (...values: string[]) => optional(list(enumeration(...values), { max: values.length }))

export const settingsInput = {
  Enabled: optional(boolean()),
  BatchSize: optional(integer({ min: 1, max: 10_000 })),
  FilterCriteria: optional(
    structure({ Filters: optional(list(structure({ Pattern: optional(string({ max: filterLengthMax })) }))) }),
  ),
  KMSKeyArn: optional(string({ max: 10_000 })),
  MetricsConfig: optional(structure({ Metrics: names('EventCount') })),
  MaximumBatchingWindowInSeconds: optional(integer({ min: 0, max: 300 })),
  ParallelizationFactor: optional(integer({ min: 1, max: 10 })),
  DestinationConfig: optional(
    structure({
      OnSuccess: optional(structure({ Destination: optional(destination) })),
      OnFailure: optional(structure({ Destination: optional(destination) })),
    }),
  ),
  MaximumRecordAgeInSeconds: optional(integer({ min: -1, max: 604_800 })),
  BisectBatchOnFunctionError: optional(boolean()),
  MaximumRetryAttempts: optional(integer({ min: -1, max: 10_000 })),
  TumblingWindowInSeconds: optional(integer({ min: 0, max: 900 })),
  FunctionResponseTypes: names('ReportBatchItemFailures'),
}

const settingsShape = structure(settingsInput)
export type SettingsInput = ValueOf<typeof settingsShape>

export const mappingUuid = string()
export const sourceArn = string({
  max: 1024,
  pattern: 'arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)',
})
export { functionName }

/** The settings that an input asks for, over those that are there. @throws InvalidParameterValueException */
export function settingsOf(input: SettingsInput, before: MappingSettings, hasBuckets: boolean): MappingSettings {
  const { DestinationConfig, FilterCriteria, FunctionResponseTypes, MaximumRecordAgeInSeconds: age } = input
  if (DestinationConfig?.OnSuccess)
    throw invalidParameter('Unsupported DestinationConfig parameter for given event source mapping type.')
  if (age !== undefined && age !== -1 && age < 60)
    throw invalidParameter('Maximum record age in seconds must be -1 or between 60 and 604800 seconds.')
  if (input.KMSKeyArn !== undefined && input.KMSKeyArn !== '')
    throw invalidParameter('Millrace does not encrypt filter criteria: leave KMSKeyArn out.')
  const onFailureArn = onFailureOf(DestinationConfig?.OnFailure?.Destination, DestinationConfig, before)
  if (onFailureArn !== undefined && !hasBuckets)
    throw invalidParameter('There are no buckets: start Millrace with --data DIR, --buckets DIR or --s3-endpoint URL.')
  const filters = FilterCriteria ? filtersOf(FilterCriteria.Filters ?? []) : before.filters
  const { onFailureArn: _arn, filters: _filters, ...rest } = before
  const settings: MappingSettings = {
    ...rest,
    batchSize: input.BatchSize ?? before.batchSize,
    batchingWindowSeconds: input.MaximumBatchingWindowInSeconds ?? before.batchingWindowSeconds,
    parallelizationFactor: input.ParallelizationFactor ?? before.parallelizationFactor,
    recordAgeSecondsMax: age ?? before.recordAgeSecondsMax,
    retriesMax: input.MaximumRetryAttempts ?? before.retriesMax,
    bisectsOnError: input.BisectBatchOnFunctionError ?? before.bisectsOnError,
    reportsItemFailures: FunctionResponseTypes ? FunctionResponseTypes.length > 0 : before.reportsItemFailures,
    tumblingWindowSeconds: input.TumblingWindowInSeconds ?? before.tumblingWindowSeconds,
    countsEvents: input.MetricsConfig ? (input.MetricsConfig.Metrics ?? []).length > 0 : before.countsEvents,
    ...(onFailureArn !== undefined && { onFailureArn }),
    ...(filters && filters.length > 0 && { filters }),
  }
  if (settings.tumblingWindowSeconds > 0 && settings.parallelizationFactor > 1)
    throw invalidParameter('ParallelizationFactor must be 1 when TumblingWindowInSeconds is set.')
  return settings
}

/** An empty destination takes the one away that was there. @throws InvalidParameterValueException */
function onFailureOf(
  given: string | undefined,
  config: SettingsInput['DestinationConfig'],
  before: MappingSettings,
): string | undefined {
  if (config === undefined) return before.onFailureArn
  if (given === undefined || given === '') return undefined
  const parts = parseArn(given)
  if (parts?.service === 's3') {
    if (bucketNames.test(parts.resource)) return given
    throw invalidParameter(`The provided destination config DestinationConfig(OnFailure=${given}) is invalid.`)
  }
  throw invalidParameter(
    `The destination ${given} is not supported: Millrace puts failed batches into a bucket (arn:aws:s3:::NAME, a ` +
      'folder of the data folder); it has no SQS, SNS or Kafka.',
  )
}

/** S3's rule for names: nothing in them can lead out of a folder. */
const bucketNames = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

function filtersOf(filters: readonly { readonly Pattern?: string | undefined }[]): string[] {
  if (filters.length > filterCountMax)
    throw invalidParameter(`There may be at most ${filterCountMax} filters in a mapping.`)
  return filters.map(({ Pattern }) => {
    try {
      compilePattern(Pattern ?? '')
    } catch {
      throw invalidParameter('Invalid filter pattern definition.')
    }
    return Pattern!
  })
}

/** Nothing may be changed while a change is under way. */
export const isInTransition = ({ state }: Mapping): boolean => state !== 'Enabled' && state !== 'Disabled'
