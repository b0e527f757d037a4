import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsLimits } from '../limits.ts'
import { reshardingFixture } from '../resharding-fixture.ts'
import { startingSequenceNumberOf } from '../sequence-number.ts'
import { changed } from '../stream.ts'

async function readingFixture(options: Parameters<typeof reshardingFixture>[0] = { shardCount: 1 }) {
  const fixture = await reshardingFixture(options)
  const { call } = fixture
  const put = (text: string) => call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from(text) })
  const iterator = async (ShardIteratorType: string, more: object = {}): Promise<string> => {
    const input = { StreamName: 's', ShardId: 'shardId-000000000000', ShardIteratorType, ...more }
    return (await call('GetShardIterator', input)).ShardIterator
  }
  const get = (ShardIterator: string, more: object = {}) => call('GetRecords', { ShardIterator, ...more })
  const texts = async (ShardIterator: string) =>
    (await get(ShardIterator)).Records.map(({ Data }: { Data: Uint8Array }) => Buffer.from(Data).toString()).join()
  return { ...fixture, put, iterator, get, texts }
}

test('the five types of iterator begin where they say', async () => {
  const { clock, put, iterator, texts } = await readingFixture()
  await put('a')
  await clock.advance(1000)
  const { SequenceNumber: StartingSequenceNumber } = await put('b')
  const Timestamp = new Date(clock.nowMs())
  await clock.advance(1000)
  await put('c')
  assert.equal(await texts(await iterator('TRIM_HORIZON')), 'a,b,c')
  assert.equal(await texts(await iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber })), 'b,c')
  assert.equal(await texts(await iterator('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber })), 'c')
  assert.equal(await texts(await iterator('AT_TIMESTAMP', { Timestamp })), 'b,c')
  assert.equal(await texts(await iterator('AT_TIMESTAMP', { Timestamp: new Date(0) })), 'a,b,c')
  const latest = await iterator('LATEST')
  assert.equal(await texts(latest), '')
  await put('d')
  assert.equal(await texts(latest), 'd')
})

test('a shard’s StartingSequenceNumber stands before its first record, AT and AFTER alike', async () => {
  const { current, put, iterator, texts } = await readingFixture()
  await put('a')
  const StartingSequenceNumber = startingSequenceNumberOf(current().shards[0]!)
  assert.equal(await texts(await iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber })), 'a')
  assert.equal(await texts(await iterator('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber })), 'a')
})

test('AT_TIMESTAMP after the last record answers an iterator, and in the future an error', async () => {
  const { clock, put, iterator, texts } = await readingFixture()
  await put('a')
  await clock.advance(1000)
  assert.equal(await texts(await iterator('AT_TIMESTAMP', { Timestamp: new Date(clock.nowMs()) })), '')
  await assert.rejects(iterator('AT_TIMESTAMP', { Timestamp: new Date(clock.nowMs() + 1) }), {
    code: 'InvalidArgumentException',
    message: /^The timestampInMillis parameter cannot be greater than the currentTimestampInMillis\./,
  })
  await assert.rejects(iterator('AT_TIMESTAMP'), /Must specify timestampInMillis parameter/)
})

test('a sequence number is wanted where the type takes one, and nowhere else', async () => {
  const { put, iterator } = await readingFixture()
  const { SequenceNumber: StartingSequenceNumber } = await put('a')
  await assert.rejects(iterator('AT_SEQUENCE_NUMBER'), /Request specified AT_SEQUENCE_NUMBER and no StartingSeq/)
  await assert.rejects(
    iterator('LATEST', { StartingSequenceNumber }),
    /Request specified LATEST and also a StartingSequenceNumber\.$/,
  )
})

test('a sequence number of another shard, another stream or nobody is refused', async () => {
  const { call, current, iterator } = await readingFixture({ shardCount: 2 })
  const at = (StartingSequenceNumber: string) => iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber })
  const shard = current().shards[0]!
  await assert.rejects(
    at(startingSequenceNumberOf(current().shards[1]!)),
    /It encodes shardId-000000000001, while it was used in a call to a shard with shardId-000000000000$/,
  )
  await assert.rejects(
    at(startingSequenceNumberOf({ ...shard, createdAtMs: shard.createdAtMs - 1000 })),
    /is invalid because it did not come from this stream\.$/,
  )
  await assert.rejects(at('7'), /^InvalidArgumentException: StartingSequenceNumber 7 used in GetShardIterator/)
  await assert.rejects(
    call('GetShardIterator', { StreamName: 's', ShardId: '5', ShardIteratorType: 'LATEST' }),
    /Shard shardId-000000000005 in stream s under account 000000000000 does not exist/,
  )
})

