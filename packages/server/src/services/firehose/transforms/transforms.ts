import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { notDeliveredTo } from '../faults.ts'
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
const makers: Readonly<Record<Processor['Type'], ((parts: TransformParts) => Transform) | undefined>> = {
  Decompression: undefined,
  CloudWatchLogProcessing: undefined,
  RecordDeAggregation: undefined,
  Lambda: undefined,
  MetadataExtraction: undefined,
  AppendDelimiterToRecord: undefined,
}

/** What is done to records before they are buffered. @throws InvalidArgumentException for what is not there */
export function transformsOf(context: FirehoseContext, stream: DeliveryStream): Transform[] {
  const { ProcessingConfiguration: processing } = stream.destination.settings
  const processors = processing?.Enabled ? (processing.Processors ?? []) : []
  for (const { Type } of processors) if (!makers[Type]) throw notDeliveredTo(`the processor ${Type}`)
  return Object.entries(makers).flatMap(([type, make]) =>
    processors
      .filter(({ Type }) => Type === type)
      .map(({ Parameters }) => make!({ context, stream, parameters: parametersOf(Parameters) })),
  )
}

const parametersOf = (given: Processor['Parameters']) =>
  Object.fromEntries((given ?? []).map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]))
