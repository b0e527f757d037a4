import { offsetField, zoneField } from './zone-fields.ts'
import { dayMs, type ZonedTime } from './zoned-time.ts'

/*
 * The fields of Java's DateTimeFormatter, by letter and width. Weeks are American: they begin on Sunday, and the first is
 * the one with January 1 in it.
 *
 *   G era   u year   y year of era   Y week-based year   M L month   Q q quarter   w week of year   W week of month
 *   d day   D day of year   g modified Julian day   F day of week in month   E day of week   e c day of week, as number or text
 *   a AM PM   B period of day   h K k H hour   m minute   s second   S fraction   A ms of day   n nano of second   N nano of day
 *   V zone id   v z zone name   O localized offset   X x Z offset
 */

export type FieldWriter = (time: ZonedTime) => string

/** A field of so many letters; undefined if there is none. */
export function fieldOf(letter: string, width: number): FieldWriter | undefined {
  return numberOf(letter, width) ?? textOf(letter, width) ?? offsetField(letter, width) ?? zoneField(letter, width)
}

/** Numbers by their letter, with the most letters that they may have; longer ones are filled with zeros. */
const numbers: Readonly<Record<string, readonly [number, (time: ZonedTime) => number]>> = {
  u: [19, ({ year }) => year],
  y: [19, ({ year }) => year],
  Y: [19, (time) => weekOf(time).year],
  M: [2, ({ month }) => month],
  L: [2, ({ month }) => month],
  Q: [2, ({ month }) => quarterOf(month)],
  q: [2, ({ month }) => quarterOf(month)],
  w: [2, (time) => weekOf(time).week],
  W: [1, ({ dateMs, day }) => Math.floor((day - 1 + weekdayOf(dateMs - (day - 1) * dayMs)) / 7) + 1],
  d: [2, ({ day }) => day],
  D: [3, dayOfYear],
  g: [19, ({ dateMs }) => dateMs / dayMs + 40_587],
  F: [1, ({ day }) => ((day - 1) % 7) + 1],
  e: [2, ({ dateMs }) => weekdayOf(dateMs) + 1],
  c: [1, ({ dateMs }) => weekdayOf(dateMs) + 1],
  H: [2, ({ hour }) => hour],
  k: [2, ({ hour }) => hour || 24],
  K: [2, ({ hour }) => hour % 12],
  h: [2, ({ hour }) => hour % 12 || 12],
  m: [2, ({ minute }) => minute],
  s: [2, ({ second }) => second],
  A: [19, msOfDay],
  n: [19, ({ ms }) => ms * 1e6],
  N: [19, (time) => msOfDay(time) * 1e6],
}

function numberOf(letter: string, width: number): FieldWriter | undefined {
  if (letter === 'S')
    return width > 9 ? undefined : ({ ms }) => `${ms}`.padStart(3, '0').padEnd(width, '0').slice(0, width)
  const [widthMax, value] = numbers[letter] ?? [0, () => 0]
  if (width > widthMax) return undefined
  if (width === 2 && 'uyY'.includes(letter)) return (time) => `${value(time) % 100}`.padStart(2, '0')
  return (time) => `${value(time)}`.padStart(width, '0')
}

/** Words: short, long and narrow ones. */
const texts: Readonly<Record<string, (time: ZonedTime) => readonly [string, string, string]>> = {
  G: () => ['AD', 'Anno Domini', 'A'],
  M: monthNames,
  L: monthNames,
  Q: quarterNames,
  q: quarterNames,
  E: weekdayNames,
  e: weekdayNames,
  c: weekdayNames,
  B: (time) => [periodOf(time, false), periodOf(time, false), periodOf(time, true)],
}

/** How many letters ask for the short word; with 4 it is the long one, with 5 the narrow one. */
const shortWidths: Readonly<Record<string, readonly number[]>> = { G: [1, 2, 3], E: [1, 2, 3], B: [1] }

function textOf(letter: string, width: number): FieldWriter | undefined {
  if (letter === 'a') return width === 1 ? ({ hour }) => (hour < 12 ? 'AM' : 'PM') : undefined
  const names = texts[letter]
  if (!names) return undefined
  if ((shortWidths[letter] ?? [3]).includes(width)) return (time) => names(time)[0]
  return width === 4 || width === 5 ? (time) => names(time)[width - 3]! : undefined
}

function monthNames({ dateMs }: ZonedTime): [string, string, string] {
  const long = named(dateMs, { month: 'long' })
  return [long.slice(0, 3), long, long[0]!]
}

function weekdayNames({ dateMs }: ZonedTime): [string, string, string] {
  const long = named(dateMs, { weekday: 'long' })
  return [long.slice(0, 3), long, long[0]!]
}

const named = (dateMs: number, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(dateMs)

const quarterOf = (month: number) => Math.floor((month - 1) / 3) + 1

function quarterNames({ month }: ZonedTime): [string, string, string] {
  const quarter = quarterOf(month)
  return [`Q${quarter}`, `${['1st', '2nd', '3rd', '4th'][quarter - 1]} quarter`, `${quarter}`]
}

/** Noon and midnight are one minute long. */
function periodOf({ hour, minute }: ZonedTime, isNarrow: boolean): string {
  if (minute === 0 && hour === 0) return isNarrow ? 'mi' : 'midnight'
  if (minute === 0 && hour === 12) return isNarrow ? 'n' : 'noon'
  if (hour < 6 || hour >= 21) return 'at night'
  if (hour < 12) return 'in the morning'
  return hour < 18 ? 'in the afternoon' : 'in the evening'
}

function dayOfYear({ dateMs, year }: ZonedTime): number {
  return Math.round((dateMs - Date.UTC(year, 0, 1)) / dayMs) + 1
}

function msOfDay({ hour, minute, second, ms }: ZonedTime): number {
  return ((hour * 60 + minute) * 60 + second) * 1000 + ms
}

/** 0 is Sunday. */
const weekdayOf = (dateMs: number) => new Date(dateMs).getUTCDay()

/** The week, and the year that it belongs to: of the last days of December, maybe the next. */
function weekOf(time: ZonedTime): { readonly year: number; readonly week: number } {
  const { dateMs, year } = time
  const nextYearMs = Date.UTC(year + 1, 0, 1)
  if (dateMs >= nextYearMs - weekdayOf(nextYearMs) * dayMs) return { year: year + 1, week: 1 }
  return { year, week: Math.floor((dayOfYear(time) - 1 + weekdayOf(Date.UTC(year, 0, 1))) / 7) + 1 }
}
