import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvocationStops, lambdaFixture } from './fixture.ts'
import { NoPlaceFree } from './functions/invocation.ts'

/* Invocations that nobody waits for. */

const minute = 60_000
const eventOf = (n: number) => ({
  FunctionName: 'f',
  InvocationType: 'Event',
  Payload: Buffer.from(JSON.stringify({ n })),
})

test('a failed event is tried again after one minute and after two, and then dropped', async (t) => {
  const { clock, counted, events, handle, lambda } = await lambdaFixture(t)
  handle(() => {
    throw new Error()
  })
  await lambda('Invoke', eventOf(1))
  const triesAfter = async (ms: number) => {
    await clock.advance(ms)
    return events.length
  }
  assert.deepEqual(
    [await triesAfter(0), await triesAfter(minute - 1), await triesAfter(1), await triesAfter(2 * minute)],
    [1, 1, 2, 3],
  )
  assert.equal(await triesAfter(60 * minute), 3)
  assert.equal(counted.filter(({ metric }) => metric === 'AsyncEventsDropped').length, 1)
})

test('an event that waits is not changed by what comes into the same memory after it was answered', async (t) => {
  const { clock, events, handle, lambda } = await lambdaFixture(t)
  handle(() => {
    throw new Error()
  })
  const asked = eventOf(1)
  await lambda('Invoke', asked)
  asked.Payload.fill(0x20)
  await clock.advance(minute)
  assert.deepEqual(events[1], events[0])
  assert.equal(events.length, 2)
})

test('an event that finds no free place waits for one, up to six hours', async (t) => {
  const { clock, events, handle, lambda } = await lambdaFixture(t)
  handle(() => {
    throw new InvocationStops(new NoPlaceFree())
  })
  await lambda('Invoke', eventOf(1))
  await clock.advance(minute)
  handle(() => null)
  await clock.advance(minute)
  const tries = events.length
  assert.ok(tries > 30)
  await clock.advance(60 * minute)
  assert.equal(events.length, tries, 'it was done')
})

test('more than a thousand events do not wait', async (t) => {
  const { clock, handle, lambda } = await lambdaFixture(t)
  handle(() => clock.sleep(minute))
  for (let n = 0; n < 1000; n++) await lambda('Invoke', eventOf(n))
  await assert.rejects(lambda('Invoke', eventOf(1000)), { code: 'TooManyRequestsException', status: 429 })
  await clock.advance(2 * minute)
  await lambda('Invoke', eventOf(1000))
  await clock.advance(2 * minute)
})
