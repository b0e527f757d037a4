import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { anySignal } from './any-signal.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('an abort that nobody listened to is seen when whoever aborted is gone', async () => {
  const signal = abortedByOneWhoGoes()
  await setImmediate() // weak references hold until the end of the task that made them
  collectGarbage()
  assert.equal(signal.aborted, true)
})

test('also through a signal that was made of it', async () => {
  const signal = anySignal([abortedByOneWhoGoes(), new AbortController().signal])
  await setImmediate()
  collectGarbage()
  assert.equal(signal.aborted, true)
})

test('who listens is told once, by the first of them', () => {
  const [first, second] = [new AbortController(), new AbortController()]
  const reasons: unknown[] = []
  const signal = anySignal([first.signal, second.signal])
  signal.addEventListener('abort', () => reasons.push(signal.reason))
  second.abort('second')
  first.abort('first')
  assert.deepEqual(reasons, ['second'])
})

test('a signal that nobody holds is not held by those that it was made of', async () => {
  const lasting = new AbortController()
  const made = new WeakRef(anySignal([lasting.signal]))
  await setImmediate()
  collectGarbage()
  assert.equal(made.deref(), undefined)
  assert.equal(lasting.signal.aborted, false)
})

function abortedByOneWhoGoes(): AbortSignal {
  const controller = new AbortController()
  const signal = anySignal([controller.signal, new AbortController().signal])
  controller.abort()
  return signal
}
