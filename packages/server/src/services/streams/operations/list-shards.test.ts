import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyMax } from '@millrace/formats'
import { reshardingFixture } from '../resharding-fixture.ts'
import { changed, makeStream } from '../stream.ts'

const half = 2n ** 127n
const hourMs = 3_600_000

/** Shards 0 and 1; an hour later 1 is split into 2 and 3; an hour after that 2 and 3 are merged into 4. */
async function history() {
  const fixture = await reshardingFixture({ shardCount: 2 })
  const { call, clock, settle } = fixture
  const createdMs = clock.nowMs()
  await clock.advance(hourMs)
  await call('SplitShard', { StreamName: 's', ShardToSplit: '1', NewStartingHashKey: `${half + 5n}` })
  const splitMs = clock.nowMs()
  await settle()
  await clock.advance(hourMs)
  await call('MergeShards', { StreamName: 's', ShardToMerge: '2', AdjacentShardToMerge: '3' })
  const mergedMs = clock.nowMs()
  await settle()
  await clock.advance(hourMs)
  /** Indexes of the listed shards. */
  async function list(input: object): Promise<number[]> {
    const { Shards } = await call('ListShards', { StreamName: 's', ...input })
    return Shards.map(({ ShardId }: { ShardId: string }) => Number(ShardId.split('-')[1]))
  }
  const at = (Type: string, ms?: number) =>
    list({ ShardFilter: ms === undefined ? { Type } : { Type, Timestamp: new Date(ms) } })
  return { ...fixture, createdMs, splitMs, mergedMs, list, at }
}

test('ListShards shows each shard with its parents, its range and its sequence numbers', async () => {
  const { call } = await history()
  const { Shards, NextToken } = await call('ListShards', { StreamName: 's' })
  assert.equal(NextToken, undefined)
  assert.equal(Shards.length, 5)
  const [first, second, third, , last] = Shards
  assert.deepEqual(Object.keys(first), ['ShardId', 'HashKeyRange', 'SequenceNumberRange'])
  assert.deepEqual(first.HashKeyRange, { StartingHashKey: '0', EndingHashKey: `${half - 1n}` })
  assert.equal(first.SequenceNumberRange.EndingSequenceNumber, undefined)
  assert.match(first.SequenceNumberRange.StartingSequenceNumber, /^49\d{54}$/)
  assert.match(second.SequenceNumberRange.EndingSequenceNumber, /^49\d{54}$/)
  assert.equal(third.ParentShardId, 'shardId-000000000001')
  assert.equal(third.AdjacentParentShardId, undefined)
  assert.deepEqual(
    [last.ShardId, last.ParentShardId, last.AdjacentParentShardId, last.HashKeyRange],
    [
      'shardId-000000000004',
      'shardId-000000000002',
      'shardId-000000000003',
      { StartingHashKey: `${half}`, EndingHashKey: `${hashKeyMax}` },
    ],
  )
})

test('AT_LATEST lists the open shards, FROM_TRIM_HORIZON all, AT_TRIM_HORIZON the first ones', async () => {
  const { at } = await history()
  assert.deepEqual(await at('AT_LATEST'), [0, 4])
  assert.deepEqual(await at('FROM_TRIM_HORIZON'), [0, 1, 2, 3, 4])
  assert.deepEqual(await at('AT_TRIM_HORIZON'), [0, 1])
})

