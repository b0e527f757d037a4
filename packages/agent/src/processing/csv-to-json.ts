import type { ProcessingStep } from '../config/processing-config.ts'
import type { Converter } from './converter.ts'
import { jsonText } from './json-text.ts'
import { lineText } from './line-text.ts'

type CsvStep = Extract<ProcessingStep, { name: 'CSVTOJSON' }>

/**
 * CSVTOJSON: the parts between delimiters, as they stand (quotes have no meaning), under the names given. Columns that
 * are missing, or empty at the end of the line, are null; those beyond the names are left out.
 */
export function csvToJsonConverter({ fieldNames, ignoredFieldNames, delimiter, jsonFormat }: CsvStep): Converter {
  const ignored = new Set(ignoredFieldNames)
  const kept = fieldNames.flatMap((name, i) => (ignored.has(name) ? [] : [[name, i] as const]))
  return (record) => {
    const text = lineText(record)
    const columns = typeof delimiter === 'string' ? text.split(delimiter) : delimiter.split(text)
    while (columns.length > 1 && columns.at(-1) === '') columns.pop()
    const members = kept.map(([name, i]) => [name, columns[i] ?? null] as const)
    return Buffer.from(`${jsonText(members, jsonFormat)}\n`)
  }
}
