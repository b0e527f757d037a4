/*
 * Texts → days and microseconds since 1970, UTC. Fractions of a second are cut off behind the microseconds.
 */

/** Java's Timestamp.valueOf: `yyyy-[M]M-[d]d [h]h:[m]m:[s]s[.f…]`, up to nine digits; 31 February is 3 March. */
export function javaTimestamp(text: string): number | undefined {
  const found = javaForm.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction] = found
  return micros(+year!, +month!, +day!, +hour!, +minute!, +second!, fraction)
}

const javaForm = /^\s*(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?\s*$/

/** `yyyy-MM-ddTHH:mm:ss[.f…]Z`, every field in its range. */
export function isoTimestamp(text: string): number | undefined {
  const found = isoForm.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction] = found
  if (+hour! > 23 || +minute! > 59 || +second! > 59 || +day! > daysIn(+year!, +month!)) return undefined
  return micros(+year!, +month!, +day!, +hour!, +minute!, +second!, fraction)
}

const isoForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/

/** Java's Date.valueOf: `yyyy-[M]M-[d]d`. */
export function javaDate(text: string): number | undefined {
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
