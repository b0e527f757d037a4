import type { FieldWriter } from './time-fields.ts'
import type { ZonedTime } from './zoned-time.ts'

/* Zones and offsets in patterns of Java's DateTimeFormatter. */

/**
 * `V` ids, `z` names, `v` names for all the year. Java has abbreviations of its own (`JST`); here a short name is the offset
 * (`GMT+9`), but for those of the United States and UTC.
 */
export function zoneField(letter: string, width: number): FieldWriter | undefined {
  if (letter === 'V') return width === 2 ? ({ timeZone }) => timeZone : undefined
  const isLong = width === 4
  if (letter === 'z') return width > 4 ? undefined : (time) => zoneName(time, isLong ? 'long' : 'short')
  if (letter === 'v' && (width === 1 || isLong))
    return (time) => zoneName(time, isLong ? 'longGeneric' : 'shortGeneric')
  return undefined
}

const zoneName = ({ atMs, timeZone }: ZonedTime, timeZoneName: Intl.DateTimeFormatOptions['timeZoneName']) =>
  new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName })
    .formatToParts(atMs)
    .find(({ type }) => type === 'timeZoneName')!.value

/**
 *   X 1 +05 +0530   2 +0530   3 +05:30   4 +0530   5 +05:30    and Z for UTC
 *   x the same, and +00, +0000, +00:00 for UTC
 *   Z 1 2 3 +0530   4 GMT+05:30, GMT   5 +05:30, Z
 *   O 1 GMT+5:30, GMT   4 GMT+05:30, GMT
 */
export function offsetField(letter: string, width: number): FieldWriter | undefined {
  if (letter === 'O') return width === 1 || width === 4 ? localized(width === 1) : undefined
  if (!'XxZ'.includes(letter) || width > 5) return undefined
  if (letter === 'Z' && width < 4) return ({ offsetMinutes }) => written(offsetMinutes, '')
  if (letter === 'Z' && width === 4) return localized(false)
  const colon = width === 3 || width === 5 ? ':' : ''
  return ({ offsetMinutes }) => {
    if (offsetMinutes === 0 && letter !== 'x') return 'Z'
    return width === 1 && offsetMinutes % 60 === 0
      ? written(offsetMinutes, '').slice(0, 3)
      : written(offsetMinutes, colon)
  }
}

const localized =
  (isShort: boolean): FieldWriter =>
  ({ offsetMinutes }) => {
    if (offsetMinutes === 0) return 'GMT'
    const full = written(offsetMinutes, ':')
    return `GMT${isShort ? full.replace(/(?<=[+-])0/, '').replace(/:00$/, '') : full}`
  }

function written(offsetMinutes: number, colon: string): string {
  const minutes = Math.abs(offsetMinutes)
  const two = (number: number) => `${number}`.padStart(2, '0')
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`
}
