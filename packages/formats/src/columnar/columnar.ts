/* Files of columns, for those who load them when they need them: what is here is no part of the package's main entry. */

export type { ColumnFile } from './column-file.ts'
export type { Column, ColumnBatch, ColumnType, ColumnValue } from './column-type.ts'
export { MalformedType, parseHiveColumns, parseHiveType } from './hive-type.ts'
export { MalformedPattern } from './json/joda-pattern.ts'
export { type FaultyRecord, JsonDeserializer, type JsonSerDe } from './json/json-deserializer.ts'
export { chunkOf, type RecordChunk } from './json/record-chunk.ts'
export { ParquetFile, type ParquetOptions } from './parquet/parquet-file.ts'
