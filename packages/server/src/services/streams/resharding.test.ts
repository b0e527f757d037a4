import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyMax } from '@millrace/formats'
import { batchOf, LogClosed, LogNotFound } from '../../storage/log.ts'
import { completeResharding, scalingRound } from './resharding.ts'
import { openRangesOf, reshardingFixture } from './resharding-fixture.ts'
import { endingSequenceNumberOf, sequenceNumberOf, startingSequenceNumberOf } from './sequence-number.ts'
import { uniformRanges } from './shard-map.ts'
import { changed, isOpen, logIdOf, type PendingWork } from './stream.ts'

const half = 2n ** 127n

const account = 'stream s under account 000000000000'

const put = (text: string) => batchOf([Buffer.from(text)])

test('SplitShard leaves the stream UPDATING, then ACTIVE with two children in place of the parent', async () => {
  const { call, current, settle } = await reshardingFixture({ shardCount: 1 })
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: `${half}` })
  assert.equal(current().status, 'UPDATING')
  assert.equal(current().shardMap.openShards.length, 1)
  await settle()
  const { shards, status, pending } = current()
  assert.deepEqual([status, pending], ['ACTIVE', undefined])
  assert.deepEqual(
    shards.map(({ index, parentIndex, startingHashKey, endingHashKey }) => [
      index,
      parentIndex,
      startingHashKey,
      endingHashKey,
    ]),
    [
      [0, undefined, 0n, hashKeyMax],
      [1, 0, 0n, half - 1n],
      [2, 0, half, hashKeyMax],
    ],
  )
  assert.deepEqual(shards.map(isOpen), [false, true, true])
})

test('MergeShards takes the pair in either order and keeps both as parents', async () => {
  const { call, current, settle } = await reshardingFixture({ shardCount: 3 })
  await call('MergeShards', { StreamName: 's', ShardToMerge: '2', AdjacentShardToMerge: 'shardId-1' })
  await settle()
  const child = current().shards[3]!
  assert.deepEqual([child.index, child.parentIndex, child.adjacentParentIndex], [3, 2, 1])
  assert.deepEqual([child.startingHashKey, child.endingHashKey], [2n ** 128n / 3n, hashKeyMax])
  assert.deepEqual(current().shards.map(isOpen), [true, false, false, true])
})

test("a parent's log takes nothing any more and keeps what it has; the child's is empty and open", async () => {
  const { call, context, current, settle } = await reshardingFixture()
  const log = (index: number) => logIdOf(current(), index)
  await context.log.append(log(0), put('before'))
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: '1000' })
  await context.log.append(log(0), put('while UPDATING'))
  await settle()
  await assert.rejects(context.log.append(log(0), put('late')), LogClosed)
  assert.deepEqual(await context.log.bounds(log(0)), { start: 0, end: 2 })
  await context.log.append(log(2), put('first of the child'))
  assert.deepEqual(await context.log.bounds(log(2)), { start: 0, end: 1 })
})

test("a child's sequence numbers are above its parents', however fast the splits and wherever the clock goes", async () => {
  const { call, clock, current, settle } = await reshardingFixture({ shardCount: 1 })
  for (let generation = 0; generation < 6; generation++) {
    const shard = current().shardMap.openShards[0]!
    const middle = (shard.startingHashKey + shard.endingHashKey) / 2n
    await call('SplitShard', { StreamName: 's', ShardToSplit: `${shard.index}`, NewStartingHashKey: `${middle}` })
    if (generation % 2 === 1) clock.setWallClock(clock.nowMs() - 5_000)
    await settle()
  }
  for (const child of current().shards.filter(({ parentIndex }) => parentIndex !== undefined)) {
    const parent = current().shards[child.parentIndex!]!
    assert(BigInt(startingSequenceNumberOf(child)) > BigInt(endingSequenceNumberOf(parent)!))
    assert(BigInt(startingSequenceNumberOf(child)) > BigInt(sequenceNumberOf(parent, 1e9, parent.closedAtMs!)))
  }
})

