import assert from 'node:assert/strict'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { batchOf, LogClosed, StorageFailed } from '../log.ts'
import { faultyDisk } from './faulty-disk.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { allOf, hastyDisk, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const options = { retentionMs: 3_600_000 }
const one = (text: string) => batchOf([Buffer.from(text)])

/** The folder as the death of the process leaves it. */
function afterKill(directory: string): string {
  const copy = temporaryDirectory()
  cpSync(directory, copy, { recursive: true })
  rmSync(`${copy}/lock`)
  return copy
}

test('what an unfinished segment holds is served from a new file, as a sync of the old one may have failed', async () => {
  const directory = temporaryDirectory()
  const living = await openIn(directory)
  await living.log.create('a', options)
  await living.log.append('a', one('x'))
  const copy = afterKill(directory)
  await living.close()
  const calls: string[] = []
  const fileSystem = faultyDisk((call, path) => {
    if (path.includes('.segment')) calls.push(`${call} ${path.slice(path.lastIndexOf('/') + 1)}`)
    return false
  })
  const storage = await openIn(copy, { fileSystem })
  assert.deepEqual(calls, [
    'create 0000000001.segment.new',
    'append 0000000001.segment.new',
    'dataSync 0000000001.segment.new',
    'rename 0000000001.segment',
  ])
  assert.deepEqual(listed(await storage.log.read('a', 0, everything)), ['0 x'])
  await storage.close()
})

test('a trim that failed on the disk is not done until it is asked again and durable', async () => {
  const directory = temporaryDirectory()
  let isFailing = false
  const fileSystem = faultyDisk((call, path) => isFailing && call === 'dataSync' && path.endsWith('.map'))
  const storage = await openIn(directory, { fileSystem })
  await storage.log.create('a', options)
  for (const text of ['x', 'y', 'z']) await storage.log.append('a', one(text))
  isFailing = true
  await assert.rejects(storage.log.trim('a', 2), StorageFailed)
  await assert.rejects(storage.log.trim('a', 2), StorageFailed, 'once more: it is still not durable')
  isFailing = false
  await storage.log.trim('a', 1)
  const copy = await openIn(afterKill(directory))
  assert.deepEqual(listed(await copy.log.read('a', 0, everything)).at(-1), '2 z')
  assert.ok((await copy.log.bounds('a')).start >= 1)
  await copy.close()
  await storage.close()
})

test('a log ends where its close said, though an append that failed before may have come to the disk', async () => {
  const directory = temporaryDirectory()
  let isFailing = false
  const fileSystem = faultyDisk(
    (call, path) => isFailing && (call === 'dataSync' ? path.endsWith('.segment') : path.includes('.index')),
  )
  const storage = await openIn(directory, { fileSystem })
  await storage.log.create('a', options)
  await storage.log.append('a', one('x'))
  isFailing = true
  await assert.rejects(storage.log.append('a', one('lost')), StorageFailed)
  isFailing = false
  assert.deepEqual(await storage.log.close('a'), { endOffset: 1 })
  const copy = await openIn(afterKill(directory))
  assert.deepEqual(await copy.log.bounds('a'), { start: 0, end: 1 })
  assert.deepEqual(listed(await copy.log.read('a', 0, everything)), ['0 x'])
  assert.equal(await copy.log.offsetAt('a', Number.MAX_SAFE_INTEGER), 1)
  await assert.rejects(copy.log.append('a', one('y')), LogClosed)
  await copy.close()
  await storage.close()
})

