import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { BodyRoom, needsRoom, type Share } from './body-room.ts'

const kib = 1024
const share = (kibMax: number): Share => ({ heldBytes: 0, bytesMax: kibMax * kib })

test('bodies come in while there is room, and then in the order in which they came', async () => {
  const all = share(1000)
  const room = new BodyRoom(100 * kib, new ManualClock())
  const entered: string[] = []
  const enter = (name: string, sizeBytes: number) => void room.enter(sizeBytes, all)?.then(() => entered.push(name))
  assert.equal(room.enter(60 * kib, all), undefined)
  enter('large', 80 * kib)
  enter('fits, but came later', 20 * kib)
  await settled()
  assert.deepEqual(entered, [])
  room.leave(60 * kib, all)
  await settled()
  assert.deepEqual(entered, ['large', 'fits, but came later'])
})

test('a body that is larger than all the room comes in alone', async () => {
  const all = share(1000)
  const room = new BodyRoom(100 * kib, new ManualClock())
  assert.equal(room.enter(200 * kib, all), undefined)
  let isIn = false
  void room.enter(20 * kib, all)?.then(() => {
    isIn = true
  })
  await settled()
  assert.equal(isIn, false)
  room.leave(200 * kib, all)
  await settled()
  assert.equal(isIn, true)
})

test('small bodies need no room', () => {
  assert.equal(needsRoom(4 * kib), false)
  assert.equal(needsRoom(100 * kib), true)
})

test('who has used up their own share keeps nobody else waiting', async () => {
  const room = new BodyRoom(100 * kib, new ManualClock())
  const [greedy, modest] = [share(50), share(50)]
  const entered: string[] = []
  const enter = (name: string, sizeBytes: number, of: Share) => {
    const waited = room.enter(sizeBytes, of)
    if (waited) void waited.then(() => entered.push(name))
    else entered.push(name)
  }
  enter('greedy 1', 40 * kib, greedy)
  enter('greedy 2', 40 * kib, greedy)
  enter('modest', 40 * kib, modest)
  await settled()
  assert.deepEqual(entered, ['greedy 1', 'modest'])
  room.leave(40 * kib, greedy)
  await settled()
  assert.deepEqual(entered, ['greedy 1', 'modest', 'greedy 2'])
  assert.deepEqual([greedy.heldBytes, modest.heldBytes], [40 * kib, 40 * kib])
})

test('a body that does not come is let go of as soon as others wait, and not before', async () => {
  const clock = new ManualClock()
  const room = new BodyRoom(100 * kib, clock)
  const all = share(1000)
  assert.equal(room.enter(100 * kib, all), undefined)
  const lost: string[] = []
  const come = (name: string) => {
    const coming = room.begin(50 * kib)
    coming.giveUp = () => {
      lost.push(name)
      room.end(coming)
    }
    return coming
  }
  const quick = come('quick')
  come('silent')
  await clock.advance(5000)
  assert.deepEqual(lost, [], 'nobody waits for its room')
  quick.receivedBytes = 40 * kib
  void room.enter(20 * kib, all)
  await clock.advance(1000)
  assert.deepEqual(lost, ['silent'])
})

test('large bodies are taken apart one in each turn of the event loop, small ones at once', async () => {
  const room = new BodyRoom(100 * kib, new ManualClock())
  let turn = 0
  const begun: number[] = []
  const all = Promise.all([1, 2, 3].map(() => room.turn(200 * kib)?.then(() => begun.push(turn))))
  assert.equal(room.turn(4 * kib), undefined)
  for (; turn < 10; turn++) await settled()
  await all
  assert.equal(new Set(begun).size, 3)
})

const settled = () => new Promise((resolve) => setImmediate(resolve))
