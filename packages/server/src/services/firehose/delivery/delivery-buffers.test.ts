import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { DeliveryBuffers } from './delivery-buffers.ts'

function buffers(options: {
  readonly sizeBytesMax?: number
  readonly intervalMs?: number
  readonly heldBytesMax?: number
  readonly gate?: Promise<void>
}) {
  const clock = new ManualClock()
  const delivered: [string, string][] = []
  const made = new DeliveryBuffers<string>({
    clock,
    sizeBytesMax: options.sizeBytesMax ?? 100,
    intervalMs: options.intervalMs ?? 60_000,
    heldBytesMax: options.heldBytesMax ?? 700,
    concurrentMax: 2,
    isInOrder: true,
    async deliver({ key, items }) {
      await options.gate
      delivered.push([key, items.join('')])
    },
  })
  const add = (key: string, item: string, sizeBytes = 10) => made.add(key, item, sizeBytes, clock.nowMs())
  return { clock, delivered, made, add }
}

test('a buffer is delivered when it is full, and what does not fit begins the next', async () => {
  const { add, delivered, made } = buffers({})
  for (const item of ['a', 'b', 'c']) add('', item, 40)
  await made.settled()
  assert.deepEqual(delivered, [['', 'ab']])
  add('', 'd', 60)
  await made.settled()
  assert.deepEqual(delivered[1], ['', 'cd'])
})

test('a buffer is delivered when its time has come, and not before', async () => {
  const { add, clock, delivered } = buffers({ intervalMs: 5000 })
  add('', 'a')
  await clock.advance(4000)
  add('', 'b')
  await clock.advance(999)
  assert.deepEqual(delivered, [])
  await clock.advance(1)
  assert.deepEqual(delivered, [['', 'ab']])
})

test('a buffer that need not wait is delivered with all that is at hand', async () => {
  const { add, delivered, made } = buffers({ intervalMs: 0 })
  add('', 'a')
  add('', 'b')
  await Promise.resolve()
  add('', 'c')
  await Promise.resolve()
  await made.settled()
  assert.deepEqual(delivered, [
    ['', 'ab'],
    ['', 'c'],
  ])
})

test('each partition has a buffer of its own', async () => {
  const { add, delivered, made } = buffers({})
  add('x', '1')
  add('y', '2')
  add('x', '3')
  void made.flush()
  await made.settled()
  assert.deepEqual(delivered, [
    ['x', '13'],
    ['y', '2'],
  ])
})

test('nobody adds while too much is held, until something is settled', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { add, delivered, made } = buffers({ gate })
  add('', 'a', 150)
  add('', 'b', 60)
  add('', 'c', 60)
  let hasRoom = false
  const room = made.room().then(() => {
    hasRoom = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(hasRoom, false)
  open()
  await room
  assert.equal(made.heldBytes < 700, true)
  assert.equal(delivered[0]![1], 'a')
})

test('what is buffered is told until it is settled: how much, in how many buffers, and how old', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { add, clock, made } = buffers({ gate })
  assert.deepEqual([made.buffered, made.oldestMs], [{ records: 0, bytes: 0, partitions: 0 }, undefined])
  const startMs = clock.nowMs()
  add('x', 'a', 40)
  made.add('x', 'older', 10, startMs - 5)
  await clock.advance(1000)
  add('y', 'b', 20)
  assert.deepEqual([made.buffered, made.oldestMs], [{ records: 3, bytes: 70, partitions: 2 }, startMs - 5])
  void made.flush()
  assert.deepEqual([made.buffered, made.oldestMs], [{ records: 3, bytes: 70, partitions: 0 }, startMs - 5])
  open()
  await made.settled()
  assert.deepEqual([made.buffered, made.oldestMs], [{ records: 0, bytes: 0, partitions: 0 }, undefined])
})

test('when the memory is full the largest buffers go, and the others grow on', async () => {
  const { add, delivered, made } = buffers({ sizeBytesMax: 10_000, heldBytesMax: 4000 })
  add('small', 'a', 10)
  add('large', 'b', 2000)
  add('middle', 'c', 1000)
  await made.room()
  assert.deepEqual(delivered, [])
  add('small', 'd', 100)
  await made.room()
  assert.deepEqual(delivered, [['large', 'b']])
  add('small', 'e', 10)
  void made.flush()
  await made.settled()
  assert.deepEqual(delivered, [
    ['large', 'b'],
    ['small', 'ade'],
    ['middle', 'c'],
  ])
})

test('a partition is active from its first item until its last buffer is delivered', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { add, made } = buffers({ gate })
  assert.equal(made.isActive('x'), false)
  add('x', '1', 100)
  add('x', '2')
  add('y', '3')
  assert.deepEqual([made.activeCount, made.isActive('x')], [2, true])
  void made.flush()
  assert.equal(made.activeCount, 2)
  open()
  await made.settled()
  assert.deepEqual([made.activeCount, made.isActive('x')], [0, false])
})
