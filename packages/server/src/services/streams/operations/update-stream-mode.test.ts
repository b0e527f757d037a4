import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from '../fixture.ts'
import type { StreamsLimits } from '../limits.ts'

const hourMs = 3_600_000
const arnOf = (name: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`

async function modeFixture(limits: Partial<StreamsLimits> = {}) {
  const fixture = await streamsFixture({ limits })
  const { activeStream, call, clock } = fixture
  await activeStream('s', 3)
  const setMode = async (StreamMode: string, more: object = {}) => {
    await call('UpdateStreamMode', { StreamARN: arnOf('s'), StreamModeDetails: { StreamMode }, ...more })
    await clock.advance(50)
  }
  const summary = async () => (await call('DescribeStreamSummary', { StreamName: 's' })).StreamDescriptionSummary
  return { ...fixture, setMode, summary }
}

test('a stream keeps its shards when its mode changes', async () => {
  const { call, setMode, summary } = await modeFixture()
  const shards = await call('ListShards', { StreamName: 's' })
  await setMode('ON_DEMAND')
  assert.equal((await summary()).StreamModeDetails.StreamMode, 'ON_DEMAND')
  assert.equal((await summary()).RecordDistributionStrategy, 'USER_PARTITION_KEY')
  assert.deepEqual(await call('ListShards', { StreamName: 's' }), shards)
})

test('the mode changes twice in any 24 hours', async () => {
  const { clock, setMode, summary } = await modeFixture({ modeUpdatesPerDay: 2 })
  await setMode('ON_DEMAND')
  await clock.advance(12 * hourMs)
  await setMode('PROVISIONED')
  await assert.rejects(setMode('ON_DEMAND'), { code: 'LimitExceededException' })
  assert.equal((await summary()).StreamStatus, 'ACTIVE')
  await clock.advance(12 * hourMs)
  await setMode('ON_DEMAND')
  await assert.rejects(setMode('PROVISIONED'), { code: 'LimitExceededException' })
})

test('what only on-demand streams have ends with the mode', async () => {
  const { call, clock, setMode, summary } = await modeFixture()
  await setMode('ON_DEMAND')
  const auto = { StreamARN: arnOf('s'), RecordDistributionStrategy: 'AUTO' }
  await call('UpdateStreamRecordDistributionStrategy', auto)
  await clock.advance(50)
  assert.equal((await summary()).RecordDistributionStrategy, 'AUTO')
  await setMode('PROVISIONED')
  assert.equal('RecordDistributionStrategy' in (await summary()), false)
  await assert.rejects(call('UpdateStreamRecordDistributionStrategy', auto), { code: 'InvalidArgumentException' })
  await setMode('ON_DEMAND')
  assert.equal((await summary()).RecordDistributionStrategy, 'USER_PARTITION_KEY')
})

test('two streams that turn to on-demand at once take the last place once', async () => {
  const { activeStream, call, context } = await modeFixture({ onDemandStreamCountMax: 1 })
  await activeStream('t')
  const turn = (name: string) =>
    call('UpdateStreamMode', { StreamARN: arnOf(name), StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
  const outcomes = await Promise.allSettled([turn('s'), turn('t')])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(context.streams.get('t').mode, 'PROVISIONED')
})

test('a larger record size is set on an ACTIVE stream, within its bounds', async () => {
  const { call, clock, summary } = await modeFixture()
  const set = (MaxRecordSizeInKiB: number) => call('UpdateMaxRecordSize', { StreamARN: arnOf('s'), MaxRecordSizeInKiB })
  await set(10_240)
  await assert.rejects(set(1024), { code: 'ResourceInUseException' })
  await clock.advance(50)
  assert.equal((await summary()).MaxRecordSizeInKiB, 10_240)
  for (const size of [1023, 10_241]) await assert.rejects(set(size), { code: 'ValidationException' })
})
