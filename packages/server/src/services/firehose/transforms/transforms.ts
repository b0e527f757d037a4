import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { extractionNeedsDecompression, twiceTheSameProcessor, wrongProcessorCount } from '../faults.ts'
import { appendDelimiter } from './append-delimiter.ts'
import { cloudWatchLogProcessing } from './cloudwatch-log-processing.ts'
import { decompression } from './decompression.ts'
import { toLambda } from './lambda/to-lambda.ts'
import { toMetadataExtraction, toPartitionKeyCheck } from './partitioning/to-partitioning.ts'
import { recordDeAggregation } from './record-deaggregation.ts'
import type { Transform } from './transform.ts'

type Processing = NonNullable<DeliveryStream['destination']['settings']['ProcessingConfiguration']>
export type Processor = NonNullable<Processing['Processors']>[number]

/** What a processor is made of: the delivery stream, and the parameters that it was given, by their names. */
export type TransformParts = {
  readonly context: FirehoseContext
  readonly stream: DeliveryStream
  readonly parameters: Readonly<Record<string, string>>
}

/** In AWS's order, whatever order they are given in. */
const makers: Readonly<Record<Processor['Type'], (parts: TransformParts) => Transform>> = {
  Decompression: decompression,
  CloudWatchLogProcessing: cloudWatchLogProcessing,
  RecordDeAggregation: recordDeAggregation,
  Lambda: toLambda,
  MetadataExtraction: toMetadataExtraction,
  AppendDelimiterToRecord: appendDelimiter,
}

const processorsMax = 5

/** What is done to records before they are buffered. @throws InvalidArgumentException for what cannot be */
export function transformsOf(context: FirehoseContext, stream: DeliveryStream): Transform[] {
  const { ProcessingConfiguration: processing } = stream.destination.settings
  const processors = processing?.Enabled ? (processing.Processors ?? []) : []
  if (processing?.Enabled && (processors.length === 0 || processors.length > processorsMax)) throw wrongProcessorCount()
  const types = new Set(processors.map(({ Type }) => Type))
  for (const type of types) {
    if (processors.filter(({ Type }) => Type === type).length > 1) throw twiceTheSameProcessor(type)
  }
  if (types.has('CloudWatchLogProcessing') && !types.has('Decompression')) throw extractionNeedsDecompression()
  return Object.entries(makers).flatMap(([type, make]) => [
    ...(type === 'AppendDelimiterToRecord' ? toPartitionKeyCheck(context, stream) : []),
    ...processors
      .filter(({ Type }) => Type === type)
      .map(({ Parameters }) => make({ context, stream, parameters: parametersOf(Parameters) })),
  ])
}

const parametersOf = (given: Processor['Parameters']) =>
  Object.fromEntries((given ?? []).map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]))
