import { type Expression, ExpressionError, type Sign } from './expression-parser.ts'

/** A value for each period that has one, by when it begins, in order of time. */
export type TimeSeries = { readonly periodS: number; readonly values: ReadonlyMap<number, number> }

type Value = number | string | TimeSeries | readonly TimeSeries[]

/** What names stand for. */
export type Names = {
  /** The result of another query. @throws ExpressionError if there is none */
  series(id: string): TimeSeries | readonly TimeSeries[]
  /** The queries for metrics whose id contains a text, in their order. */
  metrics(part: string): readonly TimeSeries[]
}

/**
 * Metric math: `+ - * / ^` and the functions below, on time series and numbers. A period counts where all that it needs is
 * there, and a division by zero has no value. @throws ExpressionError for what is not known here
 */
export function evaluate(expression: Expression, names: Names): TimeSeries | readonly TimeSeries[] {
  const value = evaluated(expression, names)
  if (typeof value === 'object') return value
  throw new ExpressionError('needs a time series as the result of it, not one number')
}

function evaluated(expression: Expression, names: Names): Value {
  switch (expression.kind) {
    case 'number':
    case 'text':
      return expression.value
    case 'name':
      return names.series(expression.name)
    case 'list':
      return expression.items.flatMap((item) => seriesOf(evaluated(item, names)))
    case 'call':
      return called(expression.name, expression.items, names)
    case 'operation':
      return combined(expression.sign, evaluated(expression.left, names), evaluated(expression.right, names))
  }
}

function called(name: string, items: readonly Expression[], names: Names): Value {
  const keyword = items[1]?.kind === 'name' ? items[1].name : undefined
  if (name === 'FILL' && keyword !== undefined) return filled(evaluated(items[0]!, names), keyword)
  const values = items.map((item) => evaluated(item, names))
  const [first, second] = values
  if (name === 'METRICS' && values.length <= 1) return names.metrics(typeof first === 'string' ? first : '')
  if (name === 'FILL' && values.length === 2) return filled(first!, second!)
  const overAll = reductions.get(name)
  if (overAll && values.length === 1) return reduced(overAll, first!)
  const each = perSeries.get(name)
  if (each && values.length === 1) return typeof first === 'number' ? first : mapped(first!, each)
  throw new ExpressionError(`does not know the function ${name} with ${values.length} values`)
}

/** Of the numbers of one series; of several series, of those of each period. */
const reductions = new Map<string, (numbers: readonly number[]) => number>([
  ['SUM', (numbers) => numbers.reduce((a, b) => a + b, 0)],
  ['AVG', (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length],
  ['MIN', (numbers) => numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)],
  ['MAX', (numbers) => numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)],
])

const perSeries = new Map<string, (series: TimeSeries) => TimeSeries>([
  ['ABS', (series) => eachValue(series, Math.abs)],
  ['CEIL', (series) => eachValue(series, Math.ceil)],
  ['FLOOR', (series) => eachValue(series, Math.floor)],
  ['LOG', (series) => eachValue(series, Math.log)],
  ['LOG10', (series) => eachValue(series, Math.log10)],
  ['PERIOD', (series) => eachValue(series, () => series.periodS)],
  ['RUNNING_SUM', runningSum],
  ['DIFF', (series) => differences(series, (change) => change)],
  ['RATE', (series) => differences(series, (change, seconds) => change / seconds)],
])

function reduced(reduce: (numbers: readonly number[]) => number, value: Value): Value {
  if (typeof value !== 'object') throw new ExpressionError('needs a time series in its functions')
  if (!isList(value)) return reduce([...value.values.values()])
  const byTime = new Map<number, number[]>()
  for (const { values } of value) for (const [at, number] of values) byTime.set(at, [...(byTime.get(at) ?? []), number])
  const inOrder = [...byTime].sort(([a], [b]) => a - b)
  return { periodS: periodOf(value), values: new Map(inOrder.map(([at, numbers]) => [at, reduce(numbers)])) }
}

