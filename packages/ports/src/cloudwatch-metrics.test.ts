import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from './clock.ts'
import { CloudWatchMetrics, type MetricDataSink, type MetricDatum } from './cloudwatch-metrics.ts'

type Call = { Namespace: string; MetricData: MetricDatum[] }

function setUp(answer: (call: Call) => unknown = () => ({})) {
  const clock = new ManualClock()
  const calls: Call[] = []
  const warnings: [string, unknown][] = []
  const sink: MetricDataSink = {
    async putMetricData(call) {
      calls.push(call)
      return answer(call)
    },
  }
  const logger = { log: (_: string, message: string, facts?: unknown) => void warnings.push([message, facts]) }
  const metrics = new CloudWatchMetrics(sink, { namespace: 'N', dimensions: { Host: 'h' }, clock, logger })
  return { clock, calls, warnings, metrics }
}

test('observations of a minute are one statistic set for each metric and its dimensions', async () => {
  const { clock, calls, metrics } = setUp()
  metrics.record('Bytes', { StreamName: 's' }, 10, 'Bytes')
  metrics.record('Bytes', { StreamName: 's' }, 30, 'Bytes')
  metrics.recordSet('Bytes', { StreamName: 's' }, { count: 3, sum: 15, minimum: 4, maximum: 6 }, 'Bytes')
  metrics.record('Bytes', { StreamName: 't' }, 1, 'Bytes')
  assert.equal(calls.length, 0)
  await clock.advance(60_000)
  assert.equal(calls.length, 1)
  assert.equal(calls[0]!.Namespace, 'N')
  assert.deepEqual(
    calls[0]!.MetricData.map(({ MetricName, Dimensions, Unit, StatisticValues }) => [
      ...[MetricName, Dimensions, Unit, StatisticValues],
    ]),
    [
      [
        'Bytes',
        [
          { Name: 'Host', Value: 'h' },
          { Name: 'StreamName', Value: 's' },
        ],
        'Bytes',
        { SampleCount: 5, Sum: 55, Minimum: 4, Maximum: 30 },
      ],
      [
        'Bytes',
        [
          { Name: 'Host', Value: 'h' },
          { Name: 'StreamName', Value: 't' },
        ],
        'Bytes',
        { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 },
      ],
    ],
  )
  await clock.advance(60_000)
  assert.equal(calls.length, 1, 'where nothing was counted nothing is sent')
})

test('what could not be sent is sent the next time, once, and nobody sees the failure', async () => {
  let isDown = true
  const { clock, calls, warnings, metrics } = setUp(() => {
    if (isDown) throw new Error('no route to host')
  })
  metrics.record('A', {}, 1, 'Count')
  await clock.advance(60_000)
  metrics.record('A', {}, 2, 'Count')
  isDown = false
  await clock.advance(60_000)
  assert.equal(warnings.length, 1)
  assert.deepEqual(
    calls[1]!.MetricData.map(({ StatisticValues }) => StatisticValues.Sum),
    [1, 2],
  )
  await clock.advance(60_000)
  assert.equal(calls.length, 2)
})

test('a call carries no more than 500 data', async () => {
  const { calls, metrics } = setUp()
  for (let i = 0; i < 1200; i++) metrics.record('A', { Shard: String(i) }, 1, 'Count')
  await metrics.flush()
  assert.deepEqual(
    calls.map(({ MetricData }) => MetricData.length),
    [500, 500, 200],
  )
})

test('neither many metrics nor a CloudWatch that stays away take memory without bound', async () => {
  const { calls, warnings, metrics } = setUp(() => Promise.reject(new Error('away')))
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 30_000; i++) metrics.record('A', { Shard: String(i) }, round, 'Count')
    await metrics.flush()
  }
  assert.equal(calls.length, 3)
  assert.deepEqual(
    warnings.filter(([message]) => message === 'metrics were left out').map(([, facts]) => facts),
    [
      { tooMany: 10_000, tooOld: 0 },
      { tooMany: 10_000, tooOld: 20_000 },
      { tooMany: 10_000, tooOld: 20_000 },
    ],
  )
})

test('what is no number is not counted', async () => {
  const { calls, metrics } = setUp()
  metrics.record('A', {}, Number.NaN, 'Count')
  metrics.record('A', {}, Number.POSITIVE_INFINITY, 'Count')
  await metrics.flush()
  assert.equal(calls.length, 0)
})

test('close sends the rest, and then nothing more, also where an upload is under way', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { clock, calls, metrics } = setUp(() => held)
  metrics.record('A', {}, 1, 'Count')
  await clock.advance(60_000)
  metrics.record('A', {}, 2, 'Count')
  const closed = metrics.close()
  release()
  await closed
  assert.equal(calls.length, 2)
  metrics.record('A', {}, 3, 'Count')
  await clock.advance(600_000)
  assert.equal(calls.length, 2)
})
