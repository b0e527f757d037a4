/** What the clocks of a zone show at an instant. */
export type ZonedTime = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
  /** How far the clocks are before UTC. */
  readonly offsetMinutes: number
  readonly timeZone: string
  readonly atMs: number
  /** Midnight of the day that the calendar shows, as if it were in UTC: for counting days. */
  readonly dateMs: number
}

export const dayMs = 86_400_000

/** @throws RangeError for a zone that nobody knows */
export function zonedTime(atMs: number, timeZone: string): ZonedTime {
  const shown = new Map(
    clockOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const at = (type: Intl.DateTimeFormatPartTypes) => shown.get(type)!
  const [year, month, day] = [at('year'), at('month'), at('day')]
  const [hour, minute, second] = [at('hour'), at('minute'), at('second')]
  const ms = ((atMs % 1000) + 1000) % 1000
  const dateMs = Date.UTC(year, month - 1, day)
  const shownMs = dateMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms
  const offsetMinutes = Math.round((shownMs - atMs) / 60_000)
  return { year, month, day, hour, minute, second, ms, offsetMinutes, timeZone, atMs, dateMs }
}

/** Whether there is such a zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    clockOf(timeZone)
    return true
  } catch {
    return false
  }
}

/** A formatter takes a millisecond to make. There are some 400 zones. */
const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const numbers = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((unit) => [unit, 'numeric'])
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...Object.fromEntries(numbers) })
  clocks.set(timeZone, clock)
  return clock
}
