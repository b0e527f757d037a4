/*
 * Dates of conditions: seconds since 1970, or W3C's profile of ISO 8601 (https://www.w3.org/TR/NOTE-datetime):
 *   YYYY  YYYY-MM  YYYY-MM-DD  YYYY-MM-DDThh:mm[:ss[.s…]][Z|+hh:mm|-hh:mm]
 * Without a zone it is UTC.
 */

/** Longer than any of them. */
const dateLengthMax = 40

/** Whole seconds since 1970, as AWS compares them; undefined for what is no date. */
export function parseDate(text: string): number | undefined {
  if (text.length > dateLengthMax) return undefined
  const digitsAt = text.startsWith('-') ? 1 : 0
  const digits = text.length - digitsAt
  if (digits !== 4 && digits <= 15 && numberAt(text, digitsAt, digits) >= 0) return Number(text)
  const dayEnd = text.length > 10 ? 10 : text.length
  const day = parseDay(text, dayEnd)
  if (day === undefined || text.length === dayEnd) return day
  if (text[10] !== 'T' && text[10] !== 't') return undefined
  const time = parseTime(text, 11)
  return time === undefined ? undefined : day + time
}

function parseDay(text: string, length: number): number | undefined {
  if (length !== 4 && length !== 7 && length !== 10) return undefined
  const year = numberAt(text, 0, 4)
  const month = length < 7 ? 1 : text[4] === '-' ? numberAt(text, 5, 2) : -1
  const day = length < 10 ? 1 : text[7] === '-' ? numberAt(text, 8, 2) : -1
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return undefined
  // 2,000 years are five times 400, after which the calendar begins anew; Date.UTC would take year 26 for 1926.
  const date = new Date(Date.UTC(year + 2000, month - 1, day))
  return date.getUTCMonth() === month - 1 ? date.getTime() / 1000 - 5 * secondsOf400Years : undefined
}

const secondsOf400Years = 146_097 * 86_400

function parseTime(text: string, from: number): number | undefined {
  const hour = numberAt(text, from, 2)
  const minute = text[from + 2] === ':' ? numberAt(text, from + 3, 2) : -1
  let at = from + 5
  let second = 0
  if (text[at] === ':') {
    second = numberAt(text, at + 1, 2)
    at += 3
    if (text[at] === '.') {
      const fractionAt = ++at
      while (numberAt(text, at, 1) >= 0) at++
      if (at === fractionAt || at > fractionAt + 9) return undefined
    }
  }
  const offset = parseZone(text, at)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined
  return offset === undefined ? undefined : (hour * 60 + minute) * 60 + second - offset
}

/** How far ahead of UTC, in seconds. */
function parseZone(text: string, at: number): number | undefined {
  const rest = text.length - at
  const sign = text[at]
  if (rest === 0 || (rest === 1 && (sign === 'Z' || sign === 'z'))) return 0
  if ((sign !== '+' && sign !== '-') || (rest !== 3 && rest !== 6)) return undefined
  const hour = numberAt(text, at + 1, 2)
  const minute = rest === 3 ? 0 : text[at + 3] === ':' ? numberAt(text, at + 4, 2) : -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return undefined
  return (hour * 60 + minute) * 60 * (sign === '-' ? -1 : 1)
}

/** So many digits as a number; -1 if something else stands there. */
function numberAt(text: string, from: number, count: number): number {
  if (count === 0 || from + count > text.length) return -1
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
