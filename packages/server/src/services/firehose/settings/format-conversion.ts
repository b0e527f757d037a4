import { map } from '../../../core/map-shape.ts'
import { double } from '../../../core/number-shapes.ts'
import { boolean, enumeration, integer, list, optional, structure } from '../../../core/shapes.ts'
import { nonBlank, withoutSpaces } from './members.ts'

/* JSON → Parquet or ORC [SDK model]. */

const mebibyte = 1024 * 1024

const schemaConfiguration = structure({
  RoleARN: optional(withoutSpaces),
  CatalogId: optional(withoutSpaces),
  DatabaseName: optional(withoutSpaces),
  TableName: optional(withoutSpaces),
  Region: optional(withoutSpaces),
  VersionId: optional(withoutSpaces),
})

const deserializer = structure({
  OpenXJsonSerDe: optional(
    structure({
      ConvertDotsInJsonKeysToUnderscores: optional(boolean()),
      CaseInsensitive: optional(boolean()),
      ColumnToJsonKeyMappings: optional(map({ min: 1, max: 1024, pattern: '^\\S+$' }, nonBlank)),
    }),
  ),
  HiveJsonSerDe: optional(structure({ TimestampFormats: optional(list(nonBlank)) })),
})

const serializer = structure({
  ParquetSerDe: optional(
    structure({
      BlockSizeBytes: optional(integer({ min: 64 * mebibyte })),
      PageSizeBytes: optional(integer({ min: 64 * 1024 })),
      Compression: optional(enumeration('UNCOMPRESSED', 'GZIP', 'SNAPPY')),
      EnableDictionaryCompression: optional(boolean()),
      MaxPaddingBytes: optional(integer({ min: 0 })),
      WriterVersion: optional(enumeration('V1', 'V2')),
    }),
  ),
  OrcSerDe: optional(
    structure({
      StripeSizeBytes: optional(integer({ min: 8 * mebibyte })),
      BlockSizeBytes: optional(integer({ min: 64 * mebibyte })),
      RowIndexStride: optional(integer({ min: 1000 })),
      EnablePadding: optional(boolean()),
      PaddingTolerance: optional(double({ min: 0, max: 1 })),
      Compression: optional(enumeration('NONE', 'ZLIB', 'SNAPPY')),
      BloomFilterColumns: optional(list(withoutSpaces)),
      BloomFilterFalsePositiveProbability: optional(double({ min: 0, max: 1 })),
      DictionaryKeyThreshold: optional(double({ min: 0, max: 1 })),
      FormatVersion: optional(enumeration('V0_11', 'V0_12')),
    }),
  ),
})

export const dataFormatConversionConfiguration = structure({
  SchemaConfiguration: optional(schemaConfiguration),
  InputFormatConfiguration: optional(structure({ Deserializer: optional(deserializer) })),
  OutputFormatConfiguration: optional(structure({ Serializer: optional(serializer) })),
  Enabled: optional(boolean()),
})
