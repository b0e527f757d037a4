import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyOf, isAggregate } from '@millrace/formats'
import { setUp, watched } from './kinesis-fixture.ts'
import { Producer } from './producer.ts'
import { BufferFullError, ProducerClosedError } from './put-errors.ts'

test('records of a shard travel as one aggregate, and each put tells its place in it', async () => {
  const { clock, kinesis, producer } = setUp()
  const puts = ['one', 'two', 'three'].map((data, i) => producer.put({ partitionKey: `k${i}`, data }))
  await clock.advance(100)
  const results = await Promise.all(puts)
  assert.equal(kinesis.calls.length, 1)
  const [entry, ...others] = kinesis.calls[0]!.entries
  assert.equal(others.length, 0)
  assert.equal(entry!.PartitionKey, 'a')
  assert.equal(entry!.ExplicitHashKey, String(hashKeyOf('k0')))
  assert.equal(isAggregate(entry!.Data!), true)
  assert.deepEqual(
    results.map(({ shardId, sequenceNumber, subSequenceNumber }) => [shardId, sequenceNumber, subSequenceNumber]),
    [0, 1, 2].map((i) => ['shardId-000000000000', '1', i]),
  )
  assert.deepEqual(results[0]!.attempts, [{ startedMs: clock.nowMs(), durationMs: 0 }])
  assert.deepEqual(kinesis.texts(), ['one', 'two', 'three'])
})

test('a record without company is sent as it is', async () => {
  const { clock, kinesis, producer } = setUp()
  const put = producer.put({ partitionKey: 'k', explicitHashKey: '5', data: Buffer.from('alone') })
  await clock.advance(100)
  assert.equal((await put).subSequenceNumber, undefined)
  const [entry] = kinesis.calls[0]!.entries
  assert.equal(entry!.PartitionKey, 'k')
  assert.equal(entry!.ExplicitHashKey, '5')
  assert.equal(Buffer.from(entry!.Data!).toString(), 'alone')
})

test('a record waits for company until its time, and no longer', async () => {
  const { clock, kinesis, producer } = setUp({ recordMaxBufferedMs: 40 })
  void producer.put({ partitionKey: 'k', data: 'first' })
  await clock.advance(39)
  void producer.put({ partitionKey: 'k', data: 'second' })
  assert.equal(kinesis.calls.length, 0)
  await clock.advance(1)
  assert.equal(kinesis.calls.length, 1)
  assert.deepEqual(kinesis.texts(), ['first', 'second'])
})

