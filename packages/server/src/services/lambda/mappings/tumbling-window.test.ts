import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arnOf, dataOf, type Event, lambdaFixture } from '../fixture.ts'

/* Tumbling windows of a minute. The clock begins at midnight, with a window. */

const minute = 60_000

/** Counts records in its state. */
const counting = (event: Event) => ({ state: { count: (event.state.count ?? 0) + event.Records.length } })

/** What tells one event from another. */
const told = (event: Event) => [dataOf(event).join(), event.state.count ?? 0, event.isFinalInvokeForWindow]

test('the state goes from batch to batch, and when the minute is over the window is told its end', async (t) => {
  const { clock, events, handle, map, put } = await lambdaFixture(t)
  handle(counting)
  await map({ TumblingWindowInSeconds: 60 })
  await put('a')
  await put('b')
  await clock.advance(minute)
  await clock.advance(5000)
  assert.deepEqual(events.map(told), [
    ['a', 0, false],
    ['b', 1, false],
    ['', 2, true],
  ])
  const { Records, ...rest } = events[2]
  assert.deepEqual(Records, [])
  assert.deepEqual(rest, {
    window: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' },
    state: { count: 2 },
    shardId: 'shardId-000000000000',
    eventSourceARN: arnOf('s'),
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: false,
  })
})

test('a record of the next minute ends the window, and no batch holds records of two', async (t) => {
  const { clock, events, handle, map, putAll } = await lambdaFixture(t)
  handle(counting)
  await putAll(['a', 'b'])
  await clock.advance(minute)
  await putAll(['c'])
  await map({ TumblingWindowInSeconds: 60 })
  assert.deepEqual(events.map(told), [
    ['a,b', 0, false],
    ['', 2, true],
    ['c', 0, false],
  ])
  assert.equal(events[2].window.start, '2026-01-01T00:01:00Z')
})

test('a window without records is not told', async (t) => {
  const { clock, events, map } = await lambdaFixture(t)
  await map({ TumblingWindowInSeconds: 60 })
  await clock.advance(5 * minute)
  assert.equal(events.length, 0)
})

test('the state survives a restart', async (t) => {
  const { clock, events, handle, map, put, restart } = await lambdaFixture(t)
  handle(counting)
  await map({ TumblingWindowInSeconds: 60 })
  await put('a')
  await restart()
  await put('b')
  await restart()
  await clock.advance(2 * minute)
  assert.deepEqual(events.map(told), [
    ['a', 0, false],
    ['b', 1, false],
    ['', 2, true],
  ])
})

test('a state of more than 1 MiB ends the window early', async (t) => {
  const { clock, events, handle, map, put } = await lambdaFixture(t)
  handle((event, call) => (call === 1 ? { state: { count: 7, much: 'x'.repeat(1024 * 1024) } } : counting(event)))
  await map({ TumblingWindowInSeconds: 60 })
  await put('a')
  await put('b')
  await clock.advance(2 * minute)
  assert.deepEqual(
    events.map((event) => [...told(event), event.isWindowTerminatedEarly]),
    [
      ['a', 0, false, false],
      ['', 7, true, true],
      ['b', 0, false, false],
      ['', 1, true, false],
    ],
  )
})

test('the end of a window is tried again, and given up after the retries', async (t) => {
  const { clock, events, handle, map, put } = await lambdaFixture(t)
  handle((event) => {
    if (event.isFinalInvokeForWindow) throw new Error()
    return counting(event)
  })
  await map({ TumblingWindowInSeconds: 60, MaximumRetryAttempts: 2 })
  await put('a')
  await clock.advance(2 * minute)
  await put('b')
  assert.deepEqual(events.map(told), [
    ['a', 0, false],
    ['', 1, true],
    ['', 1, true],
    ['', 1, true],
    ['b', 0, false],
  ])
})

test('the end of a shard is the end of its window', async (t) => {
  const { call, clock, events, handle, map, put } = await lambdaFixture(t)
  handle(counting)
  await map({ TumblingWindowInSeconds: 60 })
  await put('a')
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '17' })
  await clock.advance(1000)
  assert.deepEqual(events.map(told), [
    ['a', 0, false],
    ['', 1, true],
  ])
})

test('tumbling windows and a ParallelizationFactor do not go together', async (t) => {
  const { map } = await lambdaFixture(t)
  await assert.rejects(map({ TumblingWindowInSeconds: 60, ParallelizationFactor: 2 }), {
    code: 'InvalidParameterValueException',
  })
})
