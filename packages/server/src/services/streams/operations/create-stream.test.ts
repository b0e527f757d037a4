import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../storage/catalog.ts'
import { MemoryCatalog } from '../../../storage/memory/memory-catalog.ts'
import { streamsFixture } from '../fixture.ts'

const create = (StreamName: string, more: object = { ShardCount: 1 }) => ({ StreamName, ...more })
const onDemand = { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }

/** Shows a change a little after it was asked for, as a disk does. */
class SlowCatalog extends MemoryCatalog {
  override async put(key: string, value: Json, expectedVersion: number) {
    await new Promise((resolve) => setImmediate(resolve))
    return super.put(key, value, expectedVersion)
  }
}

test('a new stream has the defaults of AWS, and shards once it is ACTIVE', async () => {
  const { call, clock } = await streamsFixture()
  assert.equal(await call('CreateStream', create('s', { ShardCount: 3 })), undefined)
  const describe = async () => (await call('DescribeStream', { StreamName: 's' })).StreamDescription
  const creating = await describe()
  assert.deepEqual([creating.StreamStatus, creating.Shards], ['CREATING', []])
  await clock.advance(50)
  const { Shards, StreamCreationTimestamp, ...rest } = await describe()
  assert.equal(Shards.length, 3)
  assert.equal(StreamCreationTimestamp.getTime(), clock.nowMs() - 50)
  assert.deepEqual(rest, {
    StreamName: 's',
    StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    RetentionPeriodHours: 24,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
    HasMoreShards: false,
  })
})

test('tags, mode, record size and distribution can be given at once', async () => {
  const { call, clock } = await streamsFixture()
  const more = { ...onDemand, Tags: { a: 'b' }, MaxRecordSizeInKiB: 10_240, RecordDistributionStrategy: 'AUTO' }
  await call('CreateStream', create('s', more))
  assert.deepEqual((await call('ListTagsForStream', { StreamName: 's' })).Tags, [{ Key: 'a', Value: 'b' }])
  await clock.advance(50)
  const { StreamDescriptionSummary: summary } = await call('DescribeStreamSummary', { StreamName: 's' })
  assert.equal(summary.StreamModeDetails.StreamMode, 'ON_DEMAND')
  assert.equal(summary.OpenShardCount, 4)
  assert.equal(summary.MaxRecordSizeInKiB, 10_240)
  assert.equal(summary.RecordDistributionStrategy, 'AUTO')
})

test('ShardCount goes with provisioned streams only, and distribution with on-demand ones', async () => {
  const { call, context } = await streamsFixture()
  for (const [more, code] of [
    [{}, 'ValidationException'],
    [{ ...onDemand, ShardCount: 1 }, 'ValidationException'],
    [{ ShardCount: 0 }, 'ValidationException'],
    [{ ShardCount: 100_001 }, 'ValidationException'],
    [{ ShardCount: 1, MaxRecordSizeInKiB: 1023 }, 'ValidationException'],
    [{ ShardCount: 1, MaxRecordSizeInKiB: 10_241 }, 'ValidationException'],
    [{ ShardCount: 1, RecordDistributionStrategy: 'AUTO' }, 'InvalidArgumentException'],
    [{ ShardCount: 1, WarmThroughputMiBps: 1 }, 'InvalidArgumentException'],
    [{ ...onDemand, WarmThroughputMiBps: 1 }, 'ValidationException'],
    [{ ShardCount: 1, Tags: { a: '?' } }, 'InvalidArgumentException'],
  ] as const)
    await assert.rejects(call('CreateStream', create('s', more)), { code }, JSON.stringify(more))
  assert.deepEqual(context.streams.all(), [])
})

test('a name is taken until its stream is gone', async () => {
  const { activeStream, call, clock } = await streamsFixture()
  await activeStream('s')
  const taken = { code: 'ResourceInUseException', message: 'Stream s under account 000000000000 already exists.' }
  await assert.rejects(call('CreateStream', create('s')), taken)
  await call('DeleteStream', { StreamName: 's' })
  await assert.rejects(call('CreateStream', create('s')), taken)
  await clock.advance(50)
  await call('CreateStream', create('s'))
})

test('five streams may be CREATING, also when many are asked for at once', async () => {
  const { call, clock, context } = await streamsFixture({ parts: { catalog: new SlowCatalog() } })
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => call('CreateStream', create(`s${i}`))))
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
  assert.deepEqual(refused, ['LimitExceededException', 'LimitExceededException', 'LimitExceededException'])
  assert.equal(context.streams.all().length, 5)
  await clock.advance(50)
  await call('CreateStream', create('s5'))
})

test('the limits on shards and on-demand streams hold for what is asked at once', async () => {
  const { call, clock, context } = await streamsFixture({
    limits: { shardCountMax: 10, onDemandStreamCountMax: 1 },
    parts: { catalog: new SlowCatalog() },
  })
  const outcomes = await Promise.allSettled([
    call('CreateStream', create('a', onDemand)),
    call('CreateStream', create('b', onDemand)),
    call('CreateStream', create('c', { ShardCount: 6 })),
    call('CreateStream', create('d', { ShardCount: 1 })),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  assert.deepEqual(
    context.streams.all().map(({ name }) => name),
    ['a', 'c'],
  )
  await clock.advance(50)
  assert.deepEqual(await call('DescribeLimits', {}), {
    ShardLimit: 10,
    OpenShardCount: 10,
    OnDemandStreamCount: 1,
    OnDemandStreamCountLimit: 1,
    ChannelCount: 0,
    ChannelCountLimit: 2,
  })
})

test('two splits at once take the last shard of the account once', async () => {
  const { activeStream, call } = await streamsFixture({
    limits: { shardCountMax: 3 },
    parts: { catalog: new SlowCatalog() },
  })
  await activeStream('a')
  await activeStream('b')
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((StreamName) => call('SplitShard', { StreamName, ShardToSplit: '0', NewStartingHashKey: '1000' })),
  )
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})
