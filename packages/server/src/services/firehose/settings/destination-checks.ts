import { invalidArgument } from '../../../core/aws-error.ts'
import { constraintsBroken, violation } from '../../../core/shapes.ts'
import { backupNeedsBucket } from '../faults.ts'
import { checkPartitioning, isPartitioned } from './partitioning.ts'
import { checkProcessors } from './processors.ts'
import { checkS3 } from './s3-checks.ts'
import type { DestinationSettings, ExtendedS3Settings } from './settings.ts'

/* What AWS demands of settings together, beyond what each member may be [docs, section 4 of the guide's pages on S3]. */

/** @throws InvalidArgumentException; ValidationException for an endpoint that AWS would not take, unless any is taken */
export function checkDestination(destination: DestinationSettings, anyEndpoint: boolean): void {
  const { kind, settings } = destination
  checkProcessors(destination)
  switch (kind) {
    case 'ExtendedS3':
      checkS3(settings, isPartitioned(destination))
      checkConversion(settings)
      if (settings.S3BackupMode === 'Enabled' && !settings.S3BackupConfiguration) throw backupNeedsBucket()
      if (settings.S3BackupConfiguration) checkS3(settings.S3BackupConfiguration, false)
      break
    case 'HttpEndpoint':
      if (!anyEndpoint && !settings.EndpointConfiguration.Url.startsWith('https://'))
        throw notAws(settings.EndpointConfiguration.Url, 'endpointConfiguration.url', 'https://.*')
      checkS3(settings.S3Configuration, false)
      break
    case 'Elasticsearch':
    case 'Amazonopensearchservice':
      if (!settings.ClusterEndpoint === !settings.DomainARN)
        throw invalidArgument('Exactly one of ClusterEndpoint and DomainARN must be given.')
      checkHttps(settings.ClusterEndpoint, 'clusterEndpoint', anyEndpoint)
      checkS3(settings.S3Configuration, false)
      break
    case 'AmazonOpenSearchServerless':
      checkHttps(settings.CollectionEndpoint, 'collectionEndpoint', anyEndpoint)
      checkS3(settings.S3Configuration, false)
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
      checkS3(settings.S3Configuration, false)
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
