import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { CompressionLane } from './index.ts'

const mebibyte = 1024 * 1024

/** A lane in which nothing ends before the test says so. */
function fixture() {
  const lane = new CompressionLane()
  const running: { readonly name: string; readonly end: () => void }[] = []
  const admitted: string[] = []
  return {
    lane,
    admitted,
    running,
    begin: (name: string, sizeBytes: number) =>
      lane.run(sizeBytes, () => new Promise<void>((end) => running.push({ name, end }))),
    async endFirst() {
      running.shift()!.end()
      await turn()
    },
    async ask(name: string, sizeBytes: number) {
      void lane.room(sizeBytes).then(() => admitted.push(name))
      await turn()
    },
  }
}

test('two run at once, the others in order', async () => {
  const { begin, endFirst, running } = fixture()
  for (const name of ['a', 'b', 'c', 'd']) void begin(name, 1)
  await turn()
  const names = () => running.map(({ name }) => name)
  assert.deepEqual(names(), ['a', 'b'])
  await endFirst()
  assert.deepEqual(names(), ['b', 'c'])
  for (let i = 0; i < 3; i++) await endFirst()
  assert.deepEqual(names(), [])
})

test('one that fails is told, and does not keep its place', async () => {
  const lane = new CompressionLane()
  for (let i = 0; i < 3; i++) await assert.rejects(lane.run(1, async () => Promise.reject(new Error('no memory'))))
  assert.equal(await lane.run(1, async () => 'made'), 'made')
})

test('who brings in more comes at once while little waits, then in turn and as fast as it is worked off', async () => {
  const { admitted, ask, begin, endFirst } = fixture()
  for (let i = 0; i < 4; i++) void begin('', mebibyte)
  await ask('at once', mebibyte)
  void begin('', mebibyte)
  await ask('large', 2 * mebibyte)
  await ask('next', mebibyte)
  await ask('small', 1)
  assert.deepEqual(admitted, ['at once'])
  await endFirst()
  assert.deepEqual(admitted, ['at once', 'large'])
  await endFirst()
  assert.deepEqual(admitted, ['at once', 'large'], 'it was two runs’ worth')
  await endFirst()
  assert.deepEqual(admitted, ['at once', 'large', 'next'])
  await endFirst()
  await endFirst()
  assert.deepEqual(admitted, ['at once', 'large', 'next', 'small'])
  await ask('later', mebibyte)
  assert.equal(admitted.at(-1), 'later')
})

test('nobody waits for a lane that is empty, whatever was let in before', async () => {
  const { admitted, ask, begin, endFirst } = fixture()
  void begin('', 5 * mebibyte)
  for (const name of ['a', 'b', 'c']) await ask(name, 100 * mebibyte)
  assert.deepEqual(admitted, [])
  await endFirst()
  assert.deepEqual(admitted, ['a', 'b', 'c'])
})
