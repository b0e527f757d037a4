import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from './fixture.ts'

const all = [
  'IncomingBytes',
  'IncomingRecords',
  'OutgoingBytes',
  'OutgoingRecords',
  'WriteProvisionedThroughputExceeded',
  'ReadProvisionedThroughputExceeded',
  'IteratorAgeMilliseconds',
]

async function monitoringFixture() {
  const fixture = await streamsFixture()
  const { activeStream, call, clock } = fixture
  await activeStream('s')
  const set = async (operation: 'Enable' | 'Disable', ...ShardLevelMetrics: string[]) => {
    const output = await call(`${operation}EnhancedMonitoring`, { StreamName: 's', ShardLevelMetrics })
    await clock.advance(50)
    return output
  }
  return { ...fixture, set }
}

test('metrics are enabled and disabled one by one, and the answer tells those before and after', async () => {
  const { call, set } = await monitoringFixture()
  const stream = { StreamName: 's', StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' }
  assert.deepEqual(await set('Enable', 'OutgoingBytes', 'IncomingBytes'), {
    ...stream,
    CurrentShardLevelMetrics: [],
    DesiredShardLevelMetrics: ['OutgoingBytes', 'IncomingBytes'],
  })
  await set('Enable', 'IncomingBytes', 'IncomingRecords')
  assert.deepEqual(await set('Disable', 'IncomingBytes', 'IteratorAgeMilliseconds'), {
    ...stream,
    CurrentShardLevelMetrics: ['OutgoingBytes', 'IncomingBytes', 'IncomingRecords'],
    DesiredShardLevelMetrics: ['OutgoingBytes', 'IncomingRecords'],
  })
  const { StreamDescription } = await call('DescribeStream', { StreamName: 's' })
  assert.deepEqual(StreamDescription.EnhancedMonitoring, [{ ShardLevelMetrics: ['OutgoingBytes', 'IncomingRecords'] }])
})

test('ALL is the seven metrics, enabled or disabled', async () => {
  const { set } = await monitoringFixture()
  assert.deepEqual((await set('Enable', 'ALL')).DesiredShardLevelMetrics, all)
  assert.deepEqual((await set('Disable', 'ALL')).DesiredShardLevelMetrics, [])
})

test('monitoring is changed on an ACTIVE stream, by names that AWS has', async () => {
  const { call, set } = await monitoringFixture()
  for (const names of [[], ['Other'], [...all, 'ALL']])
    await assert.rejects(set('Enable', ...names), { code: 'ValidationException' })
  await call('EnableEnhancedMonitoring', { StreamName: 's', ShardLevelMetrics: ['ALL'] })
  await assert.rejects(set('Disable', 'ALL'), { code: 'ResourceInUseException' })
})
