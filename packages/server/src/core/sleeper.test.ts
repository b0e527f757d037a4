import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sleeper } from './sleeper.ts'

const face = { name: 'x', targetPrefix: 'X_1' }

function sleeper(fails = 0) {
  const counts = { opened: 0, stopped: 0 }
  const made = new Sleeper(face, async () => {
    if (counts.opened++ < fails) throw new Error('not now')
    return {
      ...face,
      operations: new Map(),
      context: {},
      async stop() {
        counts.stopped++
      },
    }
  })
  return { counts, made }
}

test('a service is opened once, however many call it at the same time, and stopped at the end', async () => {
  const { counts, made } = sleeper()
  const [one, other] = await Promise.all([made.service.wake(), made.service.wake()])
  assert.equal(one, other)
  await made.stop()
  assert.deepEqual(counts, { opened: 1, stopped: 1 })
})

test('a service that nobody called is not opened in order to be stopped', async () => {
  const { counts, made } = sleeper()
  await made.stop()
  assert.deepEqual(counts, { opened: 0, stopped: 0 })
})

test('after a failure the next call opens it', async () => {
  const { counts, made } = sleeper(1)
  await assert.rejects(made.wake(), /not now/)
  assert.equal((await made.wake()).name, 'x')
  assert.equal(counts.opened, 2)
})
