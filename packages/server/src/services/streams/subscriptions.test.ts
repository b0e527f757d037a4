import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { Subscriptions } from './subscriptions.ts'

test('five seconds count from the last call that succeeded, also when its stream is over', async () => {
  const clock = new ManualClock()
  const subscriptions = new Subscriptions(clock)
  subscriptions.begin('a', 1)!.end()
  await clock.advance(4000)
  assert.equal(subscriptions.begin('a', 1), undefined)
  assert.ok(subscriptions.begin('b', 1))
  await clock.advance(1000)
  assert.ok(subscriptions.begin('a', 1))
  assert.equal(subscriptions.begin('a', 1), undefined)
})

test('a takeover ends the one before by name, and takes over what it owes', async () => {
  const clock = new ManualClock()
  const subscriptions = new Subscriptions(clock)
  const first = subscriptions.begin('a', 10)!
  first.bytesOut.takeWhileAny(100)
  await clock.advance(5000)
  const second = subscriptions.begin('a', 10)!
  assert.equal(first.signal.aborted && first.isTakenOver(), true)
  assert.equal(second.signal.aborted, false)
  assert.equal(second.bytesOut.available(), -40)
})

test('a stop ends all, and none of them counts as taken over', () => {
  const subscriptions = new Subscriptions(new ManualClock())
  const held = subscriptions.begin('a', 1)!
  subscriptions.stop()
  assert.equal(held.signal.aborted, true)
  assert.equal(held.isTakenOver(), false)
})