test('an entry that is acknowledged while its log closes is there, whatever else is written about the log', async () => {
  const directory = temporaryDirectory()
  const held = Promise.withResolvers<void>()
  let isHolding = false
  const fileSystem = {
    ...nodeFileSystem,
    open: async (...given: Parameters<typeof nodeFileSystem.open>) => {
      const file = await nodeFileSystem.open(...given)
      const dataSync = async () => {
        await file.dataSync()
        if (isHolding && given[0].endsWith('.segment')) await held.promise
      }
      return { ...file, dataSync }
    },
  }
  const storage = await openIn(directory, { fileSystem })
  await storage.log.create('a', options)
  await storage.log.append('a', one('x'))
  isHolding = true
  const appended = storage.log.append('a', one('y'))
  const closed = storage.log.close('a')
  await storage.log.configure('a', { retentionMs: 7_200_000 })
  const copy = await openIn(afterKill(directory))
  assert.deepEqual(listed(await copy.log.read('a', 0, everything)), ['0 x', '1 y'])
  await copy.close()
  held.resolve()
  assert.equal((await appended).firstOffset, 1)
  assert.deepEqual(await closed, { endOffset: 2 })
  await storage.close()
})

test('a segment that could not be removed is tried again, and nothing is taken for missing meanwhile', async () => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  let isFailing = false
  const fileSystem = {
    ...nodeFileSystem,
    async remove(path: string) {
      if (isFailing && path.endsWith('2.segment')) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      await nodeFileSystem.remove(path)
    },
  }
  const storage = await openIn(directory, { fileSystem, clock, segmentBytesMax: 100 })
  await storage.log.create('a', options)
  await storage.log.create('long', { retentionMs: 100 * options.retentionMs })
  for (let i = 0; i < 3; i++) await storage.log.append('a', one('x'.repeat(100)))
  await storage.log.append('long', one('kept'))
  await storage.log.append('long', one('x'.repeat(100)))
  await clock.advance(options.retentionMs + 1)
  isFailing = true
  await assert.rejects(storage.sweep(), /EIO/)
  await storage.sweep().catch(() => {})
  const logger = new KeptLogger()
  const copy = await openIn(afterKill(directory), { logger, clock })
  assert.deepEqual(logger.errors, [])
  await copy.close()
  isFailing = false
  await storage.sweep()
  assert.deepEqual(
    readdirSync(`${directory}/log`).filter((name) => /000[12]\.segment/.test(name)),
    [],
  )
  await storage.close()
})

test('a segment that comes back after a sweep, without those behind it, is not taken for damaged', async () => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  let isFailing = false
  let isSweeping = false
  let copy: string | undefined
  const faulty = faultyDisk((call, path) => isFailing && call === 'append' && path.endsWith('.segment'))
  const fileSystem = {
    ...faulty,
    async remove(path: string) {
      if (!path.endsWith('1.segment')) await faulty.remove(path)
    },
    async syncDirectory(path: string) {
      await faulty.syncDirectory(path)
      if (isSweeping && !readdirSync(path).includes('0000000002.segment')) copy ??= afterKill(directory)
    },
  }
  const storage = await openIn(directory, { fileSystem, clock, segmentBytesMax: 200 })
  await storage.log.create('a', options)
  await storage.log.append('a', one('x'))
  isFailing = true
  await assert.rejects(storage.log.append('a', one('lost'.repeat(50))), StorageFailed)
  isFailing = false
  for (let i = 0; i < 4; i++) await storage.log.append('a', one('x'.repeat(150)))
  await clock.advance(options.retentionMs + 1)
  await storage.log.append('a', one('new'))
  isSweeping = true
  assert.ok((await storage.sweep()) >= 2)
  await storage.close()
  const names = readdirSync(`${copy}/log`)
  assert.ok(names.includes('0000000001.segment') && !names.includes('0000000002.segment'))
  const logger = new KeptLogger()
  const opened = await openIn(copy!, { logger, clock })
  assert.deepEqual(logger.errors, [])
  assert.deepEqual(listed(await opened.log.read('a', 0, everything)), ['5 new'])
  await opened.close()
})