function combined(sign: Sign, left: Value, right: Value): Value {
  if (typeof left === 'string' || typeof right === 'string') throw new ExpressionError('computes no text')
  if (typeof left === 'number' && typeof right === 'number') return computed(sign, left, right)
  if (typeof right === 'number') return mapped(left, (series) => eachValue(series, (a) => computed(sign, a, right)))
  if (typeof left === 'number') return mapped(right, (series) => eachValue(series, (b) => computed(sign, left, b)))
  if (isList(left) && isList(right)) throw new ExpressionError('computes no two lists of time series')
  if (isList(right)) return right.map((series) => both(sign, left as TimeSeries, series))
  return mapped(left, (series) => both(sign, series, right))
}

/** Where both have a value. */
function both(sign: Sign, left: TimeSeries, right: TimeSeries): TimeSeries {
  const values = new Map<number, number>()
  for (const [at, a] of left.values) {
    const b = right.values.get(at)
    if (b !== undefined) values.set(at, computed(sign, a, b))
  }
  return kept({ periodS: Math.max(left.periodS, right.periodS), values })
}

function computed(sign: Sign, a: number, b: number): number {
  if (sign === '+') return a + b
  if (sign === '-') return a - b
  if (sign === '*') return a * b
  return sign === '/' ? a / b : a ** b
}

/** The periods between the first and the last that have none, by a number, the one before, or a line. */
function filled(value: Value, by: Value): Value {
  if (typeof value !== 'object' || typeof by === 'object')
    throw new ExpressionError('fills time series by numbers only')
  return mapped(value, (series) => {
    const known = [...series.values]
    const values = new Map<number, number>()
    for (const [i, [at, number]] of known.entries()) {
      values.set(at, number)
      const [nextAt, next] = known[i + 1] ?? [at, number]
      for (let gap = at + series.periodS; gap < nextAt; gap += series.periodS)
        values.set(gap, filling(by, number, next, (gap - at) / (nextAt - at)))
    }
    return { ...series, values }
  })
}

function filling(by: number | string, before: number, after: number, share: number): number {
  if (typeof by === 'number') return by
  if (by === 'REPEAT') return before
  if (by === 'LINEAR') return before + (after - before) * share
  throw new ExpressionError(`fills by REPEAT, LINEAR or a number, not by ${by}`)
}

function runningSum(series: TimeSeries): TimeSeries {
  let sum = 0
  return eachValue(series, (value) => {
    sum += value
    return sum
  })
}

function differences(series: TimeSeries, of: (change: number, seconds: number) => number): TimeSeries {
  const known = [...series.values]
  const changes = known.slice(1).map(([at, value], i) => {
    const [atBefore, before] = known[i]!
    return [at, of(value - before, at - atBefore)] as const
  })
  return { ...series, values: new Map(changes) }
}

const eachValue = (series: TimeSeries, of: (value: number) => number): TimeSeries =>
  kept({ ...series, values: new Map([...series.values].map(([at, value]) => [at, of(value)])) })

/** Without what is no number: a division by zero. */
const kept = ({ periodS, values }: TimeSeries): TimeSeries => ({
  periodS,
  values: new Map([...values].filter(([, value]) => Number.isFinite(value))),
})

function mapped(value: Value, of: (series: TimeSeries) => TimeSeries): Value {
  if (typeof value !== 'object') throw new ExpressionError('needs a time series in its functions')
  return isList(value) ? value.map(of) : of(value)
}

const isList = (value: TimeSeries | readonly TimeSeries[]): value is readonly TimeSeries[] => Array.isArray(value)

function seriesOf(value: Value): readonly TimeSeries[] {
  if (typeof value !== 'object') throw new ExpressionError('makes lists of time series only')
  return isList(value) ? value : [value]
}

const periodOf = (all: readonly TimeSeries[]) => Math.max(1, ...all.map(({ periodS }) => periodS))
