import type { Point } from './point.ts'

/*
 * Statistics by their names (CloudWatch's user guide, "Statistics definitions"):
 *
 *   SampleCount  Sum  Average  Minimum  Maximum
 *   p95  p99.9                     percentile
 *   tm90  TM(2%:98%)  TM(150:)     trimmed mean: of the values between the bounds
 *   wm  tc  ts  WM()  TC()  TS()   winsorized mean, trimmed count, trimmed sum
 *   IQM  PR(:300)  PR(100:2000)    interquartile mean, percentile rank
 */

/** A point's statistic; undefined where it has none: only a set was put, or a value was negative. */
export type Stat = (point: Point) => number | undefined

const simple = new Map<string, Stat>([
  ['SampleCount', ({ count }) => count],
  ['Sum', ({ sum }) => sum],
  ['Average', ({ sum, count }) => sum / count],
  ['Minimum', ({ minimum }) => minimum],
  ['Maximum', ({ maximum }) => maximum],
])

/** Undefined if there is no statistic of that name. */
export const statOf = (name: string): Stat | undefined => simple.get(name) ?? extendedStatOf(name)

/** The statistics that need the values themselves. */
export function extendedStatOf(name: string): Stat | undefined {
  if (name === 'IQM') return overValues((values) => meanWithin(values, { low: 0.25, high: 0.75, isShare: true }))
  const [, letters, digits] = /^(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)$/.exec(name) ?? []
  if (letters !== undefined) {
    const share = Number(digits) / 100
    if (share > 1) return undefined
    if (letters === 'p') return overValues((values) => percentile(values, share))
    const within = { low: 0, high: share, isShare: true }
    const stat = trimmed.get(letters)!
    return overValues((values) => stat(values, within))
  }
  const [, word, bounds] = /^(TM|WM|TC|TS|PR)\((.*)\)$/.exec(name) ?? []
  const within = bounds === undefined ? undefined : boundsOf(bounds)
  if (!within || (word === 'PR' && within.isShare)) return undefined
  const stat = word === 'PR' ? percentileRank : trimmed.get(word!.toLowerCase())!
  return overValues((values) => stat(values, within))
}

/** Values with their counts, from the smallest on. */
type Values = readonly (readonly [number, number])[]

/** Between two shares of all values (0 to 1), or between two values: above `low`, up to `high`. */
type Within = { readonly low: number; readonly high: number; readonly isShare: boolean }

function overValues(stat: (values: Values) => number): Stat {
  return ({ distribution, minimum, maximum }) => {
    if (!distribution || minimum < 0) return undefined
    // What stands for several values may lie a little beyond all of them.
    return stat(
      distribution.sorted().map(([value, count]) => [Math.min(maximum, Math.max(minimum, value)), count] as const),
    )
  }
}

/** `2%:98%`, `150:1000`, `:300`, `10%:` */
function boundsOf(text: string): Within | undefined {
  const [, low, lowSign, high, highSign] = /^(?:(-?[\d.]+)(%?))?:(?:(-?[\d.]+)(%?))?$/.exec(text) ?? []
  if (low === undefined && high === undefined) return undefined
  const isShare = lowSign === '%' || highSign === '%'
  if (isShare && ((low !== undefined && lowSign !== '%') || (high !== undefined && highSign !== '%'))) return undefined
  const [least, most, per] = isShare ? [0, 1, 100] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1]
  const within = {
    low: low === undefined ? least : Number(low) / per,
    high: high === undefined ? most : Number(high) / per,
    isShare,
  }
  if (Number.isNaN(within.low) || Number.isNaN(within.high) || within.low >= within.high) return undefined
  return isShare && (within.low < 0 || within.high > 1) ? undefined : within
}

const countOf = (values: Values) => values.reduce((total, [, count]) => total + count, 0)

/** The smallest value that this share of all does not exceed. */
function percentile(values: Values, share: number): number {
  const wanted = share * countOf(values) * (1 - Number.EPSILON * 8)
  let seen = 0
  for (const [value, count] of values) {
    seen += count
    if (seen >= wanted) return value
  }
  return values.at(-1)![0]
}

/** How many of each value lie within: at the edges of a share, part of them. */
function countsWithin(values: Values, { low, high, isShare }: Within): [number, number][] {
  if (!isShare) return values.filter(([value]) => value > low && value <= high).map(([value, count]) => [value, count])
  const total = countOf(values)
  const within: [number, number][] = []
  let seen = 0
  for (const [value, count] of values) {
    const from = Math.max(seen, low * total)
    const to = Math.min(seen + count, high * total)
    if (to > from) within.push([value, to - from])
    seen += count
  }
  return within
}

const sumOf = (values: Values) => values.reduce((total, [value, count]) => total + value * count, 0)

function meanWithin(values: Values, within: Within): number {
  const kept = countsWithin(values, within)
  return sumOf(kept) / countOf(kept)
}

/** The mean when what lies beyond the bounds is moved onto them. */
function winsorizedMean(values: Values, within: Within): number {
  const { low, high, isShare } = within
  const least = isShare ? percentile(values, low) : low
  const most = isShare ? percentile(values, high) : high
  const moved = values.map(([value, count]) => [Math.min(most, Math.max(least, value)), count] as const)
  return sumOf(moved) / countOf(moved)
}

const percentileRank = (values: Values, within: Within) =>
  (100 * countOf(countsWithin(values, within))) / countOf(values)

const trimmed = new Map([
  ['tm', meanWithin],
  ['wm', winsorizedMean],
  ['tc', (values: Values, within: Within) => countOf(countsWithin(values, within))],
  ['ts', (values: Values, within: Within) => sumOf(countsWithin(values, within))],
])