test('a shard is not closed before its last record came, even if the clock went back', async () => {
  const { call, clock, context, current, settle } = await reshardingFixture()
  const { timestampMs } = await context.log.append(logIdOf(current(), 0), put('r'))
  clock.setWallClock(timestampMs - 60_000)
  await call('MergeShards', { StreamName: 's', ShardToMerge: '0', AdjacentShardToMerge: '1' })
  await settle()
  assert.equal(current().shards[0]!.closedAtMs, timestampMs)
})

test('a crash at any step of a resharding is made good by doing it again', async () => {
  for (const failing of ['close', 'create', 'put'] as const) {
    for (let failAt = 1; failAt <= 2; failAt++) {
      const { call, catalog, context, current, log, settle } = await reshardingFixture({ shardCount: 2 })
      await log.append(logIdOf(current(), 0), put('kept'))
      await call('MergeShards', { StreamName: 's', ShardToMerge: '0', AdjacentShardToMerge: '1' })
      let calls = 0
      const target = (failing === 'put' ? catalog : log) as unknown as Record<string, (...a: unknown[]) => unknown>
      const real = target[failing]!
      target[failing] = (...args) => {
        if (++calls === failAt) throw new Error('crash')
        return real.apply(target, args)
      }
      await completeResharding(context, current()).catch((error: Error) => assert.equal(error.message, 'crash'))
      target[failing] = real
      await settle()
      assert.deepEqual(
        current().shards.map(({ index }) => index),
        [0, 1, 2],
        `${failing} ${failAt}`,
      )
      assert.deepEqual(openRangesOf(current()), [[0n, hashKeyMax]])
      assert.equal(current().status, 'ACTIVE')
      assert.deepEqual(await log.bounds(logIdOf(current(), 0)), { start: 0, end: 1 })
    }
  }
})

test('two processes that finish the same split make one pair of children', async () => {
  const { call, context, current } = await reshardingFixture({ shardCount: 1 })
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: `${half}` })
  const seen = current()
  await Promise.all([completeResharding(context, seen), completeResharding(context, seen)])
  assert.deepEqual(
    current().shards.map(({ index }) => index),
    [0, 1, 2],
  )
})

test('a stream that is deleted in the middle of a split keeps no logs of the children', async () => {
  const deletion: PendingWork = { kind: 'delete', dueAtMs: Number.MAX_SAFE_INTEGER }
  for (const isGone of [false, true]) {
    const { call, context, current } = await reshardingFixture({ shardCount: 1 })
    await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: `${half}` })
    const stream = current()
    const { log, streams } = context
    const create = log.create.bind(log)
    log.create = async (logId, options) => {
      await create(logId, options)
      if (isGone) await streams.remove(stream)
      else await streams.update('s', (newest) => changed(newest, { status: 'DELETING', pending: deletion }))
    }
    await completeResharding(context, stream)
    await assert.rejects(log.bounds(logIdOf(stream, 1)), LogNotFound)
    await assert.rejects(log.bounds(logIdOf(stream, 2)), LogNotFound)
  }
})

test('SplitShard refuses what AWS refuses, and changes nothing', async () => {
  const { call, context, current, settle } = await reshardingFixture({ shardCount: 2, limits: { shardCountMax: 4 } })
  const split = (ShardToSplit: string, NewStartingHashKey: bigint | number | string) =>
    call('SplitShard', { StreamName: 's', ShardToSplit, NewStartingHashKey: `${NewStartingHashKey}` })
  const before = current()
  const outside = (shard: string, key: bigint, start: bigint, end: bigint) => ({
    code: 'InvalidArgumentException',
    message:
      `NewStartingHashKey ${key} used in SplitShard() on shard ${shard} in ${account} is not both greater than one ` +
      `plus the shard's StartingHashKey ${start} and less than the shard's EndingHashKey ${end}.`,
  })
  for (const key of [0n, 1n, half - 1n, half, 10n ** 39n - 1n])
    await assert.rejects(split('shardId-000000000000', key), outside('shardId-000000000000', key, 0n, half - 1n))
  for (const key of [half, half + 1n, hashKeyMax])
    await assert.rejects(split('1', key), outside('shardId-000000000001', key, half, hashKeyMax))
  for (const id of ['shardId-000000000009', '9', 'x', 'shardId-x', '4294967296'])
    await assert.rejects(split(id, 5), {
      code: 'ResourceNotFoundException',
      message: `Could not find shard ${id} in ${account}.`,
    })
  await assert.rejects(split('0', '01'), { code: 'ValidationException' })
  await assert.rejects(call('SplitShard', { StreamName: 's' }), { code: 'ValidationException' })
  assert.equal(current(), before)

  await split('0', 2)
  await assert.rejects(split('1', half + 5n), {
    code: 'ResourceInUseException',
    message: 'Stream s under account 000000000000 not ACTIVE, instead in state UPDATING',
  })
  await settle()
  await assert.rejects(split('0', 2), {
    code: 'InvalidArgumentException',
    message:
      `Shard shardId-000000000000 in ${account} has already been merged or split, and thus is not eligible for ` +
      'merging or splitting.',
  })
  await split('1', half + 2n)
  await settle()
  await assert.rejects(split('3', 100), { code: 'LimitExceededException' })
  await context.streams.update('s', (stream) => changed(stream, { mode: 'ON_DEMAND' }))
  await assert.rejects(split('3', 100), { code: 'ValidationException' })
})

