import { createHash } from 'node:crypto'
import { operation } from '../../../core/operation.ts'
import { enumeration, integer, list, optional, string, structure, timestamp } from '../../../core/shapes.ts'
import { byPeriod, rangeOf, readPoints } from '../aggregate.ts'
import type { CloudWatchContext } from '../context.ts'
import { evaluate, type Names, type TimeSeries } from '../expression.ts'
import { ExpressionError } from '../expression-parser.ts'
import {
  badToken,
  expressionUnsupported,
  nothingReturned,
  queryStartIsEnd,
  queryStartNotBeforeEnd,
  tooManyQueries,
} from '../faults.ts'
import { pageDatapointsMax, queriesMax } from '../limits.ts'
import { required } from '../members.ts'
import { metricDataQuery, type Query, queriesOf } from '../metric-queries.ts'
import { units } from '../units.ts'

type Result = TimeSeries | readonly TimeSeries[]

/** Answers are made anew for each page; a token says how many data points came before it. */
export const getMetricData = operation({
  name: 'GetMetricData',
  audit: { event: 'data', resourceType: 'AWS::CloudWatch::Metric' },
  input: structure({
    MetricDataQueries: optional(list(metricDataQuery)),
    StartTime: optional(timestamp()),
    EndTime: optional(timestamp()),
    NextToken: optional(string()),
    ScanBy: optional(enumeration('TimestampDescending', 'TimestampAscending')),
    MaxDatapoints: optional(integer()),
    LabelOptions: optional(structure({ Timezone: optional(string()) })),
  }),
  resource: () => undefined,
  async handle(context: CloudWatchContext, input) {
    const given = required(input.MetricDataQueries, 'MetricDataQueries')
    const start = required(input.StartTime, 'StartTime')
    const end = required(input.EndTime, 'EndTime')
    if (+start === +end) throw queryStartIsEnd()
    if (start > end) throw queryStartNotBeforeEnd()
    if (given.length > queriesMax) throw tooManyQueries(queriesMax)
    const queries = queriesOf(given)
    if (!queries.some(({ isReturned }) => isReturned)) throw nothingReturned()
    const { NextToken: _, ...asked } = input
    const request = createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16)
    const skipped = input.NextToken === undefined ? 0 : skippedIn(input.NextToken, request)

    const metrics = await readMetrics(context, queries, start, end)
    const results = new Results(queries, metrics)
    const shown = queries.filter(({ isReturned }) => isReturned).map((query) => [query, results.of(query)] as const)
    const max = Math.max(1, Math.min(input.MaxDatapoints ?? pageDatapointsMax, pageDatapointsMax))
    const isAscending = input.ScanBy === 'TimestampAscending'
    return page(shown, { skipped, max, isAscending, request })
  },
})

/** The data of all queries for metrics, by the query's id: read once for all that ask for the same resolution. */
async function readMetrics(
  { clock, store, own }: CloudWatchContext,
  queries: readonly Query[],
  start: Date,
  end: Date,
) {
  await store.load()
  own.collect(clock.nowMs())
  const found = new Map<string, TimeSeries>()
  const ofMetrics = queries.filter((query) => query.of === 'metric')
  for (const [, alike] of Map.groupBy(ofMetrics, ({ metric }) => Math.min(60, metric.periodS))) {
    const known = alike.map((query) => ({ query, id: store.directory.find(query.metric.series)?.id }))
    const ids = new Set(known.flatMap(({ id }) => id ?? []))
    const points = await readPoints(store, ids, rangeOf(start, end, alike[0]!.metric.periodS, clock))
    const bySeries = Map.groupBy(points, ({ series }) => series)
    for (const { query, id } of known) {
      const { periodS, stat, unit } = query.metric
      const own = (bySeries.get(id ?? '') ?? []).filter((placed) => unit === undefined || units[placed.unit] === unit)
      const values = new Map<number, number>()
      for (const [atS, point] of byPeriod(own, rangeOf(start, end, periodS, clock), periodS)) {
        const value = stat(point)
        if (value !== undefined) values.set(atS, value)
      }
      found.set(query.id, { periodS, values })
    }
  }
  return found
}

/** What each query gives, computed once, when someone needs it. */
class Results implements Names {
  readonly #queries: readonly Query[]
  readonly #metrics: ReadonlyMap<string, TimeSeries>
  readonly #computed = new Map<string, Result>()
  /** Those whose result waits for the one that is computed now: none of them may be needed for it. */
  readonly #waiting = new Set<string>()

  constructor(queries: readonly Query[], metrics: ReadonlyMap<string, TimeSeries>) {
    this.#queries = queries
    this.#metrics = metrics
  }

  of(query: Query): Result {
    if (query.of === 'metric') return this.#metrics.get(query.id)!
    const known = this.#computed.get(query.id)
    if (known) return known
    this.#waiting.add(query.id)
    try {
      const result = evaluate(query.expression, this)
      this.#computed.set(query.id, result)
      return result
    } catch (error) {
      throw error instanceof ExpressionError ? expressionUnsupported(query.number, error.message) : error
    } finally {
      this.#waiting.delete(query.id)
    }
  }

  series(id: string): Result {
    const query = this.#queries.find((each) => each.id === id)
    if (!query) throw new ExpressionError(`finds no query with the id ${id}`)
    if (this.#waiting.has(id)) throw new ExpressionError(`finds a circle: ${[...this.#waiting, id].join(', ')}`)
    return this.of(query)
  }

  metrics(part: string): TimeSeries[] {
    const wanted = this.#queries.filter(({ of, id }) => of === 'metric' && id.includes(part))
    return wanted.map(({ id }) => this.#metrics.get(id)!)
  }
}

type PageOptions = {
  readonly skipped: number
  readonly max: number
  readonly isAscending: boolean
  readonly request: string
}

/** All data points in one row, query after query; of them `max` after those that were skipped. */
function page(results: readonly (readonly [Query, Result])[], { skipped, max, isAscending, request }: PageOptions) {
  const MetricDataResults: object[] = []
  let toSkip = skipped
  let room = max
  let isMore = false
  for (const [{ id, label }, result] of results)
    for (const { values } of Array.isArray(result) ? (result as readonly TimeSeries[]) : [result as TimeSeries]) {
      const points = isAscending ? [...values] : [...values].reverse()
      const rest = points.slice(toSkip)
      const isBefore = rest.length === 0 && points.length > 0
      toSkip = Math.max(0, toSkip - points.length)
      if (isBefore) continue
      const shown = rest.slice(0, room)
      room -= shown.length
      const isPartial = shown.length < rest.length
      isMore ||= isPartial
      MetricDataResults.push({
        Id: id,
        Label: label,
        Timestamps: shown.map(([atS]) => new Date(atS * 1000)),
        Values: shown.map(([, value]) => value),
        StatusCode: isPartial ? 'PartialData' : 'Complete',
      })
    }
  const NextToken = isMore ? Buffer.from(JSON.stringify([request, skipped + max])).toString('base64url') : undefined
  return { MetricDataResults, NextToken, Messages: [] }
}

function skippedIn(token: string, request: string): number {
  try {
    const [of, skipped] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[]
    if (of === request && typeof skipped === 'number' && Number.isSafeInteger(skipped) && skipped > 0) return skipped
  } catch {
    // answered below
  }
  throw badToken()
}
