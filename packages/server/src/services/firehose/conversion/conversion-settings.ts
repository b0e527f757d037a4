import { type JsonSerDe, jodaPattern, MalformedPattern } from '@millrace/formats/columnar'
import { invalidArgument } from '../../../core/aws-error.ts'
import type { TableQuery } from '../../../core/ports/tables.ts'
import type { ExtendedS3Settings } from '../settings/settings.ts'
import type { OutputFormat } from './conversion-messages.ts'

/** AWS's settings, taken apart. */
export type Conversion = {
  readonly table: TableQuery
  /** As the settings have it, for error records. */
  readonly schema: { readonly region?: string | undefined; readonly roleArn?: string | undefined }
  /** By which the table is read. */
  readonly roleArn: string
  readonly serDe: JsonSerDe
  readonly output: OutputFormat
}

/** Undefined if nothing is to be converted. @throws InvalidArgumentException for settings that cannot be */
export function conversionOf({
  DataFormatConversionConfiguration: given,
  RoleARN: ofDestination,
}: ExtendedS3Settings): Conversion | undefined {
  if (!given || given.Enabled === false) return undefined
  const { CatalogId, DatabaseName, TableName, Region, RoleARN, VersionId } = given.SchemaConfiguration ?? {}
  if (!DatabaseName || !TableName)
    throw invalidArgument('SchemaConfiguration must name a database and a table to convert data to its format.')
  return {
    table: { catalogId: CatalogId, databaseName: DatabaseName, tableName: TableName, versionId: VersionId },
    schema: { region: Region, roleArn: RoleARN },
    roleArn: RoleARN ?? ofDestination,
    serDe: serDeOf(given.InputFormatConfiguration?.Deserializer),
    output: outputOf(given.OutputFormatConfiguration?.Serializer),
  }
}

type Given = NonNullable<ExtendedS3Settings['DataFormatConversionConfiguration']>
type Deserializer = NonNullable<Given['InputFormatConfiguration']>['Deserializer']
type Serializer = NonNullable<Given['OutputFormatConfiguration']>['Serializer']

function serDeOf({ HiveJsonSerDe: hive, OpenXJsonSerDe: openX }: NonNullable<Deserializer> = {} as never): JsonSerDe {
  if (!hive === !openX) throw invalidArgument('Exactly one of OpenXJsonSerDe and HiveJsonSerDe must be given.')
  if (hive) {
    try {
      hive.TimestampFormats?.forEach(jodaPattern)
    } catch (error) {
      if (!(error instanceof MalformedPattern)) throw error
      throw invalidArgument(`Invalid deserializer option(s): ${error.message}`)
    }
    return { kind: 'Hive', timestampFormats: hive.TimestampFormats }
  }
  return {
    kind: 'OpenX',
    caseInsensitive: openX!.CaseInsensitive,
    dotsToUnderscores: openX!.ConvertDotsInJsonKeysToUnderscores,
    // A plain object in the catalog, a Map when it just came in.
    jsonKeys: Object.fromEntries(
      openX!.ColumnToJsonKeyMappings instanceof Map
        ? openX!.ColumnToJsonKeyMappings
        : Object.entries(openX!.ColumnToJsonKeyMappings ?? {}),
    ),
  }
}

function outputOf({ OrcSerDe: orc, ParquetSerDe: parquet }: NonNullable<Serializer> = {} as never): OutputFormat {
  if (!orc === !parquet) throw invalidArgument('Exactly one of ParquetSerDe and OrcSerDe must be given.')
  if (parquet) {
    const { Compression: compression = 'SNAPPY', EnableDictionaryCompression: dictionaries, PageSizeBytes } = parquet
    return { kind: 'Parquet', options: { compression, dictionaries, pageSizeBytes: PageSizeBytes } }
  }
  const { Compression = 'SNAPPY', ...options } = orc!
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { kind: 'ORC', options: { ...said, Compression } }
}
