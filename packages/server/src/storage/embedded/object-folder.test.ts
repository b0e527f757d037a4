import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ObjectFolder } from './object-folder.ts'

test('an object is a file in the folder of its bucket, replaced whole', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('failed', 'aws/lambda/1', Buffer.from('first'))
  await objects.put('failed', 'aws/lambda/1', Buffer.from('second'))
  assert.equal(await readFile(join(folder, 'failed/aws/lambda/1'), 'utf8'), 'second')
  assert.deepEqual(await readdir(join(folder, 'failed/aws/lambda')), ['1'])
})

for (const [bucket, key] of [
  ['..', 'a'],
  ['b', '../../a'],
  ['b', 'a/./b'],
  ['b', 'a//b'],
  ['b', ''],
  ['b/c', 'a'],
  ['b', 'a\\b'],
  ['b', 'x'.repeat(1025)],
] as const)
  test(`${bucket} with key ${key.slice(0, 20)} leads nowhere`, async (t) => {
    const { folder, objects } = await fixture(t)
    await assert.rejects(objects.put(bucket, key, Buffer.from('x')))
    assert.deepEqual(await readdir(folder), [])
  })

async function fixture(t: { after(done: () => Promise<void>): void }) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-objects-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return { folder, objects: new ObjectFolder(folder) }
}
