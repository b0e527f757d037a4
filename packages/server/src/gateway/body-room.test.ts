import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyRoom } from './body-room.ts'

const kib = 1024

test('bodies come in while there is room, and then in the order in which they came', async () => {
  const room = new BodyRoom(100 * kib)
  const entered: string[] = []
  const enter = (name: string, sizeBytes: number) => void room.enter(sizeBytes)?.then(() => entered.push(name))
  assert.equal(room.enter(60 * kib), undefined)
  enter('large', 80 * kib)
  enter('fits, but came later', 20 * kib)
  await settled()
  assert.deepEqual(entered, [])
  room.leave(60 * kib)
  await settled()
  assert.deepEqual(entered, ['large', 'fits, but came later'])
})

test('a body that is larger than all the room comes in alone', async () => {
  const room = new BodyRoom(100 * kib)
  assert.equal(room.enter(200 * kib), undefined)
  let isIn = false
  void room.enter(20 * kib)?.then(() => {
    isIn = true
  })
  await settled()
  assert.equal(isIn, false)
  room.leave(200 * kib)
  await settled()
  assert.equal(isIn, true)
})

test('small bodies need no room', () => {
  const room = new BodyRoom(100 * kib)
  assert.equal(room.enter(100 * kib), undefined)
  assert.equal(room.enter(4 * kib), undefined)
})

test('large bodies are taken apart one in each turn of the event loop, small ones at once', async () => {
  const room = new BodyRoom()
  let turn = 0
  const begun: number[] = []
  const all = Promise.all([1, 2, 3].map(() => room.turn(200 * kib)?.then(() => begun.push(turn))))
  assert.equal(room.turn(4 * kib), undefined)
  for (; turn < 10; turn++) await settled()
  await all
  assert.equal(new Set(begun).size, 3)
})

const settled = () => new Promise((resolve) => setImmediate(resolve))
