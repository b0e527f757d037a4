import { internalFailure } from '../../../core/aws-error.ts'
import { map } from '../../../core/map-shape.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, list, optional, string, structure } from '../../../core/shapes.ts'
import type { CloudWatchContext } from '../context.ts'
import { type Datum, datumOf } from '../datum.ts'
import { parameterMissing, reservedNamespace, tooMany, tooManyMetrics } from '../faults.ts'
import { metricsPerPutMax, seriesMax } from '../limits.ts'
import { metricDatum, namespace, required } from '../members.ts'

const attributes = map({ min: 1, max: 256 }, string({ min: 1, max: 2048 }))

/** All of it counts, or nothing. Entities are taken and not kept: Millrace has no view that joins by them. */
export const putMetricData = operation({
  name: 'PutMetricData',
  audit: { event: 'data', resourceType: 'AWS::CloudWatch::Metric' },
  input: structure({
    Namespace: optional(namespace),
    MetricData: optional(list(metricDatum)),
    EntityMetricData: optional(
      list(
        structure({
          Entity: optional(structure({ KeyAttributes: optional(attributes), Attributes: optional(attributes) })),
          MetricData: optional(list(metricDatum)),
        }),
      ),
    ),
    StrictEntityValidation: optional(boolean()),
  }),
  resource: () => undefined,
  needs: ({ Namespace }) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      keys: new Map(Namespace === undefined ? [] : [['cloudwatch:namespace', [Namespace]]]),
    },
  ],
  async handle({ clock, store }: CloudWatchContext, input) {
    const name = required(input.Namespace, 'Namespace')
    if (name.startsWith('AWS/')) throw reservedNamespace()
    const nowMs = clock.nowMs()
    const all: Datum[] = []
    const add = (data: typeof input.MetricData, path: string) => {
      if (all.length + (data?.length ?? 0) > metricsPerPutMax) throw tooMany(path, metricsPerPutMax)
      for (const [i, given] of (data ?? []).entries()) all.push(datumOf(name, given, `${path}.member.${i + 1}`, nowMs))
    }
    add(input.MetricData, 'MetricData')
    for (const [i, { MetricData }] of (input.EntityMetricData ?? []).entries())
      add(MetricData, `EntityMetricData.member.${i + 1}.MetricData`)
    if (all.length === 0) throw parameterMissing('MetricData')
    await store.load()
    if (store.isFull) await store.flush()
    if (store.isFull) throw internalFailure() // storage does not take it; the log says why
    const { directory } = store
    if (!directory.hasRoomFor(directory.newAmong(all.map(({ series }) => series)), nowMs))
      throw tooManyMetrics(seriesMax)
    for (const { series, unit, startS, isSecond, addTo } of all) {
      const { id } = directory.touch(series, nowMs)!
      addTo(store.pointAt({ series: id, unit, startS, isSecond }))
    }
  },
})
