import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { MemoryCatalog } from '../../../storage/memory/memory-catalog.ts'
import { streamsFixture } from '../fixture.ts'
import { reshardingFixture } from '../resharding-fixture.ts'

const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

async function consumersFixture() {
  const fixture = await reshardingFixture({ shardCount: 1 })
  const { call, clock } = fixture
  const register = (ConsumerName: string, more: object = {}) =>
    call('RegisterStreamConsumer', { StreamARN, ConsumerName, ...more })
  async function registerAll(...names: string[]) {
    for (const name of names) {
      await register(name)
      await clock.advance(50)
    }
  }
  const status = async (ConsumerName: string) =>
    (await call('DescribeStreamConsumer', { StreamARN, ConsumerName })).ConsumerDescription.ConsumerStatus
  return { ...fixture, register, registerAll, status }
}

test('a consumer is CREATING, then ACTIVE, then DELETING, then gone', async () => {
  const { call, clock, register, status } = await consumersFixture()
  const { Consumer } = await register('c')
  assert.equal(Consumer.ConsumerStatus, 'CREATING')
  assert.equal(Consumer.ConsumerARN, `${StreamARN}/consumer/c:${Math.floor(clock.nowMs() / 1000)}`)
  await clock.advance(50)
  assert.equal(await status('c'), 'ACTIVE')
  await call('DeregisterStreamConsumer', { ConsumerARN: Consumer.ConsumerARN })
  assert.equal(await status('c'), 'DELETING')
  await clock.advance(50)
  await assert.rejects(status('c'), { code: 'ResourceNotFoundException' })
})

test('a consumer is named by its ARN, by stream and name, or by all if they agree', async () => {
  const { call, registerAll } = await consumersFixture()
  await registerAll('c', 'd')
  const describe = async (input: object) =>
    (await call('DescribeStreamConsumer', input)).ConsumerDescription as Record<string, unknown>
  const { ConsumerARN, ...c } = await describe({ StreamARN, ConsumerName: 'c' })
  assert.equal(c.StreamARN, StreamARN)
  assert.equal((await describe({ ConsumerARN })).ConsumerName, 'c')
  assert.equal((await describe({ ConsumerARN, StreamARN, ConsumerName: 'c' })).ConsumerName, 'c')
  await assert.rejects(describe({ ConsumerARN, ConsumerName: 'd' }), { code: 'InvalidArgumentException' })
  await assert.rejects(describe({ StreamARN }), { code: 'InvalidArgumentException' })
  await assert.rejects(describe({ ConsumerARN: `${ConsumerARN}0` }), { code: 'ResourceNotFoundException' })
})

test('a name is taken once for each stream', async () => {
  const { register } = await consumersFixture()
  await register('c')
  await assert.rejects(register('c'), { code: 'ResourceInUseException' })
})

/** As on a disk: what is put is there a while later. */
class SlowCatalog extends MemoryCatalog {
  override async put(...change: Parameters<MemoryCatalog['put']>) {
    await setImmediate()
    return super.put(...change)
  }
}

test('of consumers that are registered at once no more than five are CREATING', async () => {
  const { activeStream, call } = await streamsFixture({ parts: { catalog: new SlowCatalog() } })
  await activeStream('s')
  const names = Array.from({ length: 8 }, (_, i) => `c${i}`)
  const outcomes = await Promise.allSettled(
    names.map((ConsumerName) => call('RegisterStreamConsumer', { StreamARN, ConsumerName })),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 5)
})

test('a stream that is deleted while a consumer is registered has none, or stays', async () => {
  const { activeStream, call } = await streamsFixture({ parts: { catalog: new SlowCatalog() } })
  await activeStream('s')
  const outcomes = await Promise.allSettled([
    call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c' }),
    call('DeleteStream', { StreamName: 's' }),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('a sixth consumer that is CREATING, and a twenty-first at all, are over the limit', async () => {
  const { clock, register, registerAll } = await consumersFixture()
  for (let i = 0; i < 5; i++) await register(`c${i}`)
  await assert.rejects(register('c5'), { code: 'LimitExceededException' })
  await clock.advance(50)
  await registerAll(...Array.from({ length: 15 }, (_, i) => `d${i}`))
  await assert.rejects(register('e'), { code: 'LimitExceededException' })
})

test('two registrations at once take one name once', async () => {
  const { register } = await consumersFixture()
  const outcomes = await Promise.allSettled([register('c'), register('c')])
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('pages of ListStreamConsumers give each consumer once, and their tokens expire after 300 s', async () => {
  const { call, clock, registerAll } = await consumersFixture()
  await registerAll('c', 'a', 'b')
  const first = await call('ListStreamConsumers', { StreamARN, MaxResults: 2 })
  const second = await call('ListStreamConsumers', { StreamARN, NextToken: first.NextToken })
  const names = [...first.Consumers, ...second.Consumers].map(({ ConsumerName }) => ConsumerName)
  assert.deepEqual(names, ['a', 'b', 'c'])
  assert.equal('NextToken' in second, false)
  const list = (more: object) => call('ListStreamConsumers', { StreamARN, ...more })
  await assert.rejects(list({ NextToken: 'x' }), { code: 'InvalidArgumentException' })
  await assert.rejects(list({ NextToken: first.NextToken, StreamCreationTimestamp: new Date() }), {
    code: 'InvalidArgumentException',
  })
  await assert.rejects(list({ StreamCreationTimestamp: new Date(0) }), { code: 'ResourceNotFoundException' })
  await clock.advance(300_001)
  await assert.rejects(list({ NextToken: first.NextToken }), { code: 'ExpiredNextTokenException' })
})

test('tags are there from the beginning, and the consumers of a stream go with it', async () => {
  const { context, current, register } = await consumersFixture()
  await register('c', { Tags: { team: 'a' } })
  const [consumer] = context.consumers.ofStream(current())
  assert.deepEqual([...consumer!.tags], [['team', 'a']])
  await context.consumers.tag(consumer!, new Map([['x', 'y']]))
  await context.consumers.untag(consumer!, ['team'])
  assert.deepEqual([...context.consumers.find(current(), 'c')!.tags], [['x', 'y']])
  await context.consumers.removeAll(current())
  assert.deepEqual(context.consumers.ofStream(current()), [])
})
