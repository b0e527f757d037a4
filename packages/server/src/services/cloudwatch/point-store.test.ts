import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@millrace/ports'
import { RunOutcomes, StorageFailed } from '../../storage/log.ts'
import { Distribution } from './distribution.ts'
import { at, cloudWatchFixture } from './fixture.ts'
import { seriesMax } from './limits.ts'
import { Point } from './point.ts'
import { decodePoints, encodePoints, type Placed, wantedOf } from './point-codec.ts'

test('points are written as they are, and read by series and time only', () => {
  const point = (fill: (point: Point) => void) => {
    const made = new Point()
    fill(made)
    return made
  }
  const series = '00ff00ff00ff00ff'
  const points: Placed[] = [
    { series, unit: 0, startS: 60, isSecond: false, point: point((p) => p.addValue(-2.5, 3)) },
    { series, unit: 26, startS: 61, isSecond: true, point: point((p) => [1, 2, 2, 3.5].map((v) => p.addValue(v))) },
    { series, unit: 4, startS: 120, isSecond: false, point: point((p) => p.addSet(4, 10, 1, 5)) },
    { series: '1111111111111111', unit: 4, startS: 60, isSecond: false, point: point((p) => p.addValue(9)) },
    {
      series,
      unit: 4,
      startS: 180,
      isSecond: false,
      point: point((p) => {
        for (let i = 0; i < 500; i++) p.addValue(i * i)
      }),
    },
  ]
  const bytes = encodePoints(points)
  assert.deepEqual(
    [...decodePoints(bytes, wantedOf(new Set([series])), 0, 1000)],
    [points[0], points[1], points[2], points[4]],
  )
  assert.deepEqual([...decodePoints(bytes, wantedOf(new Set([series])), 61, 121)], [points[1], points[2]])
  assert.deepEqual([...decodePoints(bytes, wantedOf(new Set([series])), 181, 1000)], [])
  assert.deepEqual([...decodePoints(bytes, wantedOf(new Set(['2222222222222222'])), 0, 1000)], [])
  assert.deepEqual(
    [...decodePoints(Uint8Array.of(9, 1, 2), wantedOf(new Set([series])), 0, 1000)],
    [],
    'of a later version',
  )
})

test('many values take little room, and their percentiles stay within some percent', () => {
  const exact: number[] = []
  const distribution = new Distribution()
  for (let i = 0; i < 10_000; i++) {
    const value = 1000 ** (((i * 7919) % 10_000) / 10_000)
    exact.push(value)
    distribution.add(value, 1)
  }
  exact.sort((a, b) => a - b)
  assert.ok(distribution.counts.size <= 200, `${distribution.counts.size} values`)
  let seen = 0
  for (const [value, count] of distribution.sorted()) {
    seen += count
    const wanted = exact[Math.min(seen, exact.length) - 1]!
    assert.ok(Math.abs(value - wanted) / wanted < 0.06, `${value} for ${wanted}`)
  }
  assert.equal(seen, 10_000)
})

test('nothing is written for a put, all of a minute once when it is over, and read from there', async (t) => {
  const { put, statistics, clock, log } = await cloudWatchFixture(t)
  await put({ MetricName: 'm', Value: 1 })
  await put({ MetricName: 'm', Value: 2 })
  await assert.rejects(log.bounds('cloudwatch/series'), /there is no log/)
  await clock.advance(30_000)
  assert.equal((await log.bounds('cloudwatch/series')).end, 1)
  assert.equal((await statistics())[0]!.Sum, 3)
  await put({ MetricName: 'm', Value: 4, Timestamp: at(0) })
  assert.deepEqual(
    (await statistics()).map(({ Sum }) => Sum),
    [7],
    'what came late is added',
  )
  await clock.advance(60_000)
  assert.deepEqual(
    (await statistics()).map(({ Sum }) => Sum),
    [7],
  )
  assert.equal((await log.bounds('cloudwatch/series')).end, 1, 'a series is not told again so soon')
})

