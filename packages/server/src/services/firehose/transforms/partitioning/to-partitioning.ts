import { invalidArgument } from '../../../../core/aws-error.ts'
import type { FirehoseContext } from '../../context.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { extensionOf } from '../../destinations/s3/compression.ts'
import { isPartitioned } from '../../settings/partitioning.ts'
import { parametersOf } from '../../settings/processors.ts'
import type { DestinationSettings, ExtendedS3Settings } from '../../settings/settings.ts'
import type { TransformParts } from '../transforms.ts'
import { JqRunner } from './jq-runner.ts'
import { MetadataExtraction } from './metadata-extraction.ts'
import { PartitionKeyCheck } from './partition-keys.ts'
import { PlainQuery } from './plain-query.ts'

/** A MetadataExtraction processor as a transform. */
export function toMetadataExtraction({ context, stream, parameters }: TransformParts): MetadataExtraction {
  const query = parameters.MetadataExtractionQuery ?? ''
  return new MetadataExtraction({ ...context, jq: new JqRunner(query), plain: PlainQuery.of(query) }, stream.name)
}

/** What stands behind all that finds partition keys, where there is dynamic partitioning. */
export function toPartitionKeyCheck({ clock, random }: FirehoseContext, stream: DeliveryStream): PartitionKeyCheck[] {
  if (!isPartitioned(stream.destination)) return []
  const { name, version } = stream
  const {
    CompressionFormat,
    CustomTimeZone,
    FileExtension,
    Prefix = '',
  } = stream.destination.settings as ExtendedS3Settings
  const extension = FileExtension || extensionOf(CompressionFormat)
  const partsAt = (atMs: number) => ({ name, version, atMs, timeZone: CustomTimeZone || 'UTC', random, extension })
  return [new PartitionKeyCheck(clock, Prefix, partsAt)]
}

/** Whether jq can read the query that there may be. @throws InvalidArgumentException */
export async function checkQuery(
  processing: DestinationSettings['settings']['ProcessingConfiguration'],
): Promise<void> {
  const extraction = processing?.Processors?.find(({ Type }) => Type === 'MetadataExtraction')
  const query = extraction && parametersOf(extraction).MetadataExtractionQuery
  if (query === undefined || PlainQuery.of(query)) return
  const jq = new JqRunner(query)
  try {
    const fault = await jq.queryFault()
    if (fault !== undefined) throw invalidQuery(fault)
  } finally {
    await jq.close()
  }
}

/** Ours. */
const invalidQuery = (why: string) => invalidArgument(`MetadataExtractionQuery is not a valid JQ expression: ${why}`)
