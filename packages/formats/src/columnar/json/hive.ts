import type { ColumnType } from '../column-type.ts'
import { javaTimestamp } from '../timestamp-text.ts'
import type { Dialect, ReadValue } from './column-reader.ts'
import type { ExactNumber } from './exact-json.ts'
import { doubleFrom, isNumber, numberText } from './java-names.ts'
import { type JodaPattern, jodaPattern } from './joda-pattern.ts'
import type { KeyRules } from './key-index.ts'
import { nestedInText, notTheSchema } from './misfit.ts'
import { rangeOf, wholeFromNumber } from './numbers.ts'
import { decimalReader, readDate, sizedTextReader } from './openx.ts'

/*
 * Apache Hive's JSON deserializer: takes a value only as what it is. It reads with Jackson, whose sentences these are; those
 * of shapes were seen in AWS's error output (floci-io/floci#3333), those of ranges are Jackson's own.
 */

export type HiveOptions = {
  /** Patterns as Joda-Time reads them, or `millis`; what fits none is read as java.sql.Timestamp.valueOf does. @default none */
  readonly timestampFormats?: readonly string[] | undefined
}

/** @throws MalformedPattern for a format that is none */
export function hive({ timestampFormats = [] }: HiveOptions): Dialect {
  const keys: KeyRules = { caseInsensitive: true, dotsToUnderscores: false, jsonKeys: new Map() }
  const readTimestamp = timestampReader(timestampFormats.map(jodaPattern))
  return {
    keys,
    tally: { values: 0 },
    lowerMapKeys: false,
    primitive: (type) => primitiveReader(type, readTimestamp),
    wrapsIntoArray: false,
    structFromArray: false,
    notAnArray: () => notTheSchema('java.io.IOException: Start of Array expected'),
    notAStruct: () => notTheSchema('java.io.IOException: Start of Object expected'),
    notAMap: () => notTheSchema('java.io.IOException: Start of Object expected'),
  }
}

function primitiveReader(
  type: Exclude<ColumnType, { kind: 'array' | 'map' | 'struct' }>,
  readTimestamp: ReadValue,
): ReadValue {
  switch (type.kind) {
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw notTheSchema(`Current token (${tokenOf(value)}) not of boolean type`)
        return value
      }
    case 'tinyint':
    case 'smallint':
    case 'int':
      return wholeReader(...rangeOf[type.kind], { tinyint: 'Java byte', smallint: 'Java short', int: 'int' }[type.kind])
    case 'bigint':
      return wholeReader(-(2n ** 63n), 2n ** 63n - 1n, 'long')
    case 'float':
      return (value) => Math.fround(doubleFrom(numberOf(value)))
    case 'double':
      return (value) => doubleFrom(numberOf(value))
    case 'decimal': {
      const read = decimalReader(type.precision, type.scale)
      return (value) => read(numberOf(value))
    }
    case 'string':
      return scalarText
    case 'varchar':
    case 'char':
      return sizedTextReader(type.kind, type.length, scalarText)
    case 'binary':
      return (value) => Buffer.from(scalarText(value), 'utf8')
    case 'date':
      return readDate
    case 'timestamp':
      return readTimestamp
  }
}

/** Jackson cuts off what is behind the point. */
function wholeReader(min: number | bigint, max: number | bigint, javaType: string): ReadValue {
  return (value) => {
    const number = numberOf(value)
    const whole = wholeFromNumber(number) ?? Math.trunc(doubleFrom(number))
    if (whole < min || whole > max)
      throw notTheSchema(`Numeric value (${numberText(number)}) out of range of ${javaType}`)
    return whole || 0
  }
}

function numberOf(value: unknown): number | ExactNumber {
  if (isNumber(value)) return value
  throw notTheSchema(`Current token (${tokenOf(value)}) not numeric, can not use numeric value accessors`)
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value
  if (isNumber(value)) return numberText(value)
  if (typeof value === 'boolean') return String(value)
  throw nestedInText()
}

/** What Jackson calls it. */
function tokenOf(value: unknown): string {
  if (typeof value === 'string') return 'VALUE_STRING'
  if (typeof value === 'boolean') return value ? 'VALUE_TRUE' : 'VALUE_FALSE'
  if (isNumber(value)) return Number.isInteger(doubleFrom(value)) ? 'VALUE_NUMBER_INT' : 'VALUE_NUMBER_FLOAT'
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT'
}

function timestampReader(patterns: readonly JodaPattern[]): ReadValue {
  return (value) => {
    const text = scalarText(value)
    for (const pattern of patterns) {
      const micros = pattern(text)
      if (micros !== undefined) return micros
    }
    const micros = javaTimestamp(text)
    if (micros === undefined) throw notTheSchema('Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]')
    return micros
  }
}
