import { boolean, integer, optional, string, structure, type ValueOf } from '../../core/shapes.ts'
import { isPeriod } from './aggregate.ts'
import { type Expression, ExpressionError, parseExpression } from './expression-parser.ts'
import {
  badId,
  badStatistic,
  expressionUnsupported,
  idsNotUnique,
  notInSet,
  parameterMissing,
  queryBadPeriod,
  queryBothGiven,
  queryMissing,
} from './faults.ts'
import { checkedDimensions, dimensions, metricName, namespace } from './members.ts'
import { dimensionsOf, type Series } from './series.ts'
import { type Stat, statOf } from './stat.ts'
import { type Unit, units } from './units.ts'

export const metricDataQuery = structure({
  Id: optional(string({ min: 1, max: 255 })),
  MetricStat: optional(
    structure({
      Metric: optional(
        structure({
          Namespace: optional(namespace),
          MetricName: optional(metricName),
          Dimensions: optional(dimensions),
        }),
      ),
      Period: optional(integer({ min: 1 })),
      Stat: optional(string()),
      Unit: optional(string()),
    }),
  ),
  Expression: optional(string({ min: 1, max: 2048 })),
  Label: optional(string()),
  ReturnData: optional(boolean()),
  Period: optional(integer({ min: 1 })),
  AccountId: optional(string({ min: 1, max: 255 })),
})

/** A query that was found right: for a metric, or for what is computed of others. */
export type Query = {
  readonly id: string
  readonly number: number
  readonly label: string
  readonly isReturned: boolean
} & ({ readonly of: 'metric'; readonly metric: MetricQuery } | { readonly of: 'math'; readonly expression: Expression })

export type MetricQuery = {
  readonly series: Series
  readonly periodS: number
  readonly stat: Stat
  /** Undefined: data of any unit. */
  readonly unit: string | undefined
}

/** @throws ValidationError, MissingRequiredParameterException */
export function queriesOf(all: readonly ValueOf<typeof metricDataQuery>[]): Query[] {
  const ids = new Set<string>()
  return all.map((given, i) => {
    const { Id, Expression, MetricStat, ReturnData = true } = given
    const path = `MetricDataQueries.member.${i + 1}`
    if (Id === undefined) throw parameterMissing(`${path}.Id`)
    if (!/^[a-z][a-zA-Z0-9_]*$/.test(Id)) throw badId(i + 1)
    if (ids.has(Id)) throw idsNotUnique()
    ids.add(Id)
    if (Expression !== undefined && MetricStat !== undefined)
      throw queryBothGiven(`${path}.Expression`, `${path}.MetricStat`)
    if (given.Period !== undefined && MetricStat !== undefined)
      throw queryBothGiven(`${path}.Period`, `${path}.MetricStat`)
    if (given.Period !== undefined && !isPeriod(given.Period)) throw queryBadPeriod(`${path}.Period`)
    const common = { id: Id, number: i + 1, isReturned: ReturnData }
    if (MetricStat !== undefined) {
      const metric = metricOf(MetricStat, `${path}.MetricStat`, i + 1)
      return { ...common, label: given.Label ?? metric.series.metricName, of: 'metric', metric }
    }
    if (Expression === undefined) throw queryMissing(path)
    return { ...common, label: given.Label ?? Id, of: 'math', expression: parsed(Expression, i + 1) }
  })
}

function metricOf(
  { Metric, Period, Stat, Unit }: NonNullable<ValueOf<typeof metricDataQuery>['MetricStat']>,
  path: string,
  number: number,
): MetricQuery {
  if (Metric === undefined) throw parameterMissing(`${path}.Metric`)
  if (Metric.Namespace === undefined) throw parameterMissing(`${path}.Metric.Namespace`)
  if (Metric.MetricName === undefined) throw parameterMissing(`${path}.Metric.MetricName`)
  if (Period === undefined) throw parameterMissing(`${path}.Period`)
  if (Stat === undefined) throw parameterMissing(`${path}.Stat`)
  const stat = statOf(Stat)
  if (!stat) throw badStatistic(Stat, number)
  if (!isPeriod(Period)) throw queryBadPeriod(`${path}.Period`)
  if (Unit !== undefined && !units.includes(Unit as Unit)) throw notInSet(`${path}.Unit`, units)
  const dimensionsGiven = dimensionsOf(checkedDimensions(Metric.Dimensions, `${path}.Metric.Dimensions`))
  const series = { namespace: Metric.Namespace, metricName: Metric.MetricName, dimensions: dimensionsGiven }
  return { series, periodS: Period, stat, unit: Unit }
}

function parsed(text: string, number: number): Expression {
  if (/^\s*(SELECT|SEARCH\s*\()/i.test(text))
    throw expressionUnsupported(
      number,
      'does not do Metrics Insights queries and SEARCH; name each metric by MetricStat',
    )
  try {
    return parseExpression(text)
  } catch (error) {
    throw error instanceof ExpressionError ? expressionUnsupported(number, error.message) : error
  }
}