test('data and metrics outlive a restart, for fifteen days', async (t) => {
  const first = await cloudWatchFixture(t)
  const { clock, log } = first
  await first.put({ MetricName: 'm', Value: 1, Dimensions: [{ Name: '__proto__', Value: 'x' }] })
  await first.put({ MetricName: 'm', Values: [1, 2, 3] })
  first.source.record('IncomingBytes', { StreamName: 's' }, 10, 'Bytes')
  await first.service.stop()
  const second = await cloudWatchFixture(t, { clock, log })
  assert.deepEqual(
    (await second.statistics()).map(({ Sum }) => Sum),
    [6],
  )
  const ofProto = await second.statistics({ Dimensions: [{ Name: '__proto__', Value: 'x' }] })
  assert.deepEqual(
    ofProto.map(({ Sum }) => Sum),
    [1],
  )
  const listed = async (from: typeof first) => (await from.ask('ListMetrics', {})).Metrics.length
  assert.equal(await listed(second), 3)
  await second.put({ MetricName: 'm', Value: 4 })
  assert.deepEqual(
    (await second.statistics()).map(({ Sum }) => Sum),
    [10],
  )
  await second.service.stop()

  await clock.advance(14 * 86400 * 1000)
  const third = await cloudWatchFixture(t, { clock, log })
  assert.deepEqual(
    (await third.statistics()).map(({ Sum }) => Sum),
    [10],
  )
  assert.equal(await listed(third), 3)
  await clock.advance((86400 + 60) * 1000)
  assert.deepEqual(await third.statistics(), [])
  await third.service.stop()
  await clock.advance(3 * 86400 * 1000)
  assert.equal(await listed(await cloudWatchFixture(t, { clock, log })), 0)
})

test('a series with data every day stays known after it was first told of', async (t) => {
  const first = await cloudWatchFixture(t)
  const { clock, log, put } = first
  for (let day = 0; day < 40; day++) {
    await put({ MetricName: 'm', Value: 1 })
    await clock.advance(86400 * 1000)
  }
  await first.service.stop()
  const second = await cloudWatchFixture(t, { clock, log })
  assert.equal((await second.ask('ListMetrics', {})).Metrics.length, 1)
  const found = await second.statistics({ StartTime: at(0), EndTime: at(41 * 86400), Period: 86400 })
  assert.equal(found.length, 15)
})

test('what storage does not take is tried again with the next minute, and counted once', async (t) => {
  const failing = await cloudWatchFixture(t)
  const { log } = failing
  const errors: string[] = []
  let failures = 2
  const unreliable: typeof log = Object.create(log, {
    create: { value: (id: string, options: never) => log.create(id, options) },
    find: { value: (id: string) => log.find(id) },
    read: { value: (...args: Parameters<typeof log.read>) => log.read(...args) },
    offsetAt: { value: (id: string, ms: number) => log.offsetAt(id, ms) },
    appendRuns: {
      value: async (runs: Parameters<typeof log.appendRuns>[0]) => {
        if (failures-- <= 0) return log.appendRuns(runs)
        const outcomes = new RunOutcomes(runs.logs.length)
        for (let i = 0; i < runs.logs.length; i++) outcomes.fail(i, new StorageFailed('the disk is full'))
        return outcomes
      },
    },
  })
  const logger = { ...silentLogger, log: (level: string) => errors.push(level) as unknown as undefined }
  const { put, statistics, clock } = await cloudWatchFixture(t, { clock: failing.clock, log: unreliable, logger })
  await put({ MetricName: 'm', Value: 1 })
  await clock.advance(60_000)
  await put({ MetricName: 'm', Value: 2, Timestamp: at(0) })
  assert.deepEqual(
    (await statistics()).map(({ Sum }) => Sum),
    [3],
  )
  await clock.advance(180_000)
  assert.deepEqual(
    (await statistics()).map(({ Sum }) => Sum),
    [3],
  )
  assert.ok(errors.length >= 2)
  assert.equal((await log.bounds('cloudwatch/series')).end, 1)
})

test('there is an end to how many metrics are kept, and old ones make room', async (t) => {
  const { put, clock, statistics } = await cloudWatchFixture(t)
  const named = (i: number) => ({ MetricName: 'm', Value: 1, Dimensions: [{ Name: 'i', Value: `${i}` }] })
  for (let i = 0; i < seriesMax; i += 1000) await put(...Array.from({ length: 1000 }, (_, j) => named(i + j)))
  await assert.rejects(put(named(0), named(seriesMax)), /at most 10000 metrics/)
  await put(named(5))
  const ofFifth = await statistics({ Dimensions: [{ Name: 'i', Value: '5' }] })
  assert.equal(ofFifth[0]!.Sum, 2)
  await clock.advance(16 * 86400 * 1000)
  await put(named(seriesMax))
})
