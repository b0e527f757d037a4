import { javaPattern, type Pattern } from '../processing/java-pattern.ts'
import { ConfigReader } from './config-reader.ts'

export type JsonFormat = 'COMPACT' | 'FULLJSON' | 'PRETTYPRINT'

/** One of dataProcessingOptions: they are applied in their order. */
export type ProcessingStep =
  | { readonly name: 'SINGLELINE' }
  | {
      readonly name: 'CSVTOJSON'
      readonly fieldNames: readonly string[]
      readonly ignoredFieldNames: readonly string[]
      readonly delimiter: string | Pattern
      readonly jsonFormat: JsonFormat
    }
  | {
      readonly name: 'LOGTOJSON'
      readonly logFormat: LogFormat
      readonly matchPattern: Pattern | undefined
      readonly fieldNames: readonly string[] | undefined
      readonly jsonFormat: JsonFormat
    }
  | { readonly name: 'ADDMETADATA'; readonly metadata: unknown; readonly jsonFormat: JsonFormat }
  | { readonly name: 'ADDEC2METADATA'; readonly ttlMs: number; readonly jsonFormat: JsonFormat }
  | { readonly name: 'ADDBRACKETS' }

const optionNames = [
  'SINGLELINE',
  'CSVTOJSON',
  'LOGTOJSON',
  'ADDMETADATA',
  'ADDEC2METADATA',
  'ADDBRACKETS',
  'USINGPLUGGIN',
] as const

const logFormats = ['COMMONAPACHELOG', 'COMBINEDAPACHELOG', 'APACHEERRORLOG', 'SYSLOG', 'RFC3339SYSLOG'] as const

export type LogFormat = (typeof logFormats)[number]

export function readProcessingStep(
  value: unknown,
  where: string,
  faults: string[],
  warnings: string[],
): ProcessingStep {
  const reader = new ConfigReader(value, where, faults, warnings)
  const name = reader.oneOf('optionName', optionNames)
  if (name === undefined && !reader.has('optionName')) reader.fault('optionName', 'is missing')
  const step = stepOf(reader, name)
  reader.finish()
  return step
}

function stepOf(reader: ConfigReader, name: (typeof optionNames)[number] | undefined): ProcessingStep {
  switch (name) {
    case 'CSVTOJSON': {
      const fieldNames = reader.strings('customFieldNames')
      if (!fieldNames?.length) reader.fault('customFieldNames', 'must name at least one field')
      return {
        name,
        fieldNames: fieldNames ?? [],
        ignoredFieldNames: reader.strings('ignoredFieldNames') ?? [],
        delimiter: delimiter(reader),
        jsonFormat: jsonFormat(reader),
      }
    }
    case 'LOGTOJSON':
      return logToJson(reader)
    case 'ADDMETADATA': {
      // AWS's releases disagree about the name of this key.
      const metadata = reader.any('metadata') ?? reader.any('metadataFields')
      if (metadata === undefined) reader.fault('metadata', 'is missing')
      return { name, metadata, jsonFormat: jsonFormat(reader) }
    }
    case 'ADDEC2METADATA':
      return {
        name,
        ttlMs: reader.integer('metadataTTL', 3600, { min: 1, max: 1_000_000_000 }) * 1000,
        jsonFormat: jsonFormat(reader),
      }
    case 'ADDBRACKETS':
      return { name }
    case 'USINGPLUGGIN':
      reader.any('className')
      reader.fault('optionName', 'USINGPLUGGIN names a Java class, which cannot be loaded here')
      return { name: 'SINGLELINE' }
    default:
      return { name: 'SINGLELINE' }
  }
}

function logToJson(reader: ConfigReader): ProcessingStep {
  const logFormat = reader.oneOf('logFormat', logFormats)
  if (logFormat === undefined && !reader.has('logFormat')) reader.fault('logFormat', 'is missing')
  const matchText = reader.string('matchPattern')
  const fieldNames = reader.strings('customFieldNames')
  const matchPattern = matchText ? javaRegex(reader, 'matchPattern', matchText) : undefined
  if (matchText && !fieldNames) reader.fault('customFieldNames', 'must name the groups of matchPattern')
  if (matchPattern && fieldNames && matchPattern.groupCount !== fieldNames.length)
    reader.fault(
      'customFieldNames',
      `has ${fieldNames.length} names for the ${matchPattern.groupCount} groups of matchPattern`,
    )
  if (!matchText && fieldNames && logFormat && fieldNames.length !== fieldCounts[logFormat])
    reader.fault('customFieldNames', `has ${fieldNames.length} names for the ${fieldCounts[logFormat]} fields`)
  return {
    name: 'LOGTOJSON',
    logFormat: logFormat ?? 'SYSLOG',
    matchPattern,
    fieldNames,
    jsonFormat: jsonFormat(reader),
  }
}

const fieldCounts: Record<LogFormat, number> = {
  COMMONAPACHELOG: 7,
  COMBINEDAPACHELOG: 9,
  APACHEERRORLOG: 7,
  SYSLOG: 5,
  RFC3339SYSLOG: 5,
}

/** AWS's agent takes the delimiter for a regular expression: `\\t` is a tab. Other texts mean themselves. */
function delimiter(reader: ConfigReader): string | Pattern {
  const text = reader.string('delimiter') ?? ','
  if (text === '') return reader.fault('delimiter', 'must not be empty') ?? ','
  return text.includes('\\') ? (javaRegex(reader, 'delimiter', text) ?? ',') : text
}

function javaRegex(reader: ConfigReader, key: string, text: string): Pattern | undefined {
  try {
    return javaPattern(text)
  } catch (error) {
    return reader.fault(key, (error as Error).message)
  }
}

const jsonFormat = (reader: ConfigReader): JsonFormat =>
  reader.oneOf('jsonFormat', ['COMPACT', 'FULLJSON', 'PRETTYPRINT']) ?? 'COMPACT'
