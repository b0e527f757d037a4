import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reshardingFixture } from '../resharding-fixture.ts'
import { uniformRanges } from '../shard-map.ts'
import { changed } from '../stream.ts'

const scale = (TargetShardCount: unknown, ScalingType: unknown = 'UNIFORM_SCALING') => ({
  StreamName: 's',
  TargetShardCount,
  ScalingType,
})

test('UpdateShardCount answers with both counts and ends, round by round, in uniform shards', async () => {
  const { call, clock, current, settle } = await reshardingFixture({ shardCount: 3 })
  assert.deepEqual(await call('UpdateShardCount', scale(4)), {
    StreamName: 's',
    CurrentShardCount: 3,
    TargetShardCount: 4,
    StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  })
  assert.equal(current().status, 'UPDATING')
  assert.equal(current().pending?.dueAtMs, clock.nowMs() + 50)
  await settle()
  assert.equal(current().status, 'ACTIVE')
  assert.deepEqual(
    current().shardMap.openShards.map(({ startingHashKey, endingHashKey }) => ({ startingHashKey, endingHashKey })),
    uniformRanges(4),
  )
  // Through short-lived shards: three splits, then two merges.
  assert.equal(current().shards.length, 3 + 6 + 2)
})

test('UpdateShardCount to the present count evens the shards out', async () => {
  const { call, current, settle } = await reshardingFixture({ shardCount: 1 })
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: '10' })
  await settle()
  const { CurrentShardCount } = await call('UpdateShardCount', scale(2))
  assert.equal(CurrentShardCount, 2)
  await settle()
  assert.deepEqual(
    current().shardMap.openShards.map(({ startingHashKey, endingHashKey }) => ({ startingHashKey, endingHashKey })),
    uniformRanges(2),
  )
})

test('UpdateShardCount takes twice and half of the open shards, and nothing beyond', async () => {
  for (const [from, target, refused] of [
    [3, 6, undefined],
    [3, 7, 'UpdateShardCount cannot scale up over double your current open shard count.'],
    [4, 2, undefined],
    [4, 1, 'UpdateShardCount cannot scale down below half your current open shard count.'],
    [5, 2, 'UpdateShardCount cannot scale down below half your current open shard count.'],
    [5, 3, undefined],
    [2, 10_001, 'Target shard count or number of open shards cannot be greater than 10000.'],
  ] as const) {
    const { call, current } = await reshardingFixture({ shardCount: from })
    if (!refused) {
      await call('UpdateShardCount', scale(target))
      continue
    }
    const before = current()
    await assert.rejects(call('UpdateShardCount', scale(target)), {
      code: 'LimitExceededException',
      message: `${refused} Current open shard count: ${from}, Target shard count: ${target}`,
    })
    assert.equal(current(), before)
  }
})

test('UpdateShardCount checks its input, the state, the mode and the room in the account', async () => {
  const { call, context, settle } = await reshardingFixture({ shardCount: 2, limits: { shardCountMax: 3 } })
  for (const input of [scale(0), scale(-1), scale(2, 'OTHER'), scale(undefined), scale(2, null)])
    await assert.rejects(call('UpdateShardCount', input), { code: 'ValidationException' })
  await assert.rejects(call('UpdateShardCount', { ...scale(2), StreamName: 'none' }), {
    code: 'ResourceNotFoundException',
  })
  await assert.rejects(call('UpdateShardCount', scale(4)), {
    code: 'LimitExceededException',
    message:
      /^This request would exceed the shard limit for the account 000000000000 in us-east-1\. Current shard count for the account: 2\. Limit: 3\. Number of additional shards that would have resulted from this request: 2\./,
  })
  await call('UpdateShardCount', scale(3))
  await assert.rejects(call('UpdateShardCount', scale(3)), { code: 'ResourceInUseException' })
  await settle()
  await context.streams.update('s', (stream) => changed(stream, { mode: 'ON_DEMAND' }))
  await assert.rejects(call('UpdateShardCount', scale(3)), { code: 'ValidationException' })
})

test('UpdateShardCount is allowed ten times in any 24 hours', async () => {
  const { call, clock, settle } = await reshardingFixture({ shardCount: 2, limits: { shardCountUpdatesPerDay: 10 } })
  const hourMs = 3_600_000
  for (let i = 0; i < 10; i++) {
    await call('UpdateShardCount', scale(2))
    await settle()
    await clock.advance(hourMs)
  }
  await assert.rejects(call('UpdateShardCount', scale(2)), { code: 'LimitExceededException' })
  await clock.advance(14 * hourMs)
  await call('UpdateShardCount', scale(2))
  await settle()
  await assert.rejects(call('UpdateShardCount', scale(2)), { code: 'LimitExceededException' })
})
