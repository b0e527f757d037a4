import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from './fixture.ts'
import type { StreamsLimits } from './limits.ts'

const dayMs = 86_400_000

async function accountFixture(limits: Partial<StreamsLimits> = {}) {
  const fixture = await streamsFixture({ limits })
  const { call, clock } = fixture
  const commit = async (Status: string) =>
    (await call('UpdateAccountSettings', { MinimumThroughputBillingCommitment: { Status } }))
      .MinimumThroughputBillingCommitment
  const settings = async () => (await call('DescribeAccountSettings', {})).MinimumThroughputBillingCommitment
  await call('CreateStream', { StreamName: 's', StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
  await clock.advance(50)
  const warm = (WarmThroughputMiBps: number) =>
    call('UpdateStreamWarmThroughput', { StreamName: 's', WarmThroughputMiBps })
  return { ...fixture, commit, settings, warm }
}

test('a commitment lasts a day at least, and then until it is ended', async () => {
  const { clock, commit, settings } = await accountFixture()
  assert.deepEqual(await settings(), { Status: 'DISABLED' })
  assert.deepEqual(await commit('DISABLED'), { Status: 'DISABLED' })
  const StartedAt = new Date(clock.nowMs())
  const EarliestAllowedEndAt = new Date(clock.nowMs() + dayMs)
  const enabled = { Status: 'ENABLED', StartedAt, EarliestAllowedEndAt }
  assert.deepEqual(await commit('ENABLED'), enabled)
  await clock.advance(dayMs / 2)
  assert.deepEqual(await commit('ENABLED'), enabled)
  const ending = { ...enabled, Status: 'ENABLED_UNTIL_EARLIEST_ALLOWED_END', EndedAt: EarliestAllowedEndAt }
  assert.deepEqual(await commit('DISABLED'), ending)
  assert.deepEqual(await settings(), ending)
  await clock.advance(dayMs / 2)
  assert.deepEqual(await settings(), { ...ending, Status: 'DISABLED' })
})

test('a commitment that is ending goes on when it is asked for again, and one of more than a day ends at once', async () => {
  const { clock, commit } = await accountFixture()
  const { StartedAt } = await commit('ENABLED')
  await commit('DISABLED')
  const again = await commit('ENABLED')
  assert.deepEqual([again.Status, again.StartedAt, 'EndedAt' in again], ['ENABLED', StartedAt, false])
  await clock.advance(2 * dayMs)
  const ended = await commit('DISABLED')
  assert.deepEqual([ended.Status, ended.EndedAt], ['DISABLED', new Date(clock.nowMs())])
})

test('warm throughput is for on-demand streams of committed accounts', async () => {
  const { activeStream, call, clock, commit, warm } = await accountFixture()
  await assert.rejects(warm(10), { code: 'ValidationException' })
  await commit('ENABLED')
  const { StreamName, WarmThroughput } = await warm(10)
  assert.deepEqual([StreamName, WarmThroughput.TargetMiBps], ['s', 10])
  await assert.rejects(warm(11), { code: 'ResourceInUseException' })
  await clock.advance(50)
  await assert.rejects(warm(10_241), { code: 'ValidationException' })
  await activeStream('provisioned')
  await assert.rejects(call('UpdateStreamWarmThroughput', { StreamName: 'provisioned', WarmThroughputMiBps: 1 }), {
    code: 'InvalidArgumentException',
  })
})

test('a stream is scaled to its warm throughput by real shards, and tells how far it is', async () => {
  const { call, clock, commit } = await accountFixture({ shardBytesInPerSecond: 1024 * 1024 })
  await commit('ENABLED')
  const { WarmThroughput } = await call('UpdateStreamWarmThroughput', { StreamName: 's', WarmThroughputMiBps: 8 })
  assert.deepEqual(WarmThroughput, { TargetMiBps: 8, CurrentMiBps: 4 })
  await clock.advance(1000)
  const { StreamDescriptionSummary: summary } = await call('DescribeStreamSummary', { StreamName: 's' })
  assert.deepEqual([summary.WarmThroughput, summary.OpenShardCount], [{ TargetMiBps: 8, CurrentMiBps: 8 }, 8])
})
