import { isUtf8 } from 'node:buffer'
import type { CopyOptions } from './copy-options.ts'
import { csvRows } from './csv-rows.ts'
import { delimitedRows } from './delimited-rows.ts'
import { fieldValue, isoTime } from './field-value.ts'
import { type JsonPath, valueAt } from './json-paths.ts'
import { jsonRows } from './json-rows.ts'
import type { TableColumn } from './table-columns.ts'

/** A piece of the data as its format has it, and the line that it begins on, from 1 on. */
export type RawRow<T> = { readonly line: number; readonly raw: string } & (
  | { readonly value: T; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: string }
)

/** A row of the table, or why there is none. */
export type TableRow = RawRow<readonly (string | null)[]>

/** What bytes of an object are, as text. Characters that are no UTF-8 become U+FFFD, and make their row a fault. */
export function textOf(data: Uint8Array, { invalidCharacter }: CopyOptions): { text: string; isValid: boolean } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const isValid = isUtf8(bytes)
  const text = bytes.toString()
  if (isValid || invalidCharacter === undefined) return { text, isValid }
  return { text: text.replaceAll('\ufffd', invalidCharacter), isValid: true }
}

export type RowsOf = {
  readonly columns: readonly TableColumn[]
  readonly options: CopyOptions
  /** For JSON by a file of paths: one for each column. */
  readonly paths?: readonly JsonPath[] | undefined
}

/** The rows of an object, as COPY of Redshift would have them. */
export function* tableRows(data: Uint8Array, { columns, options, paths }: RowsOf): Generator<TableRow> {
  const { text, isValid } = textOf(data, options)
  const rows =
    options.format === 'json'
      ? rowsOfJson(text, columns, options, paths)
      : rowsOfFields(options.format === 'csv' ? csvRows(text, options) : delimitedRows(text, options), columns, options)
  for (const row of rows)
    yield isValid || !row.raw.includes('\ufffd') ? row : { line: row.line, raw: row.raw, fault: 'Invalid UTF-8' }
}

function* rowsOfFields(
  rows: Iterable<RawRow<readonly (string | null)[]>>,
  columns: readonly TableColumn[],
  options: CopyOptions,
): Generator<TableRow> {
  for (const row of rows) {
    if (row.fault !== undefined) {
      yield row
      continue
    }
    const { line, raw, value: fields } = row
    if (fields.length > columns.length) yield { line, raw, fault: 'Extra column(s) found' }
    else if (fields.length < columns.length && !options.fillsRecord) yield { line, raw, fault: 'Delimiter not found' }
    else {
      const value = columns.map((column, i) => {
        const field = fields[i]
        return field === null ? null : fieldValue(field ?? '', column, options)
      })
      yield { line, raw, value }
    }
  }
}

function* rowsOfJson(
  text: string,
  columns: readonly TableColumn[],
  options: CopyOptions,
  paths: readonly JsonPath[] | undefined,
): Generator<TableRow> {
  const fold = (name: string) => (options.json === 'auto ignorecase' ? name.toLowerCase() : name)
  const names = columns.map(({ name }) => fold(name))
  for (const row of jsonRows(text)) {
    if (row.fault !== undefined) {
      yield row
      continue
    }
    const { line, raw, value: document } = row
    if (options.json === 'noshred') {
      yield { line, raw, value: columns.map((_, i) => (i === 0 ? raw.trim() : null)) }
      continue
    }
    if (!paths && (typeof document !== 'object' || document === null || Array.isArray(document))) {
      yield { line, raw, fault: 'It is no JSON object' }
      continue
    }
    const members = paths ? undefined : new Map(Object.entries(document as object).map(([k, v]) => [fold(k), v]))
    const value = columns.map((column, i) => {
      const found: unknown = paths ? valueAt(document, paths[i]!) : members!.get(names[i]!)
      return jsonValue(found, column, options)
    })
    yield { line, raw, value }
  }
}

/** Objects and arrays are their JSON; numbers keep the digits that they came with. */
function jsonValue(value: unknown, column: TableColumn, options: CopyOptions): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return fieldValue(value, column, options)
  const text = JSON.stringify(value)
  return column.kind === 'time' ? isoTime(text, options) : text
}

/**
 * A row in PostgreSQL's text format, which COPY reads fastest: fields between tabs, NULL as \\N, and no line end inside.
 */
export const copyLine = (fields: readonly (string | null)[]): string =>
  fields.map((field) => (field === null ? '\\N' : escaped(field))).join('\t')

const escaped = (field: string): string =>
  /[\\\t\n\r]/.test(field) ? field.replace(/[\\\t\n\r]/g, (character) => escapes[character]!) : field
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
