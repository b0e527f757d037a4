import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from '../fixture.ts'

const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

async function fiveShards() {
  const fixture = await streamsFixture()
  await fixture.activeStream('s', 5)
  const page = async (more: object) => {
    const { StreamDescription } = await fixture.call('DescribeStream', { StreamName: 's', ...more })
    const indexes = StreamDescription.Shards.map(({ ShardId }: { ShardId: string }) => Number(ShardId.slice(-1)))
    return [indexes, StreamDescription.HasMoreShards]
  }
  return { ...fixture, page }
}

test('pages of shards begin behind ExclusiveStartShardId, and tell whether more come', async () => {
  const { page } = await fiveShards()
  assert.deepEqual(await page({}), [[0, 1, 2, 3, 4], false])
  assert.deepEqual(await page({ Limit: 2 }), [[0, 1], true])
  assert.deepEqual(await page({ Limit: 2, ExclusiveStartShardId: 'shardId-000000000001' }), [[2, 3], true])
  assert.deepEqual(await page({ Limit: 1, ExclusiveStartShardId: 'shardId-000000000003' }), [[4], false])
  assert.deepEqual(await page({ ExclusiveStartShardId: 'shardId-000000000004' }), [[], false])
})

test('a page has 100 shards at most', async () => {
  const { activeStream, call } = await streamsFixture()
  await activeStream('s', 101)
  for (const more of [{}, { Limit: 10_000 }]) {
    const { StreamDescription } = await call('DescribeStream', { StreamName: 's', ...more })
    assert.deepEqual([StreamDescription.Shards.length, StreamDescription.HasMoreShards], [100, true])
  }
})

test('a stream is named by name, by ARN, or by both if they agree', async () => {
  const { call } = await fiveShards()
  for (const input of [{ StreamName: 's' }, { StreamARN }, { StreamName: 's', StreamARN }])
    assert.equal((await call('DescribeStream', input)).StreamDescription.StreamARN, StreamARN)
  for (const [input, code] of [
    [{}, 'InvalidArgumentException'],
    [{ StreamName: 't', StreamARN }, 'InvalidArgumentException'],
    [{ StreamARN: StreamARN.replace('000000000000', '111111111111') }, 'ResourceNotFoundException'],
    [{ StreamARN: StreamARN.replace('us-east-1', 'us-east-2') }, 'ResourceNotFoundException'],
    [{ StreamName: 's', ExclusiveStartShardId: 'none' }, 'ResourceNotFoundException'],
    [{ StreamName: 's', Limit: 0 }, 'ValidationException'],
  ] as const)
    await assert.rejects(call('DescribeStream', input), { code }, JSON.stringify(input))
})

test('the summary counts open shards and consumers, and has no on-demand members for a provisioned stream', async () => {
  const { call, clock } = await fiveShards()
  await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c' })
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: '1000' })
  await clock.advance(50)
  const { StreamCreationTimestamp: _, ...summary } = (await call('DescribeStreamSummary', { StreamARN }))
    .StreamDescriptionSummary
  assert.deepEqual(summary, {
    StreamName: 's',
    StreamARN,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    RetentionPeriodHours: 24,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
    OpenShardCount: 6,
    ConsumerCount: 1,
    MaxRecordSizeInKiB: 1024,
  })
})
