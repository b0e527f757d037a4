import { invalidArgument } from '../../../core/aws-error.ts'
import type { ValueOf } from '../../../core/shapes.ts'
import type { processingConfiguration } from './processing.ts'
import type { DestinationSettings } from './settings.ts'

/* What processors are told, as AWS fills it in and checks it. The sentences are AWS's. */

type Processing = NonNullable<ValueOf<typeof processingConfiguration>>
type Processor = NonNullable<Processing['Processors']>[number]
type ParameterName = NonNullable<Processor['Parameters']>[number]['ParameterName']

/** A processor's parameters by their names. */
export const parametersOf = ({ Parameters = [] }: Processor): Partial<Record<ParameterName, string>> =>
  Object.fromEntries(Parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]))

/** The processors of a kind, whether processing is enabled or not. */
export const processorsOf = ({ settings }: DestinationSettings, type: Processor['Type']): Processor[] =>
  (settings.ProcessingConfiguration?.Processors ?? []).filter(({ Type }) => Type === type)

/** A destination with what AWS fills into its processors: what is kept and described. */
export function withProcessorDefaults(destination: DestinationSettings): DestinationSettings {
  const { kind, settings } = destination
  const processing = settings.ProcessingConfiguration
  if (!processing) return destination
  const filled: Processing = {
    Enabled: processing.Enabled ?? false,
    Processors: processing.Processors?.map((processor) =>
      processor.Type === 'Lambda'
        ? withLambdaDefaults(processor, 'RoleARN' in settings ? settings.RoleARN : undefined, kind === 'Splunk')
        : processor,
    ),
  }
  return { kind, settings: { ...settings, ProcessingConfiguration: filled } } as DestinationSettings
}

/** In AWS's order. A parameter that occurs twice stays so, and is refused by the check. */
function withLambdaDefaults(processor: Processor, roleArn: string | undefined, isSplunk: boolean): Processor {
  const given = processor.Parameters ?? []
  const defaults: Partial<Record<ParameterName, string | undefined>> = {
    LambdaArn: undefined,
    NumberOfRetries: '3',
    RoleArn: roleArn,
    ...(!given.some(({ ParameterName }) => ParameterName.startsWith('Buffer')) && {
      BufferSizeInMBs: isSplunk ? '0.25' : '1',
      BufferIntervalInSeconds: '60',
    }),
  }
  const order = ['LambdaArn', 'NumberOfRetries', 'RoleArn', 'BufferSizeInMBs', 'BufferIntervalInSeconds']
  const missing = Object.entries(defaults).flatMap(([name, value]) =>
    value === undefined || given.some(({ ParameterName }) => ParameterName === name)
      ? []
      : [{ ParameterName: name as ParameterName, ParameterValue: value }],
  )
  const placeOf = ({ ParameterName: name }: { readonly ParameterName: string }) => (order.indexOf(name) + 1 || 99) - 1
  return { ...processor, Parameters: [...given, ...missing].sort((a, b) => placeOf(a) - placeOf(b)) }
}

/** @throws InvalidArgumentException */
export function checkProcessors(destination: DestinationSettings): void {
  const processing = destination.settings.ProcessingConfiguration
  if (!processing) return
  for (const { Parameters = [] } of processing.Processors ?? [])
    if (new Set(Parameters.map(({ ParameterName }) => ParameterName)).size < Parameters.length)
      throw invalidArgument('Duplicate ProcessorParameter passed to ProcessingConfiguration.')
  for (const lambda of processorsOf(destination, 'Lambda')) checkLambda(parametersOf(lambda))
  for (const extraction of processorsOf(destination, 'MetadataExtraction')) checkExtraction(parametersOf(extraction))
}

const lambdaArn = /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_.]+(:(\$LATEST|[a-zA-Z0-9-_]+))?$/

function checkLambda(parameters: Partial<Record<ParameterName, string>>): void {
  const { BufferIntervalInSeconds, BufferSizeInMBs, LambdaArn, NumberOfRetries = '3' } = parameters
  if (LambdaArn === undefined) throw invalidArgument('LambdaArn is required when Lambda processor is used.')
  if (!lambdaArn.test(LambdaArn)) throw invalidArgument('Invalid lambda ARN.')
  if (!/^\d{1,3}$/.test(NumberOfRetries) || Number(NumberOfRetries) > 300)
    throw invalidArgument('Number of retries for lambda must be between 0 and 300.')
  if ((BufferSizeInMBs === undefined) !== (BufferIntervalInSeconds === undefined))
    throw invalidArgument(
      'Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda processor.',
    )
  if (BufferSizeInMBs !== undefined && !isNumber(BufferSizeInMBs, 0.2, 3))
    throw invalidArgument('BufferSizeInMBs for lambda processor must be between 0.2 and 3.')
  if (BufferIntervalInSeconds !== undefined && !isNumber(BufferIntervalInSeconds, 0, 900))
    throw invalidArgument('BufferIntervalInSeconds for lambda processor must be between 0 and 900.')
}

const isNumber = (text: string, min: number, max: number) =>
  /^\d+(\.\d+)?$/.test(text) && Number(text) >= min && Number(text) <= max

function checkExtraction({ JsonParsingEngine, MetadataExtractionQuery }: Partial<Record<ParameterName, string>>): void {
  if (JsonParsingEngine !== 'JQ-1.6')
    throw invalidArgument('MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6')
  if (MetadataExtractionQuery === undefined)
    throw invalidArgument('MetadataExtractionQuery is required when MetadataExtraction processor is used.')
}
