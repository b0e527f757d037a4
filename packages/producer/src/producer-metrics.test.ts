import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dimensions, MetricRecorder, MetricUnit, StatisticSet } from '@millrace/ports'
import { fault, setUp, watched } from './kinesis-fixture.ts'

class Recorded implements MetricRecorder {
  readonly sums = new Map<string, number>()
  readonly sets = new Map<string, StatisticSet>()
  calls = 0

  record(metric: string, dimensions: Dimensions, value: number, _: MetricUnit): void {
    this.calls++
    const key = `${metric} ${Object.values(dimensions).join('/')}`
    this.sums.set(key, (this.sums.get(key) ?? 0) + value)
  }

  recordSet(metric: string, dimensions: Dimensions, set: StatisticSet): void {
    this.calls++
    this.sets.set(`${metric} ${Object.values(dimensions).join('/')}`, { ...set })
  }

  names(): Set<string> {
    return new Set([...this.sums.keys(), ...this.sets.keys()].map((key) => key.split(' ')[0]!))
  }
}

async function run(settings: object) {
  const metrics = new Recorded()
  const { clock, kinesis, producer } = setUp({ metrics, recordTtlMs: 400, ...settings })
  kinesis.onRecord = (_, call) => (call === 0 ? 'ProvisionedThroughputExceededException' : undefined)
  kinesis.onPut = (_, number) => {
    if (number === 1) throw fault('InternalFailure')
    return undefined
  }
  const puts = Array.from({ length: 1_000 }, (_, i) => producer.put({ partitionKey: `${i}`, data: '12345' }))
  await clock.advance(400)
  await Promise.all(puts)
  kinesis.onPut = () => Promise.reject(fault('InternalFailure'))
  const lost = watched(producer.put({ partitionKey: 'k', data: 'lost' }))
  await clock.advance(500)
  assert.ok(lost.error)
  await producer.close()
  return metrics
}

test("KPL's metrics are counted by their names, for all, for the stream and for the shard", async () => {
  const { sums, sets, calls } = await run({})
  const shard = 'orders/shardId-000000000000'
  for (const where of ['', 'orders', shard]) {
    assert.equal(sums.get(`UserRecordsPut ${where}`), 1_000)
    assert.equal(sums.get(`UserRecordsDataPut ${where}`), 5_000)
    assert.equal(sums.get(`KinesisRecordsPut ${where}`), 1)
    assert.equal(sets.get(`UserRecordsPerKinesisRecord ${where}`)?.maximum, 1_000)
  }
  assert.equal(sums.get('UserRecordsReceived orders'), 1_001)
  assert.equal(sums.get(`ErrorsByCode ${shard}/ProvisionedThroughputExceededException`), 1)
  assert.ok(sums.get('ErrorsByCode orders/InternalFailure')! >= 1)
  assert.equal(sums.get('UserRecordExpired orders'), 1)
  assert.equal(sets.get(`BufferingTime ${shard}`)?.count, 1_000)
  assert.equal(sets.get(`RetriesPerRecord ${shard}`)?.sum, 2_000)
  assert.ok(calls < 300, `${calls} calls of the recorder for a thousand records`)
})

test('the levels and the granularity are as the KPL has them', async () => {
  const summary = await run({ metricsLevel: 'summary', metricsGranularity: 'stream' })
  assert.deepEqual(
    summary.names(),
    new Set(['UserRecordsPut', 'KinesisRecordsPut', 'ErrorsByCode', 'AllErrors', 'BufferingTime']),
  )
  assert.ok([...summary.sums.keys()].every((key) => !key.includes('shardId')))
  assert.equal((await run({ metricsLevel: 'none' })).calls, 0)
  const global = await run({ metricsGranularity: 'global' })
  assert.ok([...global.sums.keys()].every((key) => !key.includes('orders')))
})

test('a recorder without sets is given their average', async () => {
  const values: [string, number][] = []
  const metrics: MetricRecorder = { record: (metric, _, value) => void values.push([metric, value]) }
  const { clock, producer } = setUp({ metrics, metricsGranularity: 'global' })
  for (let i = 0; i < 4; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(100)
  assert.deepEqual(
    values.filter(([metric]) => metric === 'BufferingTime'),
    [['BufferingTime', 100]],
  )
})
