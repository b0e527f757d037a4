import type { ValueOf } from '../../core/shapes.ts'
import {
  badValue,
  bothGiven,
  maximumBelowMinimum,
  notInSet,
  noValue,
  sizesDiffer,
  tooFarAhead,
  tooMany,
  tooOld,
} from './faults.ts'
import { futureMsMax, pastMsMax, valueMax, valuesPerMetricMax } from './limits.ts'
import { checkedDimensions, type MetricDatum, required, type statisticSet } from './members.ts'
import type { Point } from './point.ts'
import { dimensionsOf, type Series } from './series.ts'
import { type Unit, units } from './units.ts'

/** One metric of a put that was found right. */
export type Datum = {
  readonly series: Series
  readonly unit: number
  readonly startS: number
  readonly isSecond: boolean
  readonly addTo: (point: Point) => void
}

/**
 * A metric as a put gives it → what it says. `path` is AWS's, e.g. `MetricData.member.1`.
 * @throws InvalidParameterValue-, InvalidParameterCombination- or MissingRequiredParameterException
 */
export function datumOf(namespace: string, given: MetricDatum, path: string, nowMs: number): Datum {
  const metricName = required(given.MetricName, `${path}.MetricName`)
  const dimensions = dimensionsOf(checkedDimensions(given.Dimensions, `${path}.Dimensions`))
  const { Unit = 'None', StorageResolution = 60 } = given
  const unit = units.indexOf(Unit as Unit)
  if (unit < 0) throw notInSet(`${path}.Unit`, units)
  if (StorageResolution !== 1 && StorageResolution !== 60)
    throw badValue(StorageResolution, `${path}.StorageResolution`)
  const atMs = given.Timestamp?.getTime() ?? nowMs
  if (atMs < nowMs - pastMsMax) throw tooOld(path)
  if (atMs > nowMs + futureMsMax) throw tooFarAhead(path)
  const isSecond = StorageResolution === 1
  const startS = isSecond ? Math.floor(atMs / 1000) : Math.floor(atMs / 60_000) * 60
  return { series: { namespace, metricName, dimensions }, unit, startS, isSecond, addTo: adderOf(given, path) }
}

function adderOf(given: MetricDatum, path: string): (point: Point) => void {
  const { Value, Values, Counts, StatisticValues } = given
  if (Value !== undefined && Values !== undefined) throw bothGiven(`${path}.Value`, `${path}.Values`)
  if (Value !== undefined && StatisticValues !== undefined) throw bothGiven(`${path}.Value`, `${path}.StatisticValues`)
  if (Values !== undefined && StatisticValues !== undefined)
    throw bothGiven(`${path}.Values`, `${path}.StatisticValues`)
  if (Value !== undefined) {
    checkValue(Value, `${path}.Value`)
    return (point) => point.addValue(Value)
  }
  if (StatisticValues !== undefined) return setAdder(StatisticValues, `${path}.StatisticValues`)
  if (Values === undefined || Values.length === 0) throw noValue(path)
  return valuesAdder(Values, Counts, path)
}

function valuesAdder(values: readonly number[], counts: readonly number[] | undefined, path: string) {
  if (values.length > valuesPerMetricMax) throw tooMany(`${path}.Values`, valuesPerMetricMax)
  if (counts !== undefined && counts.length > 0 && counts.length !== values.length) throw sizesDiffer(path)
  for (const [i, value] of values.entries()) checkValue(value, `${path}.Values.member.${i + 1}`)
  for (const [i, count] of (counts ?? []).entries()) checkCount(count, `${path}.Counts.member.${i + 1}`)
  return (point: Point) => {
    for (const [i, value] of values.entries()) if (counts?.[i] !== 0) point.addValue(value, counts?.[i] ?? 1)
  }
}

function setAdder(given: ValueOf<typeof statisticSet>, path: string): (point: Point) => void {
  const count = required(given.SampleCount, `${path}.SampleCount`)
  const sum = required(given.Sum, `${path}.Sum`)
  const minimum = required(given.Minimum, `${path}.Minimum`)
  const maximum = required(given.Maximum, `${path}.Maximum`)
  checkCount(count, `${path}.SampleCount`)
  checkValue(sum, `${path}.Sum`)
  checkValue(minimum, `${path}.Minimum`)
  checkValue(maximum, `${path}.Maximum`)
  if (maximum < minimum) throw maximumBelowMinimum(path)
  return (point) => {
    if (count > 0) point.addSet(count, sum, minimum, maximum)
  }
}

function checkValue(value: number, path: string): void {
  if (!Number.isFinite(value) || Math.abs(value) > valueMax) throw badValue(value, path)
}

function checkCount(count: number, path: string): void {
  if (!(count >= 0) || count > valueMax) throw badValue(count, path)
}