test('AT_TIMESTAMP lists the shards that were open then, FROM_TIMESTAMP those that were open then or later', async () => {
  const { at, createdMs, splitMs, mergedMs, clock } = await history()
  const midway = splitMs + hourMs / 2
  assert.deepEqual(await at('AT_TIMESTAMP', createdMs), [0, 1])
  assert.deepEqual(await at('AT_TIMESTAMP', splitMs), [0, 1])
  assert.deepEqual(await at('AT_TIMESTAMP', midway), [0, 2, 3])
  assert.deepEqual(await at('AT_TIMESTAMP', mergedMs + hourMs / 2), [0, 4])
  assert.deepEqual(await at('AT_TIMESTAMP', clock.nowMs() + hourMs), [0, 4])
  assert.deepEqual(await at('FROM_TIMESTAMP', createdMs), [0, 1, 2, 3, 4])
  assert.deepEqual(await at('FROM_TIMESTAMP', midway), [0, 2, 3, 4])
  assert.deepEqual(await at('FROM_TIMESTAMP', clock.nowMs()), [0, 4])
  // From before the stream was there: as from the trim horizon.
  assert.deepEqual(await at('AT_TIMESTAMP', 0), [0, 1])
  assert.deepEqual(await at('FROM_TIMESTAMP', 0), [0, 1, 2, 3, 4])
})

test('at every time, the shards that AT_TIMESTAMP lists hold each hash key once', async () => {
  const { call, createdMs, mergedMs } = await history()
  for (let ms = createdMs - 2; ms < mergedMs + 3000; ms += ms % hourMs < 2500 ? 1 : 60_000) {
    const input = { StreamName: 's', ShardFilter: { Type: 'AT_TIMESTAMP', Timestamp: new Date(ms) } }
    const { Shards } = await call('ListShards', input)
    const ranges: [bigint, bigint][] = Shards.map(
      ({ HashKeyRange }: { HashKeyRange: { StartingHashKey: string; EndingHashKey: string } }) =>
        [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)] as const,
    )
    ranges.sort(([a], [b]) => (a < b ? -1 : 1))
    assert.equal(ranges[0]![0], 0n)
    assert.equal(ranges.at(-1)![1], hashKeyMax)
    for (let i = 1; i < ranges.length; i++) assert.equal(ranges[i]![0], ranges[i - 1]![1] + 1n)
  }
})

test('a closed shard is listed until the last of its records is gone, whether or not it was cleared away', async () => {
  const { at, clock, context, splitMs } = await history()
  await clock.advance(splitMs + 24 * hourMs - clock.nowMs() + 200)
  assert.deepEqual(await at('FROM_TRIM_HORIZON'), [0, 2, 3, 4])
  assert.deepEqual(await at('AT_TRIM_HORIZON'), [0, 2, 3])
  assert.deepEqual(await at('AT_TIMESTAMP', splitMs), [0, 2, 3])
  await context.streams.update('s', (stream) =>
    changed(stream, { shards: stream.shards.filter(({ index }) => index !== 1) }),
  )
  assert.deepEqual(await at('FROM_TRIM_HORIZON'), [0, 2, 3, 4])
  assert.deepEqual(await at('AT_TRIM_HORIZON'), [0, 2, 3])
})

test('ExclusiveStartShardId and AFTER_SHARD_ID begin behind a shard, in whatever form its id is written', async () => {
  const { list } = await history()
  assert.deepEqual(await list({ ExclusiveStartShardId: 'shardId-000000000002' }), [3, 4])
  assert.deepEqual(await list({ ExclusiveStartShardId: '2' }), [3, 4])
  assert.deepEqual(await list({ ExclusiveStartShardId: 'shardId-4' }), [])
  assert.deepEqual(
    await list({ ShardFilter: { Type: 'AFTER_SHARD_ID', ShardId: 'shardId-000000000000' } }),
    [1, 2, 3, 4],
  )
  assert.deepEqual(await list({ ExclusiveStartShardId: '0', ShardFilter: { Type: 'AT_LATEST' } }), [4])
  await assert.rejects(list({ ExclusiveStartShardId: 'nonsense' }), { code: 'ResourceNotFoundException' })
})

