import type { ColumnType } from '../column-type.ts'
import { scaledDecimal } from '../decimal.ts'
import { isoTimestamp, javaDate, javaTimestamp } from '../timestamp-text.ts'
import type { Dialect, ReadValue } from './column-reader.ts'
import { imprecise } from './exact-json.ts'
import { doubleFrom, isNumber, isPlainObject, javaClass, numberText } from './java-names.ts'
import { caseOf, type KeyRules } from './key-index.ts'
import { badInput, notTheSchema, shown } from './misfit.ts'
import { doubleFromText, rangeOf, wholeFromNumber, wholeFromText } from './numbers.ts'

/*
 * The OpenX deserializer: takes much. Numbers may be texts, anything may become text, a value that is no array becomes one.
 * What is not in AWS's guide is what others saw AWS do (floci-io/floci#3235, #3333), or what OpenX's own code does.
 */

export type OpenXOptions = {
  /** Keys of any case mean a column; those of maps come in lower case. @default true */
  readonly caseInsensitive?: boolean | undefined
  /** A key `a.b` means the column `a_b`. @default false */
  readonly dotsToUnderscores?: boolean | undefined
  /** Column → the JSON key that it is read from. @default none */
  readonly jsonKeys?: Readonly<Record<string, string>> | undefined
}

export function openX({ caseInsensitive = true, dotsToUnderscores = false, jsonKeys = {} }: OpenXOptions): Dialect {
  const keys: KeyRules = { caseInsensitive, dotsToUnderscores, jsonKeys: new Map(Object.entries(jsonKeys)) }
  const text = textReader(keys)
  return {
    keys,
    tally: { values: 0 },
    lowerMapKeys: caseInsensitive,
    primitive: (type) => primitiveReader(type, text),
    wrapsIntoArray: true,
    structFromArray: true,
    notAnArray: badInput,
    // Two spaces, as OpenX has them.
    notAStruct: (value) => notTheSchema(`Data is not JSONObject  but ${javaClass(value)} with value ${shown(value)}`),
    notAMap: (value) => notTheSchema(`A map column cannot hold a value of ${javaClass(value)}.`),
  }
}

function primitiveReader(
  type: Exclude<ColumnType, { kind: 'array' | 'map' | 'struct' }>,
  text: (value: unknown) => string,
): ReadValue {
  switch (type.kind) {
    case 'boolean':
      return readBoolean
    case 'tinyint':
    case 'smallint':
    case 'int': {
      const [min, max] = rangeOf[type.kind]
      return (value) => {
        if (typeof value === 'number' && value >= min && value <= max && Number.isInteger(value)) return value || 0
        const whole = wholeOf(value)
        if (whole === undefined || whole < min || whole > max) throw badInput(value)
        return whole
      }
    }
    case 'bigint':
      return (value) => {
        const whole = wholeOf(value)
        if (whole === undefined) throw badInput(value)
        return whole
      }
    case 'float':
      return (value) => Math.fround(doubleOf(value))
    case 'double':
      return doubleOf
    case 'decimal':
      return decimalReader(type.precision, type.scale)
    case 'string':
      return (value) => (typeof value === 'string' ? value : text(value))
    case 'varchar':
    case 'char':
      return sizedTextReader(type.kind, type.length, text)
    case 'binary':
      return (value) => Buffer.from(text(value), 'utf8')
    case 'date':
      return readDate
    case 'timestamp':
      return readTimestamp
  }
}

/** Any text but "true" is false. */
const readBoolean: ReadValue = (value) => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.toLowerCase() === 'true'
  throw notTheSchema(`${javaClass(value)} cannot be cast to java.lang.Boolean`)
}

function wholeOf(value: unknown): number | bigint | undefined {
  if (isNumber(value)) return wholeFromNumber(value)
  if (typeof value !== 'string') return undefined
  const hex = /^0[xX]([0-9a-fA-F]{1,16})$/.exec(value)
  return wholeFromText(hex ? BigInt(`0x${hex[1]}`).toString() : value)
}

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value
  const double = isNumber(value) ? doubleFrom(value) : typeof value === 'string' ? doubleFromText(value) : undefined
  if (double === undefined) throw badInput(value)
  return double
}

