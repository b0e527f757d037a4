import { invalidArgument } from '../../../core/aws-error.ts'
import { optional, structure, type ValueOf } from '../../../core/shapes.ts'
import { backupNeedsBucket, backupStays, notDeliveredTo } from '../faults.ts'
import {
  extendedS3WithDefaults,
  httpEndpointWithDefaults,
  redshiftWithDefaults,
  s3WithDefaults,
  searchServerlessWithDefaults,
  searchWithDefaults,
  splunkWithDefaults,
} from './defaults.ts'
import { checkDestination } from './destination-checks.ts'
import { httpEndpointConfiguration, httpEndpointUpdate } from './http-endpoint.ts'
import { checkSamePartitioning } from './partitioning.ts'
import { withProcessorDefaults } from './processors.ts'
import { redshiftConfiguration, redshiftUpdate } from './redshift.ts'
import { extendedS3Configuration, extendedS3Update, s3Configuration, s3Update } from './s3.ts'
import { searchConfiguration, searchServerlessConfiguration, searchServerlessUpdate, searchUpdate } from './search.ts'
import type { DestinationSettings } from './settings.ts'
import { splunkConfiguration, splunkUpdate } from './splunk.ts'

/* Where to deliver, as CreateDeliveryStream and UpdateDestination are told: exactly one of many members. */

/** Known by name only: asking for it gets an honest answer. */
const anything = optional(structure({}))

export const destinationConfigurations = {
  S3DestinationConfiguration: optional(s3Configuration),
  ExtendedS3DestinationConfiguration: optional(extendedS3Configuration),
  RedshiftDestinationConfiguration: optional(redshiftConfiguration),
  ElasticsearchDestinationConfiguration: optional(searchConfiguration),
  AmazonopensearchserviceDestinationConfiguration: optional(searchConfiguration),
  AmazonOpenSearchServerlessDestinationConfiguration: optional(searchServerlessConfiguration),
  SplunkDestinationConfiguration: optional(splunkConfiguration),
  HttpEndpointDestinationConfiguration: optional(httpEndpointConfiguration),
  SnowflakeDestinationConfiguration: anything,
  IcebergDestinationConfiguration: anything,
}

export const destinationUpdates = {
  S3DestinationUpdate: optional(s3Update),
  ExtendedS3DestinationUpdate: optional(extendedS3Update),
  RedshiftDestinationUpdate: optional(redshiftUpdate),
  ElasticsearchDestinationUpdate: optional(searchUpdate),
  AmazonopensearchserviceDestinationUpdate: optional(searchUpdate),
  AmazonOpenSearchServerlessDestinationUpdate: optional(searchServerlessUpdate),
  SplunkDestinationUpdate: optional(splunkUpdate),
  HttpEndpointDestinationUpdate: optional(httpEndpointUpdate),
  SnowflakeDestinationUpdate: anything,
  IcebergDestinationUpdate: anything,
}

const configured = structure(destinationConfigurations)
const updated = structure(destinationUpdates)

/** The destination that an input names. @throws InvalidArgumentException if it is none, or more than one */
export function destinationOf(input: ValueOf<typeof configured>, anyEndpoint: boolean): DestinationSettings {
  onlyOne(input, Object.keys(destinationConfigurations))
  const destination = withProcessorDefaults(filledIn(input))
  checkDestination(destination, anyEndpoint)
  return destination
}

function filledIn(input: ValueOf<typeof configured>): DestinationSettings {
  if (input.S3DestinationConfiguration)
    return {
      kind: 'ExtendedS3',
      settings: extendedS3WithDefaults({ ...nothingMore, ...s3WithDefaults(input.S3DestinationConfiguration) }),
    }
  if (input.ExtendedS3DestinationConfiguration)
    return { kind: 'ExtendedS3', settings: extendedS3WithDefaults(input.ExtendedS3DestinationConfiguration) }
  if (input.HttpEndpointDestinationConfiguration)
    return { kind: 'HttpEndpoint', settings: httpEndpointWithDefaults(input.HttpEndpointDestinationConfiguration) }
  if (input.SplunkDestinationConfiguration)
    return { kind: 'Splunk', settings: splunkWithDefaults(input.SplunkDestinationConfiguration) }
  if (input.ElasticsearchDestinationConfiguration)
    return { kind: 'Elasticsearch', settings: searchWithDefaults(input.ElasticsearchDestinationConfiguration) }
  if (input.AmazonopensearchserviceDestinationConfiguration)
    return {
      kind: 'Amazonopensearchservice',
      settings: searchWithDefaults(input.AmazonopensearchserviceDestinationConfiguration),
    }
  if (input.AmazonOpenSearchServerlessDestinationConfiguration)
    return {
      kind: 'AmazonOpenSearchServerless',
      settings: searchServerlessWithDefaults(input.AmazonOpenSearchServerlessDestinationConfiguration),
    }
  if (input.RedshiftDestinationConfiguration)
    return { kind: 'Redshift', settings: redshiftWithDefaults(input.RedshiftDestinationConfiguration) }
  throw notDeliveredTo(input.SnowflakeDestinationConfiguration ? 'Snowflake' : 'Iceberg tables')
}

