import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { batchOf } from '../log.ts'
import type { FileSystem } from './file-system.ts'
import { hastyDisk, openIn, temporaryDirectory } from './fixture.ts'
import { inspectFolder } from './inspection.ts'

const segmentsIn = (directory: string) => readdirSync(`${directory}/log`).filter((name) => name.endsWith('.segment'))

test('a folder whose segments are compacted while it is looked at is not taken for damaged', async () => {
  const [now, before] = [`${temporaryDirectory()}/data`, `${temporaryDirectory()}/data`]
  const storage = await openIn(now, { fileSystem: hastyDisk, segmentBytesMax: 16 * 1024 })
  for (const id of ['few', 'many']) await storage.log.create(id, { retentionMs: 86_400_000 })
  for (let i = 0; i < 400; i++) await storage.log.append(i % 40 === 0 ? 'few' : 'many', batchOf([Buffer.alloc(200)]))
  cpSync(now, before, { recursive: true })
  const count = segmentsIn(before).length
  await storage.log.delete('many')
  await storage.sweep()
  assert.ok(segmentsIn(now).length < count)
  // When the headers of all segments are read, the sweep comes.
  let opened = 0
  const isSwept = (path: string) => (path.endsWith('.segment') ? ++opened : opened) > count
  const disk: FileSystem = {
    ...hastyDisk,
    open: (path, mode) => hastyDisk.open(isSwept(path) ? path.replace(before, now) : path, mode),
  }
  const { findings, segments } = await inspectFolder(disk, before)
  assert.ok(opened > count)
  assert.deepEqual(
    findings.filter(({ isDamage }) => isDamage),
    [],
  )
  assert.ok(segments.every(({ damage }) => damage.length === 0))
  await storage.close()
})
