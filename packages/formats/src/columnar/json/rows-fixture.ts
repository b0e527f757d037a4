import type { ColumnValue } from '../column-type.ts'
import { parseHiveColumns } from '../hive-type.ts'
import { type FaultyRecord, JsonDeserializer, type JsonSerDe } from './json-deserializer.ts'
import { chunkOf } from './record-chunk.ts'

/** `id int, tags array<string>` of a test, and what records become in it: rows, and the records without. */
export function rowsOf(
  columns: Readonly<Record<string, string>>,
  records: readonly (string | Uint8Array)[],
  serDe: JsonSerDe = { kind: 'OpenX' },
): { rows: ColumnValue[][]; faulty: FaultyRecord[] } {
  const schema = parseHiveColumns(Object.entries(columns).map(([name, type]) => ({ name, type })))
  const deserializer = new JsonDeserializer(schema, serDe)
  const bytes = records.map((record) => (typeof record === 'string' ? Buffer.from(record) : record))
  const faulty = deserializer.add(chunkOf(bytes, 'separator-of-this-test'))
  const batch = deserializer.take()
  const rows = Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((column) => column[row]!))
  return { rows, faulty }
}

/** The only column's values. */
export function valuesOf(type: string, values: readonly string[], serDe?: JsonSerDe): ColumnValue[] {
  const { rows, faulty } = rowsOf(
    { v: type },
    values.map((value) => `{"v":${value}}`),
    serDe,
  )
  if (faulty.length > 0) throw new Error(JSON.stringify(faulty))
  return rows.map(([value]) => value!)
}

/** What is said of a value that does not fit. */
export function faultOf(type: string, value: string, serDe?: JsonSerDe): string {
  const { rows, faulty } = rowsOf({ v: type }, [`{"v":${value}}`], serDe)
  return faulty[0]?.message ?? `no fault, but ${JSON.stringify(rows, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))}`
}
