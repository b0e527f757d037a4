import { operation } from '../../../core/operation.ts'
import { integer, list, optional, string, structure, timestamp } from '../../../core/shapes.ts'
import { byPeriod, isPeriod, periodsIn, rangeOf, readPoints } from '../aggregate.ts'
import type { CloudWatchContext } from '../context.ts'
import {
  badPeriod,
  badValue,
  bothGiven,
  noStatistics,
  notInSet,
  startNotBeforeEnd,
  tooManyDatapoints,
} from '../faults.ts'
import { datapointsMax } from '../limits.ts'
import { checkedDimensions, dimensions, metricName, namespace, required } from '../members.ts'
import type { Point } from '../point.ts'
import { dimensionsOf } from '../series.ts'
import { extendedStatOf, type Stat, statOf } from '../stat.ts'
import { type Unit, units } from '../units.ts'

const simpleStatistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']

export const getMetricStatistics = operation({
  name: 'GetMetricStatistics',
  audit: { event: 'data', resourceType: 'AWS::CloudWatch::Metric' },
  input: structure({
    Namespace: optional(namespace),
    MetricName: optional(metricName),
    Dimensions: optional(dimensions),
    StartTime: optional(timestamp()),
    EndTime: optional(timestamp()),
    Period: optional(integer({ min: 1 })),
    Statistics: optional(list(string(), { min: 1, max: 5 })),
    ExtendedStatistics: optional(list(string(), { min: 1, max: 10 })),
    Unit: optional(string()),
  }),
  resource: () => undefined,
  async handle({ clock, store, own }: CloudWatchContext, input) {
    const series = {
      namespace: required(input.Namespace, 'Namespace'),
      metricName: required(input.MetricName, 'MetricName'),
      dimensions: dimensionsOf(checkedDimensions(input.Dimensions, 'Dimensions')),
    }
    const start = required(input.StartTime, 'StartTime')
    const end = required(input.EndTime, 'EndTime')
    const periodS = required(input.Period, 'Period')
    const { simple, extended } = statisticsOf(input.Statistics, input.ExtendedStatistics)
    if (input.Unit !== undefined && !units.includes(input.Unit as Unit)) throw notInSet('Unit', units)
    if (!isPeriod(periodS)) throw badPeriod('Period')
    if (start >= end) throw startNotBeforeEnd()
    const range = rangeOf(start, end, periodS, clock)
    const asked = periodsIn(range, periodS)
    if (asked > datapointsMax) throw tooManyDatapoints(asked, datapointsMax)

    await store.load()
    own.collect(clock.nowMs())
    const known = store.directory.find(series)
    const points = await readPoints(store, new Set(known ? [known.id] : []), range)
    const Datapoints: object[] = []
    for (const [unit, ofUnit] of Map.groupBy(points, (placed) => placed.unit)) {
      const Unit = units[unit] ?? 'None'
      if (input.Unit !== undefined && input.Unit !== Unit) continue
      for (const [atS, point] of byPeriod(ofUnit, range, periodS)) {
        const ExtendedStatistics = extended.length === 0 ? undefined : figures(extended, point)
        Datapoints.push({
          Timestamp: new Date(atS * 1000),
          ...Object.fromEntries(figures(simple, point)),
          Unit,
          ExtendedStatistics,
        })
      }
    }
    return { Label: series.metricName, Datapoints }
  },
})

type Named = readonly (readonly [name: string, stat: Stat])[]

/** Those that a point has. */
function figures(stats: Named, point: Point): Map<string, number> {
  const found = new Map<string, number>()
  for (const [name, stat] of stats) {
    const figure = stat(point)
    if (figure !== undefined) found.set(name, figure)
  }
  return found
}

function statisticsOf(simple: readonly string[] = [], extended: readonly string[] = []) {
  if (simple.length === 0 && extended.length === 0) throw noStatistics()
  if (simple.length > 0 && extended.length > 0) throw bothGiven('Statistics', 'ExtendedStatistics')
  return {
    simple: simple.map((name, i) => {
      if (!simpleStatistics.includes(name)) throw notInSet(`Statistics.member.${i + 1}`, simpleStatistics)
      return [name, statOf(name)!] as const
    }),
    extended: extended.map((name, i) => {
      const stat = extendedStatOf(name)
      if (!stat) throw badValue(name, `ExtendedStatistics.member.${i + 1}`)
      return [name, stat] as const
    }),
  }
}
