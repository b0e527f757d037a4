/*
 * Tables as columns, and records of JSON as rows: no part of the package's main entry, which everybody loads. The writers
 * have entries of their own (`@millrace/formats/parquet`, `/orc`): whoever writes one of them loads no other.
 */

export type { ColumnFile } from './column-file.ts'
export type { Column, ColumnBatch, ColumnType, ColumnValue } from './column-type.ts'
export { MalformedType, parseHiveColumns, parseHiveType } from './hive-type.ts'
export { jodaPattern, MalformedPattern } from './json/joda-pattern.ts'
export { type FaultyRecord, JsonDeserializer, type JsonSerDe } from './json/json-deserializer.ts'
export { chunkOf, chunkOfRange, type RecordChunk } from './json/record-chunk.ts'
export type { OrcOptions } from './orc/orc-options.ts'
export type { ParquetOptions } from './parquet/parquet-file.ts'
