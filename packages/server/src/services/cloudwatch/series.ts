import { createHash } from 'node:crypto'
import type { Dimensions } from '@millrace/ports'

/** What CloudWatch calls a metric: each combination of dimensions is one of its own. */
export type Series = {
  readonly namespace: string
  readonly metricName: string
  readonly dimensions: Dimensions
}

/** 16 hexadecimal digits that stand for a series wherever it is kept: the same at every start. */
export type SeriesId = string

/** The order of dimensions makes no difference. */
export function keyOf({ namespace, metricName, dimensions }: Series): string {
  const inOrder = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([namespace, metricName, ...inOrder.flat()])
}

export const idOf = (key: string): SeriesId => createHash('sha256').update(key).digest('hex').slice(0, 16)

/** A list of dimensions as requests have it. Without a prototype, so that any name is only a name. */
export function dimensionsOf(list: readonly { readonly Name: string; readonly Value: string }[] = []): Dimensions {
  const dimensions: Record<string, string> = Object.create(null)
  for (const { Name, Value } of list) dimensions[Name] = Value
  return dimensions
}

export const dimensionList = (dimensions: Dimensions) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
