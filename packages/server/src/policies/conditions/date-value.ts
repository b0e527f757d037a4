/*
 * Dates of conditions: seconds since 1970, or W3C's profile of ISO 8601 (https://www.w3.org/TR/NOTE-datetime):
 *   YYYY  YYYY-MM  YYYY-MM-DD  YYYY-MM-DDThh:mm[:ss[.s…]][Z|+hh:mm|-hh:mm]
 * Without a zone it is UTC.
 */

/** Whole seconds since 1970, as AWS compares them; undefined for what is no date. */
export function parseDate(text: string): number | undefined {
  const isNegative = text.startsWith('-')
  const digits = isNegative ? text.slice(1) : text
  if (digits.length !== 4 && digits.length <= 15 && numberIn(digits, 0, Number.MAX_SAFE_INTEGER) !== undefined)
    return Number(text)
  const separator = Math.max(text.indexOf('T'), text.indexOf('t'))
  const day = parseDay(separator < 0 ? text : text.slice(0, separator))
  if (day === undefined) return undefined
  const time = separator < 0 ? 0 : parseTime(text.slice(separator + 1))
  return time === undefined ? undefined : Math.floor((day + time) / 1000)
}

function parseDay(text: string): number | undefined {
  const [years, months = '01', days = '01', ...rest] = text.split('-')
  const year = years?.length === 4 ? numberIn(years, 0, 9999) : undefined
  const month = months.length === 2 ? numberIn(months, 1, 12) : undefined
  const day = days.length === 2 ? numberIn(days, 1, 31) : undefined
  if (year === undefined || month === undefined || day === undefined || rest.length > 0) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 ? date.getTime() : undefined
}

function parseTime(text: string): number | undefined {
  const zoneAt = ['Z', 'z', '+', '-'].map((sign) => text.indexOf(sign)).find((at) => at >= 0) ?? text.length
  const offset = parseZone(text.slice(zoneAt))
  const [hours = '', minutes = '', seconds = '00', ...rest] = text.slice(0, zoneAt).split(':')
  const hour = hours.length === 2 ? numberIn(hours, 0, 23) : undefined
  const minute = minutes.length === 2 ? numberIn(minutes, 0, 59) : undefined
  const [whole = '', fraction = '0', ...more] = seconds.split('.')
  const second = whole.length === 2 ? numberIn(whole, 0, 59) : undefined
  const part = fraction.length <= 9 ? numberIn(fraction, 0, 999_999_999) : undefined
  if (hour === undefined || minute === undefined || second === undefined || part === undefined) return undefined
  if (offset === undefined || rest.length > 0 || more.length > 0) return undefined
  return ((hour * 60 + minute) * 60 + second) * 1000 + (part * 1000) / 10 ** fraction.length - offset
}

/** How far ahead of UTC, in milliseconds. */
function parseZone(text: string): number | undefined {
  if (text === '' || text === 'Z' || text === 'z') return 0
  const [hours = '', minutes = '00', ...rest] = text.slice(1).split(':')
  const hour = hours.length === 2 ? numberIn(hours, 0, 23) : undefined
  const minute = minutes.length === 2 ? numberIn(minutes, 0, 59) : undefined
  if (hour === undefined || minute === undefined || rest.length > 0) return undefined
  return (hour * 60 + minute) * 60_000 * (text.startsWith('-') ? -1 : 1)
}

function numberIn(digits: string, min: number, max: number): number | undefined {
  if (digits === '') return undefined
  for (let i = 0; i < digits.length; i++) if (digits[i]! < '0' || digits[i]! > '9') return undefined
  const value = Number(digits)
  return value >= min && value <= max ? value : undefined
}
