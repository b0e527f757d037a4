import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyOf } from '@millrace/formats'
import { setUp, watched } from './kinesis-fixture.ts'

const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`)

test('after a split nobody loses a record nor reads one twice, though the producer learns of it by its results', async () => {
  const { clock, kinesis, producer } = setUp({}, 2)
  let number = 0
  const putSome = () => keys.map((partitionKey) => watched(producer.put({ partitionKey, data: `${number++}` })))
  const before = putSome()
  await clock.advance(100)
  kinesis.split('shardId-000000000001')
  const during = putSome()
  await clock.advance(500)
  const after = putSome()
  await clock.advance(500)
  for (const { value } of [...before, ...during, ...after]) assert.ok(value)
  assert.ok(during.some(({ value }) => value!.attempts[0]!.errorCode === 'Wrong Shard'))
  assert.ok(after.every(({ value }) => value!.attempts.length === 1))
  const texts = kinesis.texts()
  assert.equal(texts.length, 120)
  assert.equal(new Set(texts).size, 120)
  assert.ok(kinesis.lists >= 2 && kinesis.lists <= 3)
})

test('after a merge what was packed for its parents stays one record: the child holds all of it', async () => {
  const { clock, kinesis, producer } = setUp({}, 2)
  for (const partitionKey of keys) void producer.put({ partitionKey, data: partitionKey })
  await clock.advance(100)
  kinesis.merge('shardId-000000000000', 'shardId-000000000001')
  const puts = keys.map((partitionKey) => watched(producer.put({ partitionKey, data: `${partitionKey} again` })))
  await clock.advance(500)
  for (const { value } of puts) {
    assert.equal(value?.shardId, 'shardId-000000000002')
    assert.equal(value?.attempts.length, 1)
  }
  assert.equal(kinesis.stored.length, 4)
  assert.equal(kinesis.read().length, 80)
})

test('an aggregate that landed in a child which holds all of it is not put again', async () => {
  const { clock, kinesis, producer } = setUp()
  void producer.put({ partitionKey: 'first', data: 'x' })
  await clock.advance(100)
  kinesis.split('shardId-000000000000')
  const low = keys.filter((key) => hashKeyOf(key) <= kinesis.shards[1]!.range.end)
  const puts = low.map((partitionKey) => watched(producer.put({ partitionKey, data: partitionKey })))
  await clock.advance(500)
  assert.ok(puts.every(({ value }) => value!.attempts.length === 1 && value!.shardId === 'shardId-000000000001'))
  assert.equal(kinesis.stored.length, 2)
})

test('what waits for a shard that closes goes to its children, in order', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 200, recordMaxBufferedMs: 1_000 })
  void producer.put({ partitionKey: 'key-0', data: '0' })
  await clock.advance(1_000)
  kinesis.latencyMs = 300
  for (let i = 1; i <= 200; i++) void producer.put({ partitionKey: `key-${i % 5}`, data: `${i}` })
  await clock.advance(1_100)
  kinesis.split('shardId-000000000000')
  for (let i = 201; i <= 400; i++) void producer.put({ partitionKey: `key-${i % 5}`, data: `${i}` })
  const closed = producer.close()
  await clock.advance(20_000)
  await closed
  const numbers = kinesis.texts().map(Number)
  assert.deepEqual(new Set(numbers), new Set(Array.from({ length: 401 }, (_, i) => i)))
  assert.equal(numbers.length, 401)
})

test('splits and merges one after the other, under load, lose nothing and repeat nothing', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 300, recordMaxBufferedMs: 20 }, 2)
  kinesis.latencyMs = 15
  let number = 0
  const puts: ReturnType<typeof watched>[] = []
  for (let step = 0; step < 60; step++) {
    for (let i = 0; i < 20; i++)
      puts.push(watched(producer.put({ partitionKey: `k${(number * 7) % 50}`, data: `${number++}` })))
    await clock.advance(10)
    const open = kinesis.shards.filter(({ isOpen }) => isOpen)
    if (step % 10 === 4) kinesis.split(open[step % open.length]!.shardId)
    if (step % 10 === 9) {
      const sorted = open.sort((a, b) => (a.range.start < b.range.start ? -1 : 1))
      kinesis.merge(sorted[0]!.shardId, sorted[1]!.shardId)
    }
  }
  const closed = watched(producer.close())
  await clock.advance(10_000)
  assert.ok(closed.isSettled)
  assert.ok(puts.every(({ value }) => value !== undefined))
  const texts = kinesis.texts()
  assert.equal(new Set(texts).size, number)
  assert.equal(texts.length, number)
})

test('results that name a shard which nobody lists are no storm of ListShards, and end with the record', async () => {
  const { clock, kinesis, producer } = setUp({ recordTtlMs: 3_000 }, 2)
  kinesis.onPut = ({ entries }) => ({
    Records: entries.map(() => ({ ShardId: 'shardId-000000009999', SequenceNumber: '1' })),
  })
  const alone = watched(producer.put({ partitionKey: 'key-0', data: 'alone' }))
  await clock.advance(200)
  assert.ok(alone.value, 'what went alone is where its key put it')
  const puts = keys.map((partitionKey) => watched(producer.put({ partitionKey, data: 'x' })))
  await clock.advance(4_000)
  for (const { error } of puts) {
    assert.equal(error?.code, 'Expired')
    assert.match(error!.message, /Wrong Shard: The aggregate was meant for .* and went to shardId-000000009999/)
  }
  assert.ok(kinesis.lists <= (2 * 3_200) / 200, `${kinesis.lists} lists`)
  await producer.close()
})
