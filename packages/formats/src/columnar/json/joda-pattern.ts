import { dayNumber, daysIn, fractionMicros } from '../timestamp-text.ts'

/*
 * Patterns of Joda-Time's DateTimeFormat, for reading:
 *
 *   y Y x  year (two letters: the century around 2000)    M  month (three: Jan, four: January)    d  day    D  day of year
 *   H 0-23   k 1-24   K 0-11   h 1-12   a AM or PM    m  minute    s  second    S…  fraction of a second
 *   E  weekday (read and forgotten)    Z +0100, ZZ +01:00    z  UTC, GMT    '…'  text as it is, '' a quote
 */

/** A text → microseconds since 1970 UTC; undefined if it is not of this pattern. */
export type JodaPattern = (text: string) => number | undefined

export class MalformedPattern extends Error {}

/** @throws MalformedPattern */
export function jodaPattern(pattern: string): JodaPattern {
  if (pattern === 'millis') return millis
  const parts = partsOf(pattern)
  const form = new RegExp(`^${parts.map(({ form }) => form).join('')}$`, 'i')
  const fields = parts.flatMap(({ field }) => field ?? [])
  return (text) => {
    const found = form.exec(text)
    if (!found) return undefined
    const read = new Map(fields.map((field, index) => [field, found[index + 1]!]))
    return microsOf(read)
  }
}

/** Hive's own: milliseconds since 1970; what is behind a point is left out. */
function millis(text: string): number | undefined {
  const found = /^(-?\d{1,15})(?:\.\d+)?$/.exec(text)
  return found ? Number(found[1]) * 1000 || 0 : undefined
}

type Field =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'dayOfYear'
  | 'hour'
  | 'hour24'
  | 'hour11'
  | 'hour12'
  | 'half'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'offset'
  | 'weekday'

type Part = { readonly form: string; readonly field?: Field }

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** Bounded, as every form is: what follows one another in a pattern must not share out a long text in all ways that there are. */
const monthForm = `(${months.join('|')})[a-z]{0,9}`
const weekdayForm = '([a-z]{1,20})'
const offsetForm = '([+-]\\d{2}:?\\d{2}|z)'

function partsOf(pattern: string): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < pattern.length; ) {
    const letter = pattern[at]!
    if (letter === "'") {
      const literal = /'((?:[^']|'')*)'/y
      literal.lastIndex = at
      const found = literal.exec(pattern)
      if (!found) throw new MalformedPattern(`a quote that is not closed in "${pattern}"`)
      parts.push({ form: escaped(found[1] === '' ? "'" : found[1]!.replaceAll("''", "'")) })
      at = literal.lastIndex
    } else if (/[a-zA-Z]/.test(letter)) {
      let end = at
      while (pattern[end] === letter) end++
      parts.push(partOf(letter, end - at, /[a-zA-Z]/.test(pattern[end] ?? ''), pattern))
      at = end
    } else {
      parts.push({ form: escaped(letter) })
      at++
    }
  }
  const fields = parts.flatMap(({ field }) => field ?? [])
  if (fields.every((field) => field === 'weekday') || new Set(fields).size < fields.length)
    throw new MalformedPattern(`no field, or one of them twice, in "${pattern}"`)
  return parts
}

const escaped = (text: string) => text.replace(/[^\w\s]/g, '\\$&')

/** Digits that run into those of the next field are as many as there are letters. */
function partOf(letter: string, count: number, isTight: boolean, pattern: string): Part {
  const digits = (max: number) => (isTight ? `(\\d{${count}})` : `(\\d{1,${Math.max(count, max)}})`)
  switch (letter) {
    case 'y':
    case 'Y':
    case 'x':
      return count === 2 ? { form: '(\\d{2})', field: 'shortYear' } : { form: digits(9), field: 'year' }
    case 'M':
      return count >= 3 ? { form: monthForm, field: 'monthName' } : { form: digits(2), field: 'month' }
    case 'd':
      return { form: digits(2), field: 'day' }
    case 'D':
      return { form: digits(3), field: 'dayOfYear' }
    case 'H':
      return { form: digits(2), field: 'hour' }
    case 'k':
      return { form: digits(2), field: 'hour24' }
    case 'K':
      return { form: digits(2), field: 'hour11' }
    case 'h':
      return { form: digits(2), field: 'hour12' }
    case 'a':
      return { form: '(am|pm)', field: 'half' }
    case 'm':
      return { form: digits(2), field: 'minute' }
    case 's':
      return { form: digits(2), field: 'second' }
    case 'S':
      return { form: `(\\d{1,${Math.max(count, 9)}})`, field: 'fraction' }
    case 'E':
      return { form: weekdayForm, field: 'weekday' }
    case 'Z':
      return { form: offsetForm, field: 'offset' }
    case 'z':
      return { form: '(?:utc|gmt)' }
  }
  throw new MalformedPattern(`the letter ${letter} in "${pattern}", which is not read`)
}

function microsOf(read: ReadonlyMap<Field, string>): number | undefined {
  const number = (field: Field, otherwise: number) => Number(read.get(field) ?? otherwise)
  const year = read.has('shortYear') ? nearYear(number('shortYear', 0)) : number('year', 1970)
  const name = read.get('monthName')?.toLowerCase()
  const month = name === undefined ? number('month', 1) : months.indexOf(name) + 1
  const day = number('day', 1)
  const dayOfYear = number('dayOfYear', 0)
  const hour = hourOf(read, number)
  const minute = number('minute', 0)
  const second = number('second', 0)
  if (hour === undefined || minute > 59 || second > 59) return undefined
  if (day < 1 || day > daysIn(year, month)) return undefined
  const days = read.has('dayOfYear') ? dayNumber(year, 1, dayOfYear) : dayNumber(year, month, day)
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds(read.get('offset'))
  return seconds * 1_000_000 + fractionMicros(read.get('fraction') ?? '')
}

function hourOf(
  read: ReadonlyMap<Field, string>,
  number: (field: Field, otherwise: number) => number,
): number | undefined {
  const half = read.get('half')?.toLowerCase() === 'pm' ? 12 : 0
  if (read.has('hour12')) {
    const hour = number('hour12', 12)
    return hour < 1 || hour > 12 ? undefined : (hour % 12) + half
  }
  if (read.has('hour11')) {
    const hour = number('hour11', 0)
    return hour > 11 ? undefined : hour + half
  }
  if (read.has('hour24')) {
    const hour = number('hour24', 24)
    return hour < 1 || hour > 24 ? undefined : hour % 24
  }
  const hour = number('hour', 0)
  return hour > 23 ? undefined : hour
}

/** Joda's pivot: from thirty years before 2000 to 69 after it. */
const nearYear = (year: number) => (year < 70 ? 2000 + year : 1900 + year)

function offsetSeconds(text: string | undefined): number {
  if (text === undefined || /^z$/i.test(text)) return 0
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2))
  return (text.startsWith('-') ? -minutes : minutes) * 60
}
