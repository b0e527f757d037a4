/*
 * Texts → days and microseconds since 1970, UTC. Fractions of a second are cut off behind the microseconds.
 */

/** Java's Timestamp.valueOf: `yyyy-[M]M-[d]d [h]h:[m]m:[s]s[.f…]`, up to nine digits; 31 February is 3 March. */
export function javaTimestamp(text: string): number | undefined {
  const usual = usualTimestamp(text, space)
  if (usual !== undefined) return usual
  const found = javaForm.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction] = found
  return micros(+year!, +month!, +day!, +hour!, +minute!, +second!, fraction)
}

const javaForm = /^\s*(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?\s*$/

/** `yyyy-MM-ddTHH:mm:ss[.f…]Z`, every field in its range. */
export function isoTimestamp(text: string): number | undefined {
  const usual = usualTimestamp(text, letterT)
  if (usual !== undefined) return usual
  const found = isoForm.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction] = found
  if (+hour! > 23 || +minute! > 59 || +second! > 59 || +day! > daysIn(+year!, +month!)) return undefined
  return micros(+year!, +month!, +day!, +hour!, +minute!, +second!, fraction)
}

const isoForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/

/** Java's Date.valueOf: `yyyy-[M]M-[d]d`. */
export function javaDate(text: string): number | undefined {
  const usual = text.length === 10 ? usualDay(text) : undefined
  if (usual !== undefined) return usual
  const found = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*$/.exec(text)
  if (!found) return undefined
  const [, year, month, day] = found
  return +month! < 1 || +month! > 12 || +day! < 1 || +day! > 31 ? undefined : dayNumber(+year!, +month!, +day!)
}

function micros(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string | undefined,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  const seconds = dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  return seconds * 1_000_000 + (fraction === undefined ? 0 : fractionMicros(fraction))
}

/** The digits behind the point of a second. */
export const fractionMicros = (digits: string) => Number(digits.slice(0, 6).padEnd(6, '0'))

/** Of the Gregorian calendar, also before it began; days and months beyond their end go on in the next. */
export function dayNumber(year: number, month: number, day: number): number {
  // Years that begin in March have the leap day at their end; 400 of them are 146,097 days.
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

export function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month < 1 || month > 12 ? 0 : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/*
 * Nearly all texts have all their digits, and are in their ranges: these are read without a regular expression, in a tenth of
 * the time. What looks otherwise is left to the others.
 */

const space = 0x20
const letterT = 0x54
const letterZ = 0x5a
const dash = 0x2d
const colon = 0x3a
const point = 0x2e

/** `yyyy-MM-dd HH:mm:ss[.f…]`, or with `T` and a `Z` at its end. */
function usualTimestamp(text: string, between: number): number | undefined {
  const end = between === letterT ? text.length - 1 : text.length
  if (end < 19 || text.charCodeAt(10) !== between) return undefined
  if (between === letterT && text.charCodeAt(end) !== letterZ) return undefined
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return undefined
  const day = usualDay(text)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (day === undefined || !(hour < 24 && minute < 60 && second < 60)) return undefined
  let fraction = 0
  if (end > 19) {
    if (text.charCodeAt(19) !== point || end > 29 || end === 20) return undefined
    for (let at = 20, unit = 100_000; at < end; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - 0x30
      if (digit < 0 || digit > 9) return undefined
      if (unit >= 1) fraction += digit * unit
    }
  }
  return (day * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
}

/** The first ten letters, `yyyy-MM-dd`, a day that there is. */
function usualDay(text: string): number | undefined {
  if (text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  return day >= 1 && day <= daysIn(year, month) ? dayNumber(year, month, day) : undefined
}

/** NaN where there are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