test('an iterator expires after five minutes, and one that we did not make is invalid', async () => {
  const { clock, iterator, get } = await readingFixture()
  const made = await iterator('LATEST')
  await clock.advance(300_000)
  await get(made)
  await clock.advance(1)
  await assert.rejects(get(made), {
    code: 'ExpiredIteratorException',
    message:
      'Iterator expired. The iterator was created at time Thu Jan 01 00:00:00 UTC 2026 while right now it is ' +
      'Thu Jan 01 00:05:00 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.',
  })
  await assert.rejects(get('AAAA'), { code: 'InvalidArgumentException', message: 'Invalid ShardIterator.' })
})

test('Limit bounds a page, and the pages together give every record once', async () => {
  const { iterator, get, put } = await readingFixture()
  for (const text of ['a', 'b', 'c']) await put(text)
  const first = await get(await iterator('TRIM_HORIZON'), { Limit: 2 })
  const second = await get(first.NextShardIterator, { Limit: 2 })
  assert.deepEqual([first.Records.length, second.Records.length], [2, 1])
  assert.equal((await get(second.NextShardIterator)).Records.length, 0)
})

test('MillisBehindLatest is the age of the last record given while there are more, and 0 at the tip', async () => {
  const { clock, iterator, get, put } = await readingFixture()
  await put('a')
  await put('b')
  await clock.advance(1500)
  const first = await get(await iterator('TRIM_HORIZON'), { Limit: 1 })
  assert.equal(first.MillisBehindLatest, 1500)
  assert.equal((await get(first.NextShardIterator)).MillisBehindLatest, 0)
})

test('a page holds at most 10 MiB', async () => {
  const { call, iterator, get } = await readingFixture()
  for (let i = 0; i < 12; i++)
    await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.alloc(1_000_000) })
  assert.equal((await get(await iterator('TRIM_HORIZON'))).Records.length, 10)
})

test('a closed shard ends, after its last record, without NextShardIterator and with its children', async () => {
  const { call, iterator, get, put, settle } = await readingFixture()
  await put('a')
  await put('b')
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: `${2n ** 127n}` })
  await settle()
  const first = await get(await iterator('TRIM_HORIZON'), { Limit: 1 })
  assert.ok(first.NextShardIterator)
  assert.equal(first.ChildShards, undefined)
  const last = await get(first.NextShardIterator)
  assert.equal(last.Records.length, 1)
  assert.equal('NextShardIterator' in last, false)
  assert.deepEqual(
    last.ChildShards.map(({ ShardId, ParentShards }: { ShardId: string; ParentShards: string[] }) => [
      ShardId,
      ParentShards,
    ]),
    [
      ['shardId-000000000001', ['shardId-000000000000']],
      ['shardId-000000000002', ['shardId-000000000000']],
    ],
  )
})

test('an iterator of a stream that was deleted is not found, also when the name lives again', async () => {
  const { context, current, iterator, get } = await readingFixture()
  const made = await iterator('LATEST')
  const stream = current()
  await context.streams.remove(stream)
  await assert.rejects(get(made), { code: 'ResourceNotFoundException' })
  await context.streams.create(changed(stream, { id: 'another' }))
  await assert.rejects(get(made), { code: 'ResourceNotFoundException' })
})

test('the StreamARN must be that of the iterator', async () => {
  const { iterator, get } = await readingFixture()
  const made = await iterator('LATEST')
  const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/'
  await get(made, { StreamARN: `${arn}s` })
  await assert.rejects(get(made, { StreamARN: `${arn}t` }), { code: 'InvalidArgumentException' })
})

test('a sixth call within a second is refused', async () => {
  const { clock, counted, iterator, get } = await readingFixture({ shardCount: 1, limits: awsLimits })
  const made = await iterator('LATEST')
  for (let i = 0; i < 5; i++) await get(made)
  await assert.rejects(get(made), { code: 'ProvisionedThroughputExceededException' })
  assert.equal(counted.filter(({ metric }) => metric === 'ReadProvisionedThroughputExceeded').length, 1)
  await clock.advance(200)
  await get(made)
})

test('after an answer of 10 MiB the shard gives nothing for five seconds', async () => {
  const limits = { ...awsLimits, shardBytesInPerSecond: Number.POSITIVE_INFINITY }
  const { call, clock, iterator, get } = await readingFixture({ shardCount: 1, limits })
  for (let i = 0; i < 10; i++)
    await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.alloc(1024 * 1024 - 16) })
  const { NextShardIterator, Records } = await get(await iterator('TRIM_HORIZON'))
  assert.equal(Records.length, 10)
  await clock.advance(4990)
  await assert.rejects(get(NextShardIterator), { code: 'ProvisionedThroughputExceededException' })
  await clock.advance(10)
  await get(NextShardIterator)
})

test('DryRun of both reads nothing and says that it would have worked', async () => {
  const { iterator, get } = await readingFixture()
  await assert.rejects(iterator('LATEST', { DryRun: true }), { code: 'DryRunOperationException' })
  await assert.rejects(get(await iterator('LATEST'), { DryRun: true }), { code: 'DryRunOperationException' })
})
