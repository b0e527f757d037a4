import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault, setUp, watched } from './kinesis-fixture.ts'
import { PutError } from './put-errors.ts'

const throttled = 'ProvisionedThroughputExceededException'

test('a throttled record is tried again after half its time in the buffer, and tells its attempts', async () => {
  const { clock, kinesis, producer } = setUp()
  kinesis.onRecord = (_, call) => (call < 2 ? throttled : undefined)
  const put = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(100)
  assert.equal(kinesis.calls.length, 1)
  await clock.advance(49)
  assert.equal(kinesis.calls.length, 1)
  await clock.advance(1)
  assert.equal(kinesis.calls.length, 2)
  await clock.advance(50)
  assert.deepEqual(
    put.value?.attempts.map(({ errorCode }) => errorCode),
    [throttled, throttled, undefined],
  )
  assert.deepEqual(kinesis.texts(), ['x'])
})

test('a record that is not put within its time fails as Expired, with every attempt and the last reason', async () => {
  const { clock, kinesis, producer } = setUp({ recordTtlMs: 1_000 })
  kinesis.onPut = () => Promise.reject(fault('InternalFailure', 'the disk is full'))
  const puts = ['a', 'b'].map((data) => watched(producer.put({ partitionKey: 'k', data })))
  await clock.advance(999)
  assert.equal(puts[0]!.isSettled, false)
  await clock.advance(1)
  for (const { error } of puts) {
    assert.ok(error instanceof PutError)
    assert.equal(error.code, 'Expired')
    assert.equal(error.attempts.length, kinesis.calls.length)
    assert.ok(error.attempts.length >= 15)
    assert.match(
      error.message,
      /^The record was not put within 1000 ms and \d+ attempts; the last: InternalFailure: the disk/,
    )
  }
  assert.equal(producer.pendingBytes, 0)
})

test('a throttling storm costs each shard one call in its rest, not one for each record, and nothing is lost', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 1_000 }, 2)
  let isStorm = true
  kinesis.onRecord = () => (isStorm ? throttled : undefined)
  const puts = Array.from({ length: 2_000 }, (_, i) => producer.put({ partitionKey: `k${i % 20}`, data: `${i}` }))
  await clock.advance(5_000)
  assert.ok(kinesis.calls.length <= 2 * 120, `${kinesis.calls.length} calls`)
  isStorm = false
  await clock.advance(5_000)
  assert.equal((await Promise.all(puts)).length, 2_000)
  const texts = kinesis.texts()
  assert.equal(texts.length, 2_000)
  assert.equal(new Set(texts).size, 2_000)
})

test('what is throttled stays in order when all of a call is', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 200 })
  kinesis.onPut = (_, number) => {
    if (number % 2 === 0) throw fault('ThrottlingException')
    return undefined
  }
  const puts = Array.from({ length: 300 }, (_, i) => producer.put({ partitionKey: 'k', data: `${i}` }))
  await clock.advance(3_000)
  await Promise.all(puts)
  assert.deepEqual(kinesis.texts().map(Number), Array.from(puts.keys()))
})

test('failIfThrottled fails a throttled record at once, and no other', async () => {
  const { clock, kinesis, producer } = setUp({ failIfThrottled: true, aggregation: false })
  kinesis.onRecord = ({ PartitionKey }, call) => {
    if (PartitionKey === 'hot') return throttled
    return call === 0 && PartitionKey === 'unlucky' ? 'InternalFailure' : undefined
  }
  const [hot, unlucky, fine] = ['hot', 'unlucky', 'fine'].map((partitionKey) =>
    watched(producer.put({ partitionKey, data: 'x' })),
  )
  await clock.advance(200)
  assert.equal(hot!.error?.code, throttled)
  assert.equal((hot!.error as PutError).attempts.length, 1)
  assert.ok(unlucky!.value && fine!.value)
  kinesis.onPut = () => Promise.reject(fault(throttled))
  const whole = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(100)
  assert.equal(whole.error?.code, throttled)
})

