import type { Dimensions } from '@millrace/ports'
import { operation } from '../../../core/operation.ts'
import { boolean, enumeration, list, optional, string, structure } from '../../../core/shapes.ts'
import type { CloudWatchContext } from '../context.ts'
import { badListToken } from '../faults.ts'
import { pageMetricsMax, recentMs, retentionMs } from '../limits.ts'
import { dimension, metricName, namespace, required } from '../members.ts'
import { dimensionList } from '../series.ts'

/** A token is the key of the last metric of a page: metrics that come or go between two pages move nothing. */
export const listMetrics = operation({
  name: 'ListMetrics',
  audit: { event: 'data', resourceType: 'AWS::CloudWatch::Metric' },
  input: structure({
    Namespace: optional(namespace),
    MetricName: optional(metricName),
    Dimensions: optional(list(dimension, { max: 10 })),
    NextToken: optional(string()),
    RecentlyActive: optional(enumeration('PT3H')),
    IncludeLinkedAccounts: optional(boolean()),
    OwningAccount: optional(string({ min: 1, max: 255 })),
  }),
  resource: () => undefined,
  async handle({ clock, store, own }: CloudWatchContext, input) {
    const filters = (input.Dimensions ?? []).map(({ Name, Value }, i) => ({
      name: required(Name, `Dimensions.member.${i + 1}.Name`),
      value: Value,
    }))
    const after = input.NextToken === undefined ? '' : keyIn(input.NextToken)
    await store.load()
    const nowMs = clock.nowMs()
    own.collect(nowMs)
    const sinceMs = nowMs - (input.RecentlyActive ? recentMs : retentionMs)
    const found = store.directory
      .sorted()
      .filter(
        ({ key, seenMs, namespace: space, metricName: name, dimensions }) =>
          key > after &&
          seenMs >= sinceMs &&
          (input.Namespace ?? space) === space &&
          (input.MetricName ?? name) === name &&
          filters.every((filter) => hasDimension(dimensions, filter)),
      )
    const page = found.slice(0, pageMetricsMax)
    return {
      Metrics: page.map(({ namespace: Namespace, metricName: MetricName, dimensions }) => ({
        Namespace,
        MetricName,
        Dimensions: dimensionList(dimensions),
      })),
      NextToken: found.length > page.length ? tokenOf(page.at(-1)!.key) : undefined,
    }
  },
})

const hasDimension = (dimensions: Dimensions, { name, value }: { name: string; value: string | undefined }) =>
  Object.hasOwn(dimensions, name) && (value ?? dimensions[name]) === dimensions[name]

const tokenOf = (key: string) => Buffer.from(key).toString('base64url')

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (tokenOf(key) !== token || !key.startsWith('["')) throw badListToken()
  return key
}