/**
 * A number of few digits, as most are, without making text of it: where the product is so small, and so far from a half, that
 * the error of its arithmetic cannot matter.
 */
function usualDecimal(value: number, factor: number, precision: number): bigint | undefined {
  const product = value * factor
  const whole = Math.round(product)
  const isSure = Math.abs(product) < usualProductMax && Math.abs(product - whole) < 0.499
  return isSure && Math.abs(whole) < 10 ** precision ? BigInt(whole) : undefined
}

const usualProductMax = 2 ** 40

/** AWS's answer to a decimal that has too many digits is not known: it is refused rather than lost. */
export function decimalReader(precision: number, scale: number): ReadValue {
  const factor = 10 ** scale
  return (value) => {
    const usual = typeof value === 'number' ? usualDecimal(value, factor, precision) : undefined
    if (usual !== undefined) return usual
    const text = isNumber(value) ? numberText(value) : typeof value === 'string' ? value.trim() : ''
    const scaled = scaledDecimal(text, precision, scale)
    if (scaled === undefined) throw badInput(value)
    if (scaled === 'too large') throw notTheSchema(`${shown(value)} does not fit decimal(${precision},${scale})`)
    return scaled
  }
}

/** Cut to its length in characters; a `char` also loses the spaces at its end, as Hive writes it. */
export function sizedTextReader(kind: 'varchar' | 'char', length: number, text: (value: unknown) => string): ReadValue {
  return (value) => {
    const whole = typeof value === 'string' ? value : text(value)
    const cut = whole.length <= length ? whole : [...whole.slice(0, 2 * length)].slice(0, length).join('')
    return kind === 'char' ? cut.replace(/(?<! ) +$/, '') : cut
  }
}

/** What text a value becomes; of objects and arrays their JSON. */
function textReader(rules: KeyRules): (value: unknown) => string {
  return (value) => {
    if (typeof value === 'string') return value
    if (isNumber(value)) return numberText(value)
    if (typeof value === 'boolean') return String(value)
    try {
      return JSON.stringify(textual(value, rules))
    } catch (error) {
      throw error === imprecise ? error : notTheSchema('A value is nested too deep to become text.')
    }
  }
}

/** Keys in their case, numbers with all digits. @throws `imprecise`, RangeError */
function textual(value: unknown, rules: KeyRules): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) throw imprecise
  if (Array.isArray(value)) return value.map((element) => textual(element, rules))
  if (!isPlainObject(value)) return value
  // Made of entries, so that a key called `__proto__` is only a key.
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [caseOf(key, rules), textual(member, rules)]))
}

export const readDate: ReadValue = (value) => {
  const day = typeof value === 'string' ? javaDate(value) : undefined
  if (day === undefined) throw badInput(value)
  return day
}

/** Below it, a number is seconds since 1970; from there on, milliseconds. */
const millisecondsMin = 1e12
/** A timestamp in microseconds has 64 bits. */
const microsMax = 2 ** 63

const readTimestamp: ReadValue = (value) => {
  const micros =
    typeof value === 'string' ? textMicros(value) : isNumber(value) ? epochMicros(doubleFrom(value)) : undefined
  if (micros === undefined || Math.abs(micros) >= microsMax) throw badInput(value)
  return micros
}

function textMicros(text: string): number | undefined {
  const found = text.charCodeAt(10) === 0x54 ? isoTimestamp(text) : javaTimestamp(text)
  if (found !== undefined) return found
  const epoch = /^\s*-?\d/.test(text) ? doubleFromText(text) : undefined
  return epoch === undefined ? undefined : epochMicros(epoch)
}

/** AWS keeps milliseconds of it. */
const epochMicros = (epoch: number) => Math.round(Math.abs(epoch) < millisecondsMin ? epoch * 1000 : epoch) * 1000 || 0