test('a call without an answer is given up after requestTimeoutMs, and its records go again', async () => {
  const { clock, kinesis, producer } = setUp({ requestTimeoutMs: 500 })
  kinesis.onPut = (_, number) => (number === 0 ? new Promise<never>(() => {}) : undefined)
  const put = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(599)
  assert.equal(kinesis.calls.length, 1)
  await clock.advance(51)
  assert.equal(put.value?.attempts[0]?.errorCode, 'RequestTimeout')
  assert.equal(put.value?.attempts[0]?.durationMs, 500)
  assert.equal(put.value?.attempts.length, 2)
})

test('a failed connection is told by the code of the system', async () => {
  const { clock, kinesis, producer } = setUp()
  kinesis.onPut = (_, number) => {
    if (number === 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    return undefined
  }
  const put = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(200)
  assert.equal(put.value?.attempts[0]?.errorCode, 'ECONNREFUSED')
})

test('as many results as records, or all of them fail: nobody can say which is whose', async () => {
  const { clock, kinesis, producer } = setUp({ aggregation: false })
  kinesis.onPut = ({ entries }) => ({ Records: [...(kinesis.store(entries).Records as object[]), {}] })
  const puts = ['a', 'b'].map((data) => watched(producer.put({ partitionKey: 'k', data })))
  await clock.advance(100)
  for (const { error } of puts) {
    assert.equal(error?.code, 'Record Count Mismatch')
    assert.equal(error?.message, 'PutRecords gave 3 results for 2 records.')
  }
})

for (const [what, records] of Object.entries({
  'no list': undefined,
  'a list of nothing': [undefined],
  'a list of null': [null],
  'a result without anything': [{}],
  'a shard without a sequence number': [{ ShardId: 'shardId-000000000000' }],
  'a sequence number without a shard': [{ SequenceNumber: '5' }],
  'an empty sequence number': [{ SequenceNumber: '', ShardId: 'shardId-000000000000' }],
}))
  test(`of an answer with ${what} every promise is settled, once`, async () => {
    const { clock, kinesis, producer } = setUp({ recordTtlMs: 500 })
    kinesis.onPut = () => ({ Records: records })
    const put = watched(producer.put({ partitionKey: 'k', data: 'x' }))
    const closed = watched(producer.close())
    await clock.advance(500)
    assert.ok(put.error instanceof PutError)
    assert.ok(closed.isSettled)
  })

test('one record that AWS does not want fails alone; those that travelled with it are put', async () => {
  const { clock, kinesis, producer } = setUp({ aggregationSizeBytesMax: 400 }, 2)
  const isBad = (data: Uint8Array) => Buffer.from(data).includes('poison')
  kinesis.onPut = ({ entries }) => {
    if (entries.some(({ Data }) => isBad(Data!))) throw fault('ValidationException', 'not like this')
    return undefined
  }
  const puts = Array.from({ length: 60 }, (_, i) =>
    watched(producer.put({ partitionKey: `k${i}`, data: i === 31 ? 'poison' : `${i}` })),
  )
  await clock.advance(3_000)
  for (const [i, { error, value }] of puts.entries()) {
    if (i === 31) assert.equal(error?.code, 'ValidationException')
    else assert.ok(value, `${i}: ${error}`)
  }
  assert.equal(kinesis.read().length, 59)
  assert.equal(puts[31]!.error?.message, 'not like this')
})

test('the rate stays within its share of what a shard takes, and all records arrive', async () => {
  const { clock, kinesis, producer } = setUp({ aggregation: false, rateLimitPercent: 50, recordTtlMs: 60_000 })
  const puts = Array.from({ length: 4_000 }, (_, i) => producer.put({ partitionKey: 'k', data: `${i}` }))
  for (const [seconds, most] of [
    [1, 1_500],
    [2, 2_000],
    [4, 3_000],
  ] as const) {
    await clock.advance(seconds * 1_000 - clock.monotonicMs())
    const count = kinesis.stored.length
    assert.ok(count <= most && count > most - 60, `${count} records after ${seconds} s`)
  }
  await clock.advance(10_000)
  await Promise.all(puts)
  assert.deepEqual(kinesis.texts().map(Number), Array.from(puts.keys()))
})

test('bytes are limited as records are, also of a record that is larger than a second gives', async () => {
  const { clock, kinesis, producer } = setUp({ recordSizeBytesMax: 3 << 20, rateLimitPercent: 100 })
  for (let i = 0; i < 3; i++) void producer.put({ partitionKey: 'k', data: new Uint8Array(2 << 20) })
  await clock.advance(1_000)
  assert.equal(kinesis.stored.length, 1)
  await clock.advance(1_200)
  assert.equal(kinesis.stored.length, 2)
  await clock.advance(2_000)
  assert.equal(kinesis.stored.length, 3)
})

test('a record that waits too long for the rate limit expires, and says why', async () => {
  const { clock, producer } = setUp({ recordSizeBytesMax: 3 << 20, rateLimitPercent: 10, recordTtlMs: 2_000 })
  void producer.put({ partitionKey: 'k', data: new Uint8Array(2 << 20) })
  const second = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(2_000)
  assert.equal(second.error?.code, 'Expired')
  assert.match(second.error!.message, /within 2000 ms and 0 attempts; it waited for its turn within the rate limit/)
  assert.equal(producer.pendingRecords, 0)
})

test('without a list of shards records go one by one, and are aggregated once it is there', async () => {
  const { clock, kinesis, producer } = setUp()
  let isDown = true
  kinesis.onList = () => {
    if (isDown) throw fault('AccessDeniedException')
  }
  for (let i = 0; i < 3; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(200)
  assert.equal(kinesis.stored.length, 3)
  assert.equal(kinesis.lists, 1)
  isDown = false
  void producer.put({ partitionKey: 'k', data: '3' })
  await clock.advance(1_000)
  for (let i = 4; i < 9; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(1_000)
  for (let i = 9; i < 12; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(1_000)
  assert.equal(kinesis.texts().length, 12)
  assert.equal(kinesis.stored.at(-1)!.PartitionKey, 'a')
})

test('a list of shards that never comes holds nobody longer than a call may take', async () => {
  const { clock, kinesis, producer } = setUp({ requestTimeoutMs: 400 })
  const send = kinesis.send.bind(kinesis)
  kinesis.send = (command) =>
    'Records' in (command as { input: object }).input ? send(command) : new Promise(() => {})
  const put = watched(producer.put({ partitionKey: 'k', data: 'x' }))
  await clock.advance(400)
  assert.ok(put.value)
})

test('a list of shards that takes its time does not cost the records their order', async () => {
  const { clock, kinesis, producer } = setUp()
  const send = kinesis.send.bind(kinesis)
  kinesis.send = async (command) => {
    if (!('Records' in (command as { input: object }).input)) await clock.sleep(450)
    return send(command)
  }
  for (let i = 0; i < 2_000; i++) void producer.put({ partitionKey: 'k', data: `${i}` })
  await clock.advance(1_000)
  assert.deepEqual(
    kinesis.texts().map(Number),
    Array.from({ length: 2_000 }).map((_, i) => i),
  )
  assert.ok(kinesis.stored.every(({ PartitionKey }) => PartitionKey === 'a'))
})

test('a list of shards that leaves hash keys out is not believed', async () => {
  const { clock, kinesis, producer } = setUp({}, 3)
  kinesis.shards[1]!.isOpen = false
  const puts = Array.from({ length: 30 }, (_, i) => watched(producer.put({ partitionKey: `${i}`, data: 'x' })))
  kinesis.onPut = () => {
    kinesis.shards[1]!.isOpen = true
    return undefined
  }
  await clock.advance(200)
  assert.ok(puts.every(({ value }) => value))
  assert.ok(kinesis.stored.every(({ PartitionKey }) => PartitionKey !== 'a'))
})