test('a segment that alone says how much of the one before it counts stays as long as that one', async () => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  let isFailing = false
  const fileSystem = faultyDisk((call, path) => isFailing && (call === 'dataSync' || path.includes('.index')))
  const storage = await openIn(directory, { fileSystem, clock, segmentBytesMax: 200 })
  await storage.log.create('a', options)
  await storage.log.create('long', { retentionMs: 100 * options.retentionMs })
  await storage.log.append('long', one('kept'))
  isFailing = true
  await assert.rejects(storage.log.append('long', one('lost')), StorageFailed)
  isFailing = false
  for (let i = 0; i < 3; i++) await storage.log.append('a', one('x'.repeat(150)))
  await storage.log.append('long', one('next'))
  await clock.advance(options.retentionMs + 1)
  await storage.sweep()
  const logger = new KeptLogger()
  const copy = await openIn(afterKill(directory), { logger, clock })
  assert.deepEqual(listed(await copy.log.read('long', 0, everything)), ['0 kept', '1 next'])
  assert.deepEqual(logger.errors, [])
  await copy.close()
  await storage.close()
})

test('a segment that failed before it began, and could not be removed, is not taken for anything later', async () => {
  for (const failing of ['append', 'dataSync'] as const) {
    const directory = temporaryDirectory()
    const clock = new ManualClock()
    let isFailing = false
    const faulty = faultyDisk((call, path) => isFailing && call === failing && path.endsWith('2.segment'))
    const fileSystem = {
      ...faulty,
      async remove(path: string) {
        if (path.endsWith('2.segment')) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        await faulty.remove(path)
      },
    }
    const storage = await openIn(directory, { fileSystem, clock, segmentBytesMax: 100 })
    await storage.log.create('a', options)
    await storage.log.append('a', one('x'.repeat(150)))
    isFailing = true
    await assert.rejects(storage.log.append('a', one('lost')), StorageFailed)
    for (let i = 0; i < 3; i++) await storage.log.append('a', one('x'.repeat(150)))
    await clock.advance(options.retentionMs + 1)
    await storage.log.append('a', one('new'))
    await assert.rejects(storage.sweep(), /EIO/, 'those around it stay as long as it does')
    assert.ok(readdirSync(`${directory}/log`).includes('0000000002.segment'))
    const logger = new KeptLogger()
    const copy = await openIn(afterKill(directory), { logger, clock })
    assert.deepEqual(listed(await copy.log.read('a', 0, everything)), ['4 new'])
    assert.deepEqual(logger.errors, [], failing)
    await copy.sweep()
    await (await copy.reopen()).close()
    assert.deepEqual(logger.errors, [], failing)
    await storage.close()
  }
})

test('a compaction whose name cannot be made durable is told, and keeps what it was made from until the next start', async () => {
  const directory = temporaryDirectory()
  let isRenamed = false
  const fileSystem: FileSystem = {
    ...hastyDisk,
    async rename(from, to) {
      await hastyDisk.rename(from, to)
      isRenamed ||= to.endsWith('.segment')
    },
    async syncDirectory() {
      if (isRenamed) throw new Error('EIO')
    },
  }
  const logger = new KeptLogger()
  const storage = await openIn(directory, { fileSystem, logger, segmentBytesMax: 4096 })
  for (const id of ['few', 'many']) await storage.log.create(id, { retentionMs: 86_400_000 })
  for (let i = 0; i < 60; i++) await storage.log.append(i % 10 === 0 ? 'few' : 'many', batchOf([Buffer.alloc(200)]))
  await storage.log.delete('many')
  await storage.sweep().catch(() => {})
  assert.ok(isRenamed)
  assert.ok(logger.lines.some(({ level, message }) => level === 'warn' && /stays until the next start/.test(message)))
  const count = () => readdirSync(`${directory}/log`).filter((name) => name.endsWith('.segment')).length
  const kept = count()
  await storage.close()
  const again = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax: 4096 })
  assert.ok(count() < kept)
  assert.equal((await allOf(again.log, 'few')).length, 6)
  await again.close()
})
