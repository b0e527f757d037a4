import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from './fixture.ts'

const hourMs = 3_600_000

async function retentionFixture() {
  const fixture = await streamsFixture()
  const { activeStream, call, clock, context } = fixture
  await activeStream('s')
  const change = async (operation: 'Increase' | 'Decrease', RetentionPeriodHours: number) => {
    await call(`${operation}StreamRetentionPeriod`, { StreamName: 's', RetentionPeriodHours })
    await clock.advance(50)
  }
  const put = (text: string) => call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from(text) })
  const kept = async () => {
    const from = { StreamName: 's', ShardId: '0', ShardIteratorType: 'TRIM_HORIZON' }
    const { ShardIterator } = await call('GetShardIterator', from)
    const { Records } = await call('GetRecords', { ShardIterator })
    return Records.map(({ Data }: { Data: Uint8Array }) => Buffer.from(Data).toString())
  }
  return { ...fixture, change, put, kept, hours: () => context.streams.get('s').retentionHours }
}

test('a shorter retention lets go of what is older, and a longer one does not bring it back', async () => {
  const { change, clock, hours, kept, put } = await retentionFixture()
  await change('Increase', 48)
  await put('old')
  await clock.advance(30 * hourMs)
  await put('new')
  assert.deepEqual(await kept(), ['old', 'new'])
  await change('Decrease', 24)
  assert.deepEqual([hours(), await kept()], [24, ['new']])
  await change('Increase', 8760)
  assert.deepEqual([hours(), await kept()], [8760, ['new']])
})

test('a record is there until its retention is over', async () => {
  const { clock, kept, put } = await retentionFixture()
  await put('r')
  await clock.advance(24 * hourMs)
  assert.deepEqual(await kept(), ['r'])
  await clock.advance(1)
  assert.deepEqual(await kept(), [])
})

test('retention goes from 24 to 8760 hours, up by Increase and down by Decrease', async () => {
  const { call, change, context, hours } = await retentionFixture()
  await change('Increase', 48)
  await change('Increase', 48)
  await change('Decrease', 48)
  for (const [operation, RetentionPeriodHours, code, message] of [
    ['Increase', 47, 'InvalidArgumentException', /can not be shorter than existing retention period \(48 hours\)/],
    ['Decrease', 49, 'InvalidArgumentException', /can not be longer than existing retention period \(48 hours\)/],
    ['Decrease', 23, 'InvalidArgumentException', /^Minimum allowed retention period is 24 hours\./],
    ['Increase', 8761, 'ValidationException', /less than or equal to 8760$/],
  ] as const)
    await assert.rejects(call(`${operation}StreamRetentionPeriod`, { StreamName: 's', RetentionPeriodHours }), {
      code,
      message,
    })
  assert.deepEqual([hours(), context.streams.get('s').status], [48, 'ACTIVE'])
})
