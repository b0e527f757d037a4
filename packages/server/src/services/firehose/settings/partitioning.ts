import { invalidArgument } from '../../../core/aws-error.ts'
import { parametersOf, processorsOf } from './processors.ts'
import { queryKeys } from './query-keys.ts'
import type { DestinationSettings, ExtendedS3Settings } from './settings.ts'

/* The rules of dynamic partitioning. The sentences are AWS's where nothing else is said. */

const sizeMBsMin = 64
const intervalSecondsMin = 60

export const isPartitioned = ({ kind, settings }: DestinationSettings): boolean =>
  kind === 'ExtendedS3' && settings.DynamicPartitioningConfiguration?.Enabled === true

/** The partition keys that a prefix names, each once, in its order. */
export function prefixKeys(prefix: string): { readonly fromQuery: string[]; readonly fromLambda: string[] } {
  const keysOf = (namespace: string) => [
    ...new Set([...prefix.matchAll(new RegExp(`!\\{${namespace}:([^}]*)\\}`, 'g'))].map(([, key]) => key!)),
  ]
  return { fromQuery: keysOf('partitionKeyFromQuery'), fromLambda: keysOf('partitionKeyFromLambda') }
}

/** @throws InvalidArgumentException */
export function checkPartitioning(destination: DestinationSettings): void {
  if (!isPartitioned(destination)) {
    checkUnpartitioned(destination)
    return
  }
  const settings = destination.settings as ExtendedS3Settings
  const { BufferingHints, Prefix = '', ProcessingConfiguration } = settings
  const { fromLambda, fromQuery } = prefixKeys(Prefix)
  if (fromLambda.length + fromQuery.length === 0)
    throw invalidArgument(
      'S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled',
    )
  if (BufferingHints.SizeInMBs < sizeMBsMin)
    throw invalidArgument('BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.')
  if (BufferingHints.IntervalInSeconds < intervalSecondsMin)
    throw invalidArgument(
      'BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled.',
    )
  const [extraction] = processorsOf(destination, 'MetadataExtraction')
  const [lambda] = processorsOf(destination, 'Lambda')
  if (!ProcessingConfiguration?.Enabled || !(extraction || lambda))
    throw invalidArgument('Processing Configuration is not enabled when DataPartitioning is enabled')
  if (fromLambda.length > 0 && !lambda)
    throw invalidArgument('Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace')
  if (fromQuery.length > 0 && !extraction)
    throw invalidArgument(
      'MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace',
    )
  if (extraction) checkQueryKeys(parametersOf(extraction).MetadataExtractionQuery!, fromQuery)
}

/** Two processors are for dynamic partitioning alone. */
function checkUnpartitioned(destination: DestinationSettings): void {
  const deAggregates = processorsOf(destination, 'RecordDeAggregation').length > 0
  if (deAggregates && destination.kind !== 'ExtendedS3')
    throw invalidArgument('RecordDeAggregationProcessor is not allowed for any destination type other than S3')
  if (deAggregates) throw onlyPartitioned('RecordDeAggregationProcessor')
  if (processorsOf(destination, 'MetadataExtraction').length > 0) throw onlyPartitioned('MetadataExtractionProcessor')
}

/** A query's keys and a prefix's are the same ones, as far as the query shows its own. */
function checkQueryKeys(query: string, inPrefix: readonly string[]): void {
  const inQuery = queryKeys(query)
  if (!inQuery) return
  if (inQuery.some((key) => !inPrefix.includes(key)))
    throw invalidArgument(
      "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
    )
  const missing = inPrefix.find((key) => !inQuery.includes(key))
  if (missing !== undefined) throw notInQuery(missing)
}

/** Dynamic partitioning is chosen when a delivery stream is made. @throws InvalidArgumentException */
export function checkSamePartitioning(before: DestinationSettings, after: DestinationSettings): void {
  if (isPartitioned(before) !== isPartitioned(after)) throw partitioningChanged(isPartitioned(before))
}

const onlyPartitioned = (processor: string) =>
  invalidArgument(
    `class com.amazonaws.services.firehose.internal.model.${processor} can only be present when Dynamic Partitioning is enabled.`,
  )

/** Ours. */
const notInQuery = (key: string) =>
  invalidArgument(
    `S3 Prefix expression contains the key ${key}, which the MetaDataExtraction JQ Query does not extract`,
  )

/** Ours. */
const partitioningChanged = (isEnabled: boolean) =>
  invalidArgument(
    isEnabled
      ? 'Dynamic Partitioning cannot be disabled once it is enabled.'
      : 'Dynamic Partitioning can only be enabled when a delivery stream is created.',
  )