test('a NextToken goes on where the page ended, with the same filter, and needs no stream name', async () => {
  const { call, createdMs } = await history()
  const ShardFilter = { Type: 'FROM_TIMESTAMP', Timestamp: new Date(createdMs) }
  const seen: string[] = []
  let answer = await call('ListShards', { StreamName: 's', MaxResults: 2, ShardFilter })
  for (;;) {
    assert(answer.Shards.length <= 2)
    for (const { ShardId } of answer.Shards) seen.push(ShardId.at(-1))
    if (answer.NextToken === undefined) break
    answer = await call('ListShards', { NextToken: answer.NextToken, MaxResults: 2 })
  }
  assert.equal(seen.join(''), '01234')
})

test('a NextToken is refused when it is expired, forged, or given beside what it already says', async () => {
  const { call, clock, context, current } = await history()
  const { NextToken } = await call('ListShards', { StreamName: 's', MaxResults: 1 })
  const together = (member: string) => ({
    code: 'InvalidArgumentException',
    message: `NextToken and ${member} cannot be provided together.`,
  })
  await assert.rejects(call('ListShards', { NextToken, StreamName: 's' }), together('StreamName'))
  await assert.rejects(call('ListShards', { NextToken, ExclusiveStartShardId: '0' }), together('ExclusiveStartShardId'))
  await assert.rejects(
    call('ListShards', { NextToken, StreamCreationTimestamp: new Date(0) }),
    together('StreamCreationTimestamp'),
  )
  await assert.rejects(call('ListShards', {}), {
    code: 'InvalidArgumentException',
    message: 'Either NextToken or StreamName should be provided.',
  })
  const other = 'arn:aws:kinesis:us-east-1:000000000000:stream/other'
  const forged = context.tokens.seal('another kind', { name: 's' })
  for (const input of [{ NextToken: 'x' }, { NextToken: forged }, { NextToken, StreamARN: other }])
    await assert.rejects(call('ListShards', input), { code: 'InvalidArgumentException' })
  await clock.advance(300_000)
  const own = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
  assert.equal((await call('ListShards', { NextToken, StreamARN: own })).Shards.length, 4)
  await clock.advance(1)
  await assert.rejects(call('ListShards', { NextToken }), { code: 'ExpiredNextTokenException' })

  const fresh = await call('ListShards', { StreamName: 's', MaxResults: 1 })
  const old = current()
  await context.streams.remove(old)
  await context.streams.create(makeStream({ ...old, id: 'another' }))
  await assert.rejects(call('ListShards', { NextToken: fresh.NextToken }), { code: 'ResourceNotFoundException' })
})

test('a page holds 1000 shards at most, which is also the default', async () => {
  const { call } = await reshardingFixture({ shardCount: 1003 })
  for (const input of [{}, { MaxResults: 10_000 }]) {
    const first = await call('ListShards', { StreamName: 's', ...input })
    assert.equal(first.Shards.length, 1000)
    assert.equal((await call('ListShards', { NextToken: first.NextToken })).Shards.length, 3)
  }
  for (const MaxResults of [0, 10_001])
    await assert.rejects(call('ListShards', { StreamName: 's', MaxResults }), { code: 'ValidationException' })
})

test('a filter must have the member that its type needs, and no other', async () => {
  const { list } = await history()
  for (const ShardFilter of [
    { Type: 'AT_TIMESTAMP' },
    { Type: 'FROM_TIMESTAMP', ShardId: '0' },
    { Type: 'AFTER_SHARD_ID' },
    { Type: 'AT_LATEST', Timestamp: new Date(0) },
    { Type: 'AT_TRIM_HORIZON', ShardId: '0' },
  ])
    await assert.rejects(list({ ShardFilter }), { code: 'InvalidArgumentException' })
  for (const ShardFilter of [{}, { Type: 'NOW' }])
    await assert.rejects(list({ ShardFilter }), { code: 'ValidationException' })
})

test('StreamCreationTimestamp must be that of the stream, to the second', async () => {
  const { createdMs, list } = await history()
  assert.equal((await list({ StreamCreationTimestamp: new Date(createdMs + 999) })).length, 5)
  await assert.rejects(list({ StreamCreationTimestamp: new Date(createdMs + 1000) }), {
    code: 'ResourceNotFoundException',
  })
})
