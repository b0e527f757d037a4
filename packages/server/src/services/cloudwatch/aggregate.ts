import type { Clock } from '@millrace/ports'
import { tooMuchData } from './faults.ts'
import { highResolutionMs, retentionMs } from './limits.ts'
import { Point } from './point.ts'
import type { Placed } from './point-codec.ts'
import { type PointStore, TooManyPoints } from './point-store.ts'
import type { SeriesId } from './series.ts'

/** The periods that a request may ask for, in seconds. */
export const isPeriod = (periodS: number) => [1, 5, 10, 20, 30].includes(periodS) || (periodS > 0 && periodS % 60 === 0)

/** A time that a request asks for. */
export type Range = {
  /** Where the first period begins: the start, rounded down to a minute, or to the period if that is shorter. */
  readonly startS: number
  /** Data from this time on is added up: not older than what is kept at this resolution. */
  readonly fromS: number
  readonly endS: number
}

export function rangeOf(start: Date, end: Date, periodS: number, clock: Clock): Range {
  const stepS = Math.min(60, periodS)
  const startS = Math.floor(start.getTime() / 1000 / stepS) * stepS
  const keptMs = periodS < 60 ? highResolutionMs : retentionMs
  const fromS = Math.max(0, startS, Math.floor((clock.nowMs() - keptMs) / 60_000) * 60)
  return { startS, fromS, endS: Math.ceil(end.getTime() / 1000) }
}

/** How many periods a time has. */
export const periodsIn = ({ startS, endS }: Range, periodS: number) => Math.ceil((endS - startS) / periodS)

/** The data of some series within a time. @throws InvalidParameterCombinationException if it is too much */
export async function readPoints(
  store: PointStore,
  series: ReadonlySet<SeriesId>,
  { fromS, endS }: Pick<Range, 'fromS' | 'endS'>,
): Promise<Placed[]> {
  try {
    return fromS < endS && series.size > 0 ? await store.read(series, fromS, endS) : []
  } catch (error) {
    throw error instanceof TooManyPoints ? tooMuchData() : error
  }
}

/** Points added up by period, in order of time. */
export function byPeriod(
  points: readonly Placed[],
  { startS, fromS, endS }: Range,
  periodS: number,
): Map<number, Point> {
  const periods = new Map<number, Point>()
  for (const { startS: atS, point } of points) {
    if (atS < fromS || atS >= endS) continue
    const beginS = startS + Math.floor((atS - startS) / periodS) * periodS
    let sum = periods.get(beginS)
    if (!sum) {
      sum = new Point()
      periods.set(beginS, sum)
    }
    sum.merge(point)
  }
  return new Map([...periods].sort(([a], [b]) => a - b))
}
