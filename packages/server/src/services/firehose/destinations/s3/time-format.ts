/*
 * The part of Java's DateTimeFormatter that prefixes are made of: letters stand for fields, as often as they are wide,
 * text in single quotes for itself, and two quotes for one.
 *
 *   y u year   M L month   d day   D day of year   H hour   h K k hours of other clocks   m minute   s second   S fraction
 *   E weekday   a half of day   w week of year (ISO)   e weekday number   X x Z offset   z V zone
 */

const token = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^'a-zA-Z]+/g

/** Writes an instant by a pattern, as the clocks of a zone (`Europe/Paris`, `UTC`) show it. Unknown letters stay as they are. */
export function formatTime(pattern: string, atMs: number, timeZone = 'UTC'): string {
  const fields = fieldsOf(atMs, timeZone)
  return pattern.replace(token, (whole, quoted: string | undefined, letter: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted.replaceAll("''", "'")
    return letter === undefined ? whole : (written(letter, whole.length, fields) ?? whole)
  })
}

type Fields = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
  readonly offsetMinutes: number
  readonly timeZone: string
}

function written(letter: string, width: number, fields: Fields): string | undefined {
  const { year, month, day, hour, minute, second, ms } = fields
  const date = new Date(Date.UTC(year, month - 1, day))
  const number = (value: number) => `${value}`.padStart(width, '0')
  const named = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(date)
  switch (letter) {
    case 'y':
    case 'u':
      return width === 2 ? `${year % 100}`.padStart(2, '0') : number(year)
    case 'M':
    case 'L':
      if (width < 3) return number(month)
      return width === 5 ? named({ month: 'narrow' }) : named({ month: width === 3 ? 'short' : 'long' })
    case 'd':
      return number(day)
    case 'D':
      return number(dayOfYear(date))
    case 'H':
      return number(hour)
    case 'k':
      return number(hour === 0 ? 24 : hour)
    case 'K':
      return number(hour % 12)
    case 'h':
      return number(hour % 12 === 0 ? 12 : hour % 12)
    case 'm':
      return number(minute)
    case 's':
      return number(second)
    case 'S':
      return `${ms}`.padStart(3, '0').padEnd(width, '0').slice(0, width)
    case 'E':
      return width === 5 ? named({ weekday: 'narrow' }) : named({ weekday: width === 4 ? 'long' : 'short' })
    case 'e':
      return number(date.getUTCDay() + 1)
    case 'a':
      return hour < 12 ? 'AM' : 'PM'
    case 'w':
      return number(isoWeek(date))
    case 'X':
    case 'x':
    case 'Z':
      return offset(letter, width, fields.offsetMinutes)
    case 'z':
    case 'V':
      return fields.timeZone
    default:
      return undefined
  }
}

const dayMs = 86_400_000

const dayOfYear = (date: Date) => Math.round((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1

/** The week that the date's Thursday lies in; the first has the year's first Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * dayMs)
  return Math.ceil(dayOfYear(thursday) / 7)
}

function offset(letter: string, width: number, minutes: number): string {
  if (letter === 'X' && minutes === 0) return 'Z'
  const sign = minutes < 0 ? '-' : '+'
  const hours = `${Math.floor(Math.abs(minutes) / 60)}`.padStart(2, '0')
  const rest = `${Math.abs(minutes) % 60}`.padStart(2, '0')
  if (letter !== 'Z' && width === 1) return sign + hours + (rest === '00' ? '' : rest)
  return sign + hours + (letter !== 'Z' && width === 3 ? ':' : '') + rest
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function fieldsOf(atMs: number, timeZone: string): Fields {
  const clock = clocks.get(timeZone) ?? newClock(timeZone)
  const parts = new Map(clock.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!
  const [year, month, day, hour, minute, second] = [
    at('year'),
    at('month'),
    at('day'),
    at('hour'),
    at('minute'),
    at('second'),
  ]
  const ms = ((atMs % 1000) + 1000) % 1000
  const shownMs = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) + ms
  const offsetMinutes = Math.round((shownMs - atMs) / 60_000)
  return {
    year: year!,
    month: month!,
    day: day!,
    hour: hour!,
    minute: minute!,
    second: second!,
    ms,
    offsetMinutes,
    timeZone,
  }
}

/** @throws RangeError for a zone that nobody knows */
function newClock(timeZone: string): Intl.DateTimeFormat {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(timeZone, clock)
  return clock
}