test('MergeShards refuses what AWS refuses, and changes nothing', async () => {
  const { call, context, current, settle } = await reshardingFixture({ shardCount: 4 })
  const merge = (ShardToMerge: string, AdjacentShardToMerge: string) =>
    call('MergeShards', { StreamName: 's', ShardToMerge, AdjacentShardToMerge })
  const before = current()
  for (const [a, b] of [
    ['0', '2'],
    ['3', '0'],
    ['1', '1'],
  ] as const)
    await assert.rejects(merge(a, b), {
      code: 'InvalidArgumentException',
      message:
        `Shards shardId-00000000000${a} and shardId-00000000000${b} in ${account} are not an adjacent pair of ` +
        'shards eligible for merging',
    })
  await assert.rejects(merge('0', '7'), { code: 'ResourceNotFoundException' })
  assert.equal(current(), before)
  await merge('0', '1')
  await assert.rejects(merge('2', '3'), { code: 'ResourceInUseException' })
  await settle()
  await assert.rejects(merge('1', '2'), { code: 'InvalidArgumentException', message: /already been merged or split/ })
  await context.streams.update('s', (stream) => changed(stream, { mode: 'ON_DEMAND' }))
  await assert.rejects(merge('2', '3'), { code: 'ValidationException' })
})

test('scaling ends with exactly the uniform ranges, through splits and merges alone', async () => {
  for (const [from, target] of [
    [1, 2],
    [2, 1],
    [3, 4],
    [4, 3],
    [5, 10],
    [10, 5],
    [7, 13],
    [13, 7],
    [4, 4],
  ] as const) {
    const { context, current, settle, openRanges } = await reshardingFixture({ shardCount: from })
    const pending: PendingWork = { kind: 'scale', dueAtMs: 0, targetShardCount: target }
    await context.streams.update('s', (stream) => changed(stream, { status: 'UPDATING', pending }))
    await settle()
    assert.deepEqual(
      openRanges(),
      uniformRanges(target).map(({ startingHashKey, endingHashKey }) => [startingHashKey, endingHashKey]),
    )
    assert.deepEqual(scalingRound(current(), target), [])
    assert.equal(current().status, 'ACTIVE')
  }
})

test('scaling from uneven ranges evens them out', async () => {
  const { call, context, settle, openRanges } = await reshardingFixture({ shardCount: 1 })
  for (const [shard, key] of [
    ['0', '2'],
    ['2', '17'],
    ['4', `${hashKeyMax - 1n}`],
  ] as const) {
    await call('SplitShard', { StreamName: 's', ShardToSplit: shard, NewStartingHashKey: key })
    await settle()
  }
  const pending: PendingWork = { kind: 'scale', dueAtMs: 0, targetShardCount: 3 }
  await context.streams.update('s', (stream) => changed(stream, { status: 'UPDATING', pending }))
  await settle()
  assert.deepEqual(
    openRanges(),
    uniformRanges(3).map(({ startingHashKey, endingHashKey }) => [startingHashKey, endingHashKey]),
  )
})