const nothingMore = {
  ProcessingConfiguration: undefined,
  S3BackupMode: undefined,
  DataFormatConversionConfiguration: undefined,
  DynamicPartitioningConfiguration: undefined,
  FileExtension: undefined,
  CustomTimeZone: undefined,
  S3BackupConfiguration: undefined,
}

/**
 * What a destination is after an update of the same kind: AWS keeps what the update leaves out. An update to another kind
 * is refused. @throws InvalidArgumentException
 */
export function updatedDestination(
  now: DestinationSettings,
  input: ValueOf<typeof updated>,
  anyEndpoint: boolean,
): DestinationSettings {
  const name = onlyOne(input, Object.keys(destinationUpdates)) as keyof typeof destinationUpdates
  const kind = name === 'S3DestinationUpdate' ? 'ExtendedS3' : name.slice(0, -'DestinationUpdate'.length)
  if (kind === 'Snowflake' || kind === 'Iceberg') throw notDeliveredTo(kind)
  if (kind !== now.kind) throw invalidArgument(`The destination is ${now.kind}, and cannot become ${kind}.`)
  const { S3Update, S3BackupUpdate, ...rest } = input[name] as Update
  const { S3Configuration, S3BackupConfiguration, ...settings } = now.settings as Backups
  const destination = {
    kind,
    settings: {
      ...changed(settings, rest),
      ...changedConversion(settings, rest),
      ...(S3Configuration && { S3Configuration: changed(S3Configuration, S3Update) }),
      ...((S3BackupConfiguration || S3BackupUpdate) && {
        S3BackupConfiguration: S3BackupConfiguration
          ? changed(S3BackupConfiguration, S3BackupUpdate)
          : s3WithDefaults(backupConfiguration(S3BackupUpdate!)),
      }),
    },
  } as unknown as DestinationSettings
  if (keepsAll(now) && !keepsAll(destination)) throw backupStays()
  const filled = withProcessorDefaults(destination)
  checkDestination(filled, anyEndpoint)
  checkSamePartitioning(now, filled)
  return filled
}

type Update = Converting & { readonly S3Update?: object; readonly S3BackupUpdate?: ValueOf<typeof s3Update> }
type Backups = Converting & { readonly S3Configuration?: object; readonly S3BackupConfiguration?: object }
type Conversion = { readonly SchemaConfiguration?: object }
type Converting = { readonly DataFormatConversionConfiguration?: Conversion | undefined }

/** AWS keeps what an update of a conversion leaves out, also of its schema: `Enabled` alone switches it. */
function changedConversion(
  { DataFormatConversionConfiguration: now }: Converting,
  { DataFormatConversionConfiguration: update }: Converting,
): Converting {
  if (!now || !update) return {}
  const SchemaConfiguration = changed(now.SchemaConfiguration ?? {}, update.SchemaConfiguration)
  return { DataFormatConversionConfiguration: { ...changed(now, update), SchemaConfiguration } }
}

/** Members with those of an update in their place, whatever it leaves out staying as it is; hints are two members. */
function changed(members: object, update: object = {}): object {
  const given = Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined))
  const hints = 'BufferingHints' in given && {
    BufferingHints: changed((members as { BufferingHints?: object }).BufferingHints ?? {}, given.BufferingHints),
  }
  return { ...members, ...given, ...hints }
}

/** A backup that an update begins. @throws InvalidArgumentException where the update does not say where to */
function backupConfiguration({ BucketARN, RoleARN, ...rest }: ValueOf<typeof s3Update>) {
  if (BucketARN === undefined || RoleARN === undefined) throw backupNeedsBucket()
  return { BucketARN, RoleARN, ...rest }
}

const keepsAll = ({ settings }: DestinationSettings) =>
  ['Enabled', 'AllData', 'AllEvents'].includes((settings as { S3BackupMode?: string }).S3BackupMode ?? '')

/** The name of the one member that is there. @throws InvalidArgumentException */
function onlyOne(input: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  const there = names.filter((name) => input[name] !== undefined)
  if (there.length !== 1) throw invalidArgument('Exactly one destination configuration is supported for a Firehose')
  return there[0]!
}
