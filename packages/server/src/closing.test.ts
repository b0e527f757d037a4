import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Closing } from './closing.ts'

test('what was opened last is closed first, and each thing once', async () => {
  const closed: string[] = []
  const closing = new Closing()
  for (const name of ['storage', 'service', 'gateway'])
    closing.add(async () => {
      await undefined
      closed.push(name)
    })
  await Promise.all([closing.close(), closing.close()])
  assert.deepEqual(closed, ['gateway', 'service', 'storage'])
})

test('a failure to close one thing is told, and leaves nothing else open', async () => {
  const closed: string[] = []
  const closing = new Closing()
  closing.add(() => closed.push('storage'))
  closing.add(() => Promise.reject(new Error('no')))
  closing.add(() => {
    throw new Error('first')
  })
  await assert.rejects(closing.close(), /first/)
  assert.deepEqual(closed, ['storage'])
})
