import { double } from '../../core/number-shapes.ts'
import { integer, list, optional, string, structure, timestamp, type ValueOf } from '../../core/shapes.ts'
import { badValue, parameterMissing, repeatedDimension } from './faults.ts'
import { dimensionsMax } from './limits.ts'

/* Members that several operations have. What AWS asks for by a sentence of its own is optional here, and asked for below. */

export const namespace = string({ min: 1, max: 255, pattern: '[^:].*' })
export const metricName = string({ min: 1, max: 255 })
export const dimension = structure({
  Name: optional(string({ min: 1, max: 255 })),
  Value: optional(string({ min: 1, max: 1024 })),
})
export const dimensions = list(dimension, { max: dimensionsMax })

export const statisticSet = structure({
  SampleCount: optional(double()),
  Sum: optional(double()),
  Minimum: optional(double()),
  Maximum: optional(double()),
})

export const metricDatum = structure({
  MetricName: optional(metricName),
  Dimensions: optional(dimensions),
  Timestamp: optional(timestamp()),
  Value: optional(double()),
  StatisticValues: optional(statisticSet),
  Values: optional(list(double())),
  Counts: optional(list(double())),
  Unit: optional(string()),
  StorageResolution: optional(integer({ min: 1 })),
})
export type MetricDatum = ValueOf<typeof metricDatum>

/** @throws MissingRequiredParameterException */
export function required<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw parameterMissing(path)
  return value
}

/** Dimensions with both members, each name once. `path` is that of the list. */
export function checkedDimensions(
  given: ValueOf<typeof dimensions> | undefined,
  path: string,
): { Name: string; Value: string }[] {
  const names = new Set<string>()
  return (given ?? []).map((each, i) => {
    const member = `${path}.member.${i + 1}`
    const Name = required(each.Name, `${member}.Name`)
    const Value = required(each.Value, `${member}.Value`)
    if (!isPlain(Name) || Name.startsWith(':')) throw badValue(Name, `${member}.Name`)
    if (!isPlain(Value)) throw badValue(Value, `${member}.Value`)
    if (names.has(Name)) throw repeatedDimension(path)
    names.add(Name)
    return { Name, Value }
  })
}

/** ASCII without control characters, and not only spaces. */
const isPlain = (text: string) => /^[ -~]*$/.test(text) && text.trim() !== ''