test('each shard has aggregates of its own, by partition key or by explicit hash key', async () => {
  const { clock, kinesis, producer } = setUp({}, 4)
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`)
  const puts = keys.map((partitionKey) => producer.put({ partitionKey, data: partitionKey }))
  const highest = producer.put({ partitionKey: 'key-0', explicitHashKey: String(2n ** 128n - 1n), data: 'high' })
  await clock.advance(100)
  assert.equal(kinesis.calls.length, 1)
  assert.equal(kinesis.calls[0]!.entries.length, 4)
  assert.equal((await highest).shardId, 'shardId-000000000003')
  for (const [i, { shardId }] of (await Promise.all(puts)).entries()) {
    const { range } = kinesis.shards.find((shard) => shard.shardId === shardId)!
    const hashKey = hashKeyOf(keys[i]!)
    assert.ok(hashKey >= range.start && hashKey <= range.end)
  }
  assert.equal(kinesis.read().length, 201)
})

test('an aggregate is as large as it may be, and a larger record goes alone, in its place', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 2_000, rateLimitPercent: Infinity })
  const lengths = [900, 900, 900, 5_000, 10, 10]
  for (const [i, length] of lengths.entries()) void producer.put({ partitionKey: 'k', data: `${i}`.repeat(length) })
  await clock.advance(100)
  const { entries } = kinesis.calls[0]!
  assert.deepEqual(
    entries.map(({ Data }) => isAggregate(Data!)),
    [true, false, false, true],
  )
  for (const { Data } of entries) assert.ok(Data!.byteLength <= 2_000 || !isAggregate(Data!))
  assert.deepEqual(
    kinesis.texts().map((text) => text[0]),
    ['0', '1', '2', '3', '4', '5'],
  )
})

test('aggregation off: each record is a Kinesis record, many in a call', async () => {
  const { clock, kinesis, producer } = setUp({ aggregation: false, rateLimitPercent: Infinity }, 2)
  for (let i = 0; i < 1_200; i++) void producer.put({ partitionKey: `${i}`, data: `${i}` })
  await clock.advance(200)
  assert.equal(kinesis.stored.length, 1_200)
  assert.ok(kinesis.stored.every(({ Data }) => !isAggregate(Data)))
  assert.ok(kinesis.calls.length <= 5, `${kinesis.calls.length} calls`)
  assert.equal(new Set(kinesis.texts()).size, 1_200)
})

test('collection off: each Kinesis record goes in a call of its own', async () => {
  const { clock, kinesis, producer } = setUp({ aggregation: false, collection: false })
  for (let i = 0; i < 5; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(300)
  assert.deepEqual(
    kinesis.calls.map(({ entries }) => entries.length),
    [1, 1, 1, 1, 1],
  )
})

test('a call carries no more bytes than it may', async () => {
  const { clock, kinesis, producer } = setUp({ collectionSizeBytesMax: 1_100_000, rateLimitPercent: Infinity })
  for (let i = 0; i < 6; i++) void producer.put({ partitionKey: 'k', data: new Uint8Array(500_000) })
  await clock.advance(100)
  assert.ok(kinesis.calls.length >= 3)
  for (const { entries } of kinesis.calls)
    assert.ok(
      entries.reduce((sum, { Data, PartitionKey }) => sum + Data!.length + PartitionKey!.length, 0) <= 1_100_000,
    )
  assert.equal(kinesis.stored.length, 6)
})

test('a quarter of a mebibyte for a shard does not wait for company', async () => {
  const { clock, kinesis, producer } = setUp()
  await producer.flush()
  void producer.put({ partitionKey: 'k', data: 'lists the shards' })
  await clock.advance(100)
  for (let i = 0; i < 350; i++) void producer.put({ partitionKey: 'k', data: new Uint8Array(1_000) })
  await clock.advance(0)
  assert.equal(kinesis.calls.length, 2)
})

test('records of a key arrive in the order in which they were put, however slow the stream is', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 500, rateLimitPercent: Infinity }, 3)
  let number = 0
  kinesis.onPut = async () => {
    // Later calls would overtake earlier ones.
    await clock.sleep(200 - 50 * (number++ % 4))
    return undefined
  }
  for (let i = 0; i < 400; i++) {
    void producer.put({ partitionKey: `k${i % 7}`, data: `${i}` })
    await clock.advance(1)
  }
  const closed = producer.close()
  await clock.advance(10_000)
  await closed
  const lastOf = new Map<string, number>()
  for (const { partitionKey, data } of kinesis.read()) {
    const at = Number(Buffer.from(data))
    assert.ok(at > (lastOf.get(partitionKey) ?? -1))
    lastOf.set(partitionKey, at)
  }
  assert.equal(kinesis.read().length, 400)
})

test('no more calls are under way than connectionsMax', async () => {
  const { clock, kinesis, producer } = setUp({ connectionsMax: 2, collection: false, rateLimitPercent: Infinity }, 8)
  let underWay = 0
  let most = 0
  kinesis.onPut = async () => {
    most = Math.max(most, ++underWay)
    await clock.sleep(10)
    underWay--
    return undefined
  }
  const puts = Array.from({ length: 40 }, (_, i) => producer.put({ partitionKey: `${i}`, data: `${i}` }))
  await clock.advance(1_000)
  await Promise.all(puts)
  assert.equal(most, 2)
})

test('when calls are scarce, no shard waits while others have their second turn', async () => {
  const { clock, kinesis, producer } = setUp({ connectionsMax: 1, rateLimitPercent: Infinity }, 4)
  kinesis.latencyMs = 10
  const served: string[] = []
  kinesis.onPut = ({ entries }) => {
    const { Records } = kinesis.store(entries) as { Records: { ShardId: string }[] }
    served.push(Records[0]!.ShardId)
    return { Records }
  }
  // More than goes into one call for each shard, and then more while it is sent.
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 160; i++) void producer.put({ partitionKey: `k${i}`, data: new Uint8Array(10_000) })
    await clock.advance(10)
  }
  const closed = producer.close()
  await clock.advance(1_000)
  await closed
  assert.equal(new Set(served.slice(0, 4)).size, 4, served.join(' '))
  assert.equal(new Set(served.slice(4, 8)).size, 4, served.join(' '))
})

test('what is put above bufferBytesMax fails at once, and room waits for its place', async () => {
  const { clock, kinesis, producer } = setUp({ bufferBytesMax: 2_000, recordSizeBytesMax: 1_000 })
  const first = producer.put({ partitionKey: 'k', data: 'a'.repeat(900) })
  const second = producer.put({ partitionKey: 'k', data: 'b'.repeat(900) })
  await assert.rejects(producer.put({ partitionKey: 'k', data: 'c'.repeat(900) }), (error: Error) => {
    assert.ok(error instanceof BufferFullError)
    assert.match(error.message, /holds 1802 bytes that are not yet put, of bufferBytesMax 2000: await room\(\)/)
    return true
  })
  assert.equal(producer.pendingBytes, 1_802)
  await producer.room(100)
  const rooms = [watched(producer.room()), watched(producer.room())]
  await clock.advance(99)
  assert.deepEqual(
    rooms.map(({ isSettled }) => isSettled),
    [false, false],
  )
  await clock.advance(1)
  await Promise.all([first, second])
  assert.deepEqual(
    rooms.map(({ isSettled }) => isSettled),
    [true, true],
  )
  assert.equal(producer.pendingBytes, 0)
  assert.deepEqual(kinesis.texts().length, 2)
})

test('putAll waits for room, puts all, and tells each result by its index', async () => {
  const { clock, kinesis, producer } = setUp({ bufferBytesMax: 3_000, recordSizeBytesMax: 1_000 })
  function* records() {
    for (let i = 0; i < 50; i++) yield { partitionKey: `k${i % 3}`, data: `${i}`.padEnd(500) }
    yield { partitionKey: '', data: 'no key' }
  }
  const indexes: number[] = []
  const all = watched(producer.putAll(records(), (_, index) => indexes.push(index)))
  for (let i = 0; i < 60; i++) await clock.advance(50)
  assert.equal(all.value?.putCount, 50)
  assert.equal(all.value?.failedCount, 1)
  assert.equal(all.value!.failures[0]!.index, 50)
  assert.match(all.value!.failures[0]!.error.message, /partitionKey must be a text of 1 to 256 characters/)
  assert.deepEqual(new Set(indexes), new Set(Array.from({ length: 50 }, (_, i) => i)))
  assert.equal(kinesis.read().length, 50)
})

test('putAll takes an async iterable, and passes on what its callback throws', async () => {
  const { clock, producer } = setUp()
  async function* records() {
    yield { partitionKey: 'k', data: '1' }
    yield { partitionKey: 'k', data: '2' }
  }
  const fine = watched(producer.putAll(records()))
  await clock.advance(200)
  assert.equal(fine.value?.putCount, 2)
  const thrown = watched(
    producer.putAll(records(), () => {
      throw new Error('from the callback')
    }),
  )
  await clock.advance(200)
  assert.equal(thrown.error?.message, 'from the callback')
  assert.equal(producer.pendingRecords, 0)
})

test('flush sends at once what waits, and ends when that is put, whatever comes after', async () => {
  const { clock, kinesis, producer } = setUp({ recordMaxBufferedMs: 60_000 * 10, recordTtlMs: 60_000 * 60 })
  void producer.put({ partitionKey: 'k', data: 'lists the shards' })
  const first = producer.flush()
  await clock.advance(0)
  await first
  kinesis.latencyMs = 30
  const put = watched(producer.put({ partitionKey: 'k', data: 'before' }))
  const flushed = watched(producer.flush())
  const later = watched(producer.put({ partitionKey: 'k', data: 'after' }))
  await clock.advance(29)
  assert.equal(flushed.isSettled, false)
  await clock.advance(1)
  assert.equal(put.isSettled, true)
  assert.equal(flushed.isSettled, true)
  assert.equal(later.isSettled, false)
  const [one, two] = [watched(producer.flush()), watched(producer.flush())]
  await clock.advance(30)
  assert.ok(one.isSettled && two.isSettled && later.isSettled)
  await producer.flush()
})

test('close puts all that was taken, takes no more, and leaves no timer behind', async () => {
  const { clock, kinesis, producer } = setUp({}, 2)
  for (let i = 0; i < 100; i++) void producer.put({ partitionKey: `${i}`, data: `${i}` })
  const closed = producer.close()
  await assert.rejects(producer.put({ partitionKey: 'k', data: 'late' }), ProducerClosedError)
  await clock.advance(0)
  await closed
  assert.equal(producer.close(), closed)
  assert.equal(kinesis.read().length, 100)
  await producer.room()
  const { lists, calls } = kinesis
  await clock.advance(3_600_000)
  assert.deepEqual([kinesis.lists, kinesis.calls], [lists, calls])
})

test('what is no record is refused by its promise, with a reason', async () => {
  const { producer } = setUp({ recordSizeBytesMax: 1_000 })
  const refused: [object, RegExp][] = [
    [{ partitionKey: '', data: 'x' }, /partitionKey must be a text of 1 to 256/],
    [{ partitionKey: 'k'.repeat(257), data: 'x' }, /partitionKey must be a text of 1 to 256/],
    [{ data: 'x' }, /partitionKey must be a text/],
    [{ partitionKey: 'k' }, /data must be a Uint8Array or a text/],
    [{ partitionKey: 'k', data: [1] }, /data must be a Uint8Array or a text/],
    [{ partitionKey: 'k', data: 'x', explicitHashKey: '-1' }, /explicitHashKey -1 is not a decimal number/],
    [{ partitionKey: 'k', data: 'x', explicitHashKey: '007' }, /is not a decimal number/],
    [{ partitionKey: 'k', data: 'x', explicitHashKey: String(2n ** 128n) }, /is not a decimal number/],
    [
      { partitionKey: 'ü', data: 'x'.repeat(999) },
      /a record of 1001 bytes with its key is larger than recordSizeBytesMax/,
    ],
  ]
  for (const [record, message] of refused) await assert.rejects(producer.put(record as never), message)
  assert.equal(producer.pendingRecords, 0)
  await producer.close()
})

test('an option that cannot be is refused when the producer is made', () => {
  const make = (options: object) => () => new Producer({} as never, options as never)
  assert.throws(make({}), /give streamName or streamArn/)
  assert.throws(make({ streamName: 's', streamArn: 'arn:aws:kinesis:r:1:stream/s' }), /and not both/)
  assert.throws(
    make({ streamName: 's', collectionCountMax: 501 }),
    /collectionCountMax is 501; it is a number from 1 to 500/,
  )
  assert.throws(make({ streamName: 's', aggregationSizeBytesMax: 63 }), /aggregationSizeBytesMax is 63/)
  assert.throws(make({ streamName: 's', recordTtlMs: Number.NaN }), /recordTtlMs is NaN/)
  assert.throws(make({ streamName: 's', bufferBytesMax: 10 }), /bufferBytesMax is 10/)
})
