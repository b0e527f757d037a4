import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { openIn } from './fixture.ts'

const directory = '/data'

test('changes that were committed together are all there or none, wherever the file ends after a crash', async (t) => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  const kept = (await storage.items.put('kept', 'before', 0))!
  const gone = (await storage.items.put('gone', 'before', 0))!
  const path = `${directory}/catalog/items.map`
  const before = disk.contents(path).byteLength
  await storage.items.commit([
    { key: 'kept', expectedVersion: kept, action: 'put', value: 'after' },
    { key: 'gone', expectedVersion: gone, action: 'delete' },
    { key: 'new', expectedVersion: 0, action: 'put', value: 'after' },
  ])
  const killed = disk.copy()
  await storage.close()
  const bytes = killed.contents(path)
  const shownAfter = async (length: number) => {
    const copy = killed.copy()
    copy.put(path, bytes.slice(0, length))
    const opened = await openIn(directory, { fileSystem: copy })
    const shown = opened.items.list('').map(({ key, value }) => `${key}=${value}`)
    await opened.close()
    return shown.join(' ')
  }
  for (let length = before; length < bytes.byteLength; length++)
    assert.equal(await shownAfter(length), 'gone=before kept=before')
  assert.equal(await shownAfter(bytes.byteLength), 'kept=after new=after')
  t.diagnostic(`${bytes.byteLength - before} places to end`)
})

test('a folder whose tables were never used has no file for items, and one that has keeps them', async () => {
  const disk = new FaultyMemoryDisk()
  const path = `${directory}/catalog/items.map`
  let storage = await openIn(directory, { fileSystem: disk })
  assert.equal(disk.files.has(path), false)
  await storage.items.put('item', { S: 'x' }, 0)
  assert.equal(storage.catalog.get('item'), undefined)
  await storage.close()
  storage = await openIn(directory, { fileSystem: disk })
  assert.deepEqual(storage.items.get('item')?.value, { S: 'x' })
  await storage.close()
})
