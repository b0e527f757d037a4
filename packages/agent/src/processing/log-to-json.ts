import type { LogFormat, ProcessingStep } from '../config/processing-config.ts'
import { apacheErrorLog, combinedApacheLog, commonApacheLog } from './apache-log.ts'
import type { Converter } from './converter.ts'
import { jsonText } from './json-text.ts'
import { lineText } from './line-text.ts'
import { rfc3339Syslog, syslog } from './syslog.ts'

/** A named format: the names of its fields, and their values in a line; undefined for a line that is none of it. */
export type LineFormat = {
  readonly fields: readonly string[]
  readonly parse: (line: string) => readonly (string | null)[] | undefined
}

const formats: Record<LogFormat, LineFormat> = {
  COMMONAPACHELOG: commonApacheLog,
  COMBINEDAPACHELOG: combinedApacheLog,
  APACHEERRORLOG: apacheErrorLog,
  SYSLOG: syslog,
  RFC3339SYSLOG: rfc3339Syslog,
}

/** LOGTOJSON: the fields of a log line. A line that does not match is left out, as AWS's agent does. */
export function logToJsonConverter(step: Extract<ProcessingStep, { name: 'LOGTOJSON' }>): Converter {
  const { logFormat, matchPattern, fieldNames, jsonFormat } = step
  const format = formats[logFormat]
  const names = fieldNames ?? format.fields
  // In Apache's logs a dash says that there is nothing.
  const dashIsNull = logFormat.includes('APACHE')
  const parse = matchPattern ? (line: string) => matchPattern.matchWhole(line) : format.parse
  return (record) => {
    const values = parse(lineText(record))
    if (values === undefined) return undefined
    const members = names.map((name, i) => {
      const value = values[i] ?? null
      return [name, dashIsNull && value === '-' ? null : value] as const
    })
    return Buffer.from(`${jsonText(members, jsonFormat)}\n`)
  }
}
