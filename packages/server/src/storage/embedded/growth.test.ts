import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { batchOf } from '../log.ts'
import type { FileSystem } from './file-system.ts'
import { hastyDisk, openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const options = { retentionMs: 86_400_000 }
const one = (text: string) => batchOf([Buffer.from(text)])

/** A disk that counts: syncs of segments, handles that are open, and what is read of indexes. */
function countingDisk() {
  const counts = { syncs: 0, open: 0, openMost: 0, indexBytes: 0 }
  const fileSystem: FileSystem = {
    ...hastyDisk,
    async open(path, mode) {
      const file = await hastyDisk.open(path, mode)
      counts.openMost = Math.max(counts.openMost, ++counts.open)
      return {
        ...file,
        async dataSync() {
          if (path.endsWith('.segment')) counts.syncs++
        },
        async read(into, position) {
          const length = await file.read(into, position)
          if (path.endsWith('.index')) counts.indexBytes += length
          return length
        },
        async close() {
          counts.open--
          await file.close()
        },
      }
    },
  }
  return { counts, fileSystem }
}

test('a thousand logs that are written thinly share syncs and files', async (t) => {
  const { counts, fileSystem } = countingDisk()
  const storage = await openIn(temporaryDirectory(), { fileSystem })
  const ids = Array.from({ length: 1000 }, (_, i) => `log ${i}`)
  await Promise.all(ids.map((id) => storage.log.create(id, options)))
  for (let round = 0; round < 50; round++)
    await Promise.all(ids.filter((_, i) => i % 50 === round).map((id) => storage.log.append(id, one(id))))
  t.diagnostic(`1,000 puts in 50 turns: ${counts.syncs} syncs, at most ${counts.openMost} open files`)
  assert.ok(counts.syncs <= 52)
  assert.ok(counts.openMost <= 5)
  await storage.close()
  assert.equal(counts.open, 0)
})

test('reading more segments than may be open leaves a bounded number of them open, and none at the end', async (t) => {
  const { counts, fileSystem } = countingDisk()
  const directory = temporaryDirectory()
  const first = await openIn(directory, { fileSystem, segmentBytesMax: 1 })
  await first.log.create('a', options)
  for (let i = 0; i < 200; i++) await first.log.append('a', one(`${i}`))
  const storage = await first.reopen()
  counts.openMost = 0
  const reads = Array.from({ length: 200 }, (_, i) => storage.log.read('a', i, { bytesMax: 1, entriesMax: 1 }))
  assert.deepEqual((await Promise.all(reads)).flatMap(listed).length, 200)
  assert.equal(listed(await storage.log.read('a', 0, everything)).length, 200)
  t.diagnostic(`${counts.open} files open when idle`)
  assert.ok(counts.open <= 2 * 64 + 3)
  await storage.close()
  assert.equal(counts.open, 0)
})

test('a place among many blocks is found by one page of the index, by time and by offset', async (t) => {
  const { counts, fileSystem } = countingDisk()
  const clock = new ManualClock()
  const directory = temporaryDirectory()
  const startMs = clock.nowMs()
  const first = await openIn(directory, { fileSystem, clock })
  for (const id of ['before', 'a', 'behind']) await first.log.create(id, options)
  const blocks = 6000
  for (let i = 0; i < blocks; i += 10) {
    clock.setWallClock(startMs + i)
    const appends = Array.from({ length: 10 }, (_, k) => first.log.append('a', one(`${i + k}`)))
    await Promise.all([...appends, first.log.append('before', one('x')), first.log.append('behind', one('y'))])
  }
  const storage = await first.reopen()
  assert.equal(readdirSync(`${directory}/log`).filter((name) => name.endsWith('.index')).length, 1)
  await storage.log.bounds('a') // looks where the log begins now
  counts.indexBytes = 0
  assert.equal(await storage.log.offsetAt('a', startMs + 4000), 4000)
  t.diagnostic(`${counts.indexBytes} bytes of the index read to find a time`)
  assert.ok(counts.indexBytes <= 512 * 48)
  for (let offset = 0; offset < blocks; offset += 97) {
    const [block] = await storage.log.read('a', offset, { bytesMax: 1, entriesMax: 1 })
    assert.equal(block!.firstOffset, offset)
    const tenth = Math.ceil(offset / 10) * 10
    assert.equal(await storage.log.offsetAt('a', startMs + offset), Math.min(tenth, blocks))
  }
  assert.equal((await storage.log.read('a', 0, everything)).length, blocks)
  await storage.close()
})
