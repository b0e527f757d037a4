import type { CopyOptions } from './copy-options.ts'
import type { TableColumn } from './table-columns.ts'

/** A field of text → a column's value, as the options of COPY have it. An empty field is NULL where it is no text. */
export function fieldValue(field: string, column: TableColumn, options: CopyOptions): string | null {
  if (column.kind !== 'text') {
    const value = field.trim()
    if (value === '') return null
    return column.kind === 'time' ? isoTime(value, options) : value
  }
  if (field === '') return options.emptyAsNull ? null : ''
  if (options.blanksAsNull && field.trim() === '') return null
  const value = options.trimsBlanks ? field.trimEnd() : field
  const { lengthMax } = column
  if (!options.truncatesColumns || lengthMax === undefined || value.length <= lengthMax) return value
  return Array.from(value).slice(0, lengthMax).join('')
}

/** Seconds or milliseconds since 1970, where TIMEFORMAT says so → a time that the server reads; other words as they are. */
export function isoTime(value: string, { timeFormat }: CopyOptions): string {
  if (timeFormat === 'auto' || !/^-?\d+(\.\d+)?$/.test(value)) return value
  const atMs = timeFormat === 'epochsecs' ? Number(value) * 1000 : Number(value)
  return Math.abs(atMs) <= timeMsMax ? new Date(atMs).toISOString() : value
}

/** The last time that a Date knows. */
const timeMsMax = 8.64e15
