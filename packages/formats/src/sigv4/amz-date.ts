/* Times as signatures have them: `20150830T123600Z`, ISO 8601's basic format, always in UTC and in whole seconds. */

const amzDate = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** Requests of the same second have the same text. */
let lastText = ''
let lastMs = 0

/** Milliseconds since 1970; undefined for what is no time in that format, or no day of any calendar. */
export function parseAmzDate(text: string): number | undefined {
  if (text === lastText) return lastMs
  const [, year, month, day, hour, minute, second] = amzDate.exec(text) ?? []
  if (year === undefined) return undefined
  const ms = Date.UTC(+year, +month! - 1, +day!, +hour!, +minute!, +second!)
  if (amzDateText(ms) !== text) return undefined
  lastText = text
  lastMs = ms
  return ms
}

export function amzDateText(ms: number): string {
  const iso = new Date(ms).toISOString() // 2015-08-30T12:36:00.000Z
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}T${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/** A `Date` header as HTTP writes it (RFC 9110, section 5.6.7), e.g. `Sun, 30 Aug 2015 12:36:00 GMT`. */
export function httpDateMs(text: string): number | undefined {
  if (!httpDate.test(text)) return undefined
  const ms = Date.parse(text)
  return new Date(ms).toUTCString() === text ? ms : undefined
}
