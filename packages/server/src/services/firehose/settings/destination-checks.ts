import { invalidArgument } from '../../../core/aws-error.ts'
import { constraintsBroken, violation } from '../../../core/shapes.ts'
import { checkPartitioning, isPartitioned } from './partitioning.ts'
import { checkProcessors } from './processors.ts'
import type { DestinationSettings, ExtendedS3Settings, S3Settings } from './settings.ts'

/* What AWS demands of settings together, beyond what each member may be [docs, section 4 of the guide's pages on S3]. */

/** @throws InvalidArgumentException; ValidationException for an endpoint that AWS would not take, unless any is taken */
export function checkDestination(destination: DestinationSettings, anyEndpoint: boolean): void {
  const { kind, settings } = destination
  checkProcessors(destination)
  switch (kind) {
    case 'ExtendedS3':
      checkPrefixes(settings, isPartitioned(destination))
      checkConversion(settings)
      if (settings.S3BackupMode === 'Enabled' && !settings.S3BackupConfiguration)
        throw invalidArgument('S3BackupConfiguration must be given when S3BackupMode is Enabled.')
      if (settings.S3BackupConfiguration) checkPrefixes(settings.S3BackupConfiguration, false)
      break
    case 'HttpEndpoint':
      if (!anyEndpoint && !settings.EndpointConfiguration.Url.startsWith('https://'))
        throw notAws(settings.EndpointConfiguration.Url, 'endpointConfiguration.url', 'https://.*')
      checkPrefixes(settings.S3Configuration, false)
      break
    case 'Elasticsearch':
    case 'Amazonopensearchservice':
      if (!settings.ClusterEndpoint === !settings.DomainARN)
        throw invalidArgument('Exactly one of ClusterEndpoint and DomainARN must be given.')
      checkHttps(settings.ClusterEndpoint, 'clusterEndpoint', anyEndpoint)
      checkPrefixes(settings.S3Configuration, false)
      break
    case 'AmazonOpenSearchServerless':
      checkHttps(settings.CollectionEndpoint, 'collectionEndpoint', anyEndpoint)
      checkPrefixes(settings.S3Configuration, false)
      break
    case 'Redshift':
      if (!anyEndpoint && !redshiftUrl.test(settings.ClusterJDBCURL))
        throw notAws(settings.ClusterJDBCURL, 'clusterJDBCURL', redshiftUrl.source)
      if (['ZIP', 'Snappy', 'HADOOP_SNAPPY'].includes(settings.S3Configuration.CompressionFormat))
        throw invalidArgument(`${settings.S3Configuration.CompressionFormat} is not supported for Redshift.`)
      if (/!\{/.test(settings.S3Configuration.Prefix ?? '') || settings.S3Configuration.ErrorOutputPrefix)
        throw invalidArgument('Redshift takes neither expressions in Prefix nor an ErrorOutputPrefix.')
      break
    case 'Splunk':
      checkHttps(settings.HECEndpoint, 'hECEndpoint', anyEndpoint)
      checkPrefixes(settings.S3Configuration, false)
  }
  checkPartitioning(destination)
}

const redshiftUrl =
  /^jdbc:(redshift|postgresql):\/\/((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(redshift(-serverless)?)\.([a-zA-Z0-9.-]+):\d{1,5}\/[a-zA-Z0-9_$-]+$/

function checkHttps(url: string | undefined, path: string, anyEndpoint: boolean): void {
  if (!anyEndpoint && url !== undefined && !url.startsWith('https:')) throw notAws(url, path, 'https:.*')
}

const notAws = (value: string, path: string, pattern: string) =>
  constraintsBroken([violation(value, path, `Member must satisfy regular expression pattern: ${pattern}`)])

const expression = /!\{([^}:]*):([^}]*)\}/g
const known = ['timestamp', 'firehose', 'partitionKeyFromQuery', 'partitionKeyFromLambda']

/** Rules of expressions in prefixes. @throws InvalidArgumentException */
export function checkPrefixes(
  { Prefix = '', ErrorOutputPrefix }: Pick<S3Settings, 'Prefix' | 'ErrorOutputPrefix'>,
  isPartitioned: boolean,
): void {
  const inPrefix = expressionsOf(Prefix, 'Prefix')
  const inError = ErrorOutputPrefix === undefined ? [] : expressionsOf(ErrorOutputPrefix, 'ErrorOutputPrefix')
  const hasErrorType = (found: readonly Expression[]) =>
    found.some(({ namespace, key }) => namespace === 'firehose' && key === 'error-output-type')
  if (hasErrorType(inPrefix)) throw invalidArgument('Prefix cannot contain !{firehose:error-output-type}.')
  if (inPrefix.length > 0 && !ErrorOutputPrefix)
    throw invalidArgument('ErrorOutputPrefix must be given when Prefix contains expressions.')
  if (inError.length > 0 && !hasErrorType(inError))
    throw invalidArgument('ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains expressions.')
  if (inError.some(({ namespace }) => namespace.startsWith('partitionKey')))
    throw invalidArgument("Dynamic Partitioning Namespaces can't be part of an error prefix expression")
  if (!isPartitioned && inPrefix.some(({ namespace }) => namespace.startsWith('partitionKey')))
    throw invalidArgument(
      'Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.',
    )
}

type Expression = { readonly namespace: string; readonly key: string }

function expressionsOf(prefix: string, where: string): Expression[] {
  const found = [...prefix.matchAll(expression)].map(([, namespace, key]) => ({ namespace: namespace!, key: key! }))
  if (prefix.replace(expression, '').includes('!{'))
    throw invalidArgument(`${where} has an expression that is not closed, or has no namespace: ${prefix}`)
  for (const { namespace, key } of found) {
    if (!known.includes(namespace))
      throw invalidArgument(`${where} has an unknown namespace "${namespace}". There are ${known.join(', ')}.`)
    if (namespace === 'firehose' && key !== 'random-string' && key !== 'error-output-type')
      throw invalidArgument(`${where} has an unknown expression !{firehose:${key}}.`)
    if (key === '') throw invalidArgument(`${where} has an empty expression !{${namespace}:}.`)
  }
  return found
}

function checkConversion({
  DataFormatConversionConfiguration,
  BufferingHints,
  CompressionFormat,
}: ExtendedS3Settings): void {
  if (!DataFormatConversionConfiguration || DataFormatConversionConfiguration.Enabled === false) return
  if (BufferingHints.SizeInMBs < 64)
    throw invalidArgument('BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.')
  if (CompressionFormat !== 'UNCOMPRESSED')
    throw invalidArgument('CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.')
  const { SchemaConfiguration, InputFormatConfiguration, OutputFormatConfiguration } = DataFormatConversionConfiguration
  if (!SchemaConfiguration || !InputFormatConfiguration || !OutputFormatConfiguration)
    throw invalidArgument('Data format conversion needs a schema, an input format and an output format.')
}
