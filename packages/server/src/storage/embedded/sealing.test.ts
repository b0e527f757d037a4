import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, inflateRawSync } from 'node:zlib'
import { ManualClock } from '@millrace/ports'
import { FixedDataKeys } from '../data-key-fixture.ts'
import { batchOf } from '../log.ts'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { allOf, hastyDisk, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'

const hourMs = 3_600_000
const canaryCount = 10_000

/** Finds which of many strings stand in bytes: as they are, or in base64, wherever it begins. */
class Search {
  readonly found = new Set<string>()
  readonly #needles = new Map<number, { readonly bytes: Buffer; readonly of: string }[]>()

  constructor(strings: readonly string[]) {
    for (const of of strings) {
      this.#add(Buffer.from(of), of)
      for (const before of [0, 1, 2]) {
        const coded = Buffer.from('\0'.repeat(before) + of).toString('base64')
        this.#add(Buffer.from(coded.slice(before === 0 ? 0 : 4, -4)), of) // its ends depend on its neighbours
      }
    }
  }

  look(bytes: Buffer): void {
    for (let at = 0; at + 4 <= bytes.length; at++) {
      for (const needle of this.#needles.get(bytes.readUInt32LE(at)) ?? [])
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes)) this.found.add(needle.of)
      if (bytes.readUInt16LE(at) !== 0x8b1f) continue
      try {
        this.look(gunzipSync(bytes.subarray(at)))
      } catch {}
    }
    try {
      this.look(inflateRawSync(bytes))
    } catch {}
  }

  #add(bytes: Buffer, of: string): void {
    const first = bytes.readUInt32LE(0)
    const same = this.#needles.get(first)
    if (same) same.push({ bytes, of })
    else this.#needles.set(first, [{ bytes, of }])
  }
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** Puts canaries into four logs, with all that happens to a folder: segments end, are compacted, marked, opened again. */
async function canariesIn(directory: string, dataKey: number | undefined) {
  const clock = new ManualClock()
  const logger = new KeptLogger()
  const options = {
    clock,
    logger,
    fileSystem: hastyDisk,
    segmentBytesMax: 128 * 1024,
    dataKeys: () => new FixedDataKeys(),
  }
  let storage = await openIn(directory, options)
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) await storage.log.create(id, { retentionMs: 24 * hourMs, dataKey })
  const canaries = Array.from({ length: canaryCount }, () => randomBytes(15).toString('base64url'))
  const before = new Search(canaries)
  const look = () => {
    for (const path of filesBelow(directory)) before.look(readFileSync(path))
  }
  for (let i = 0; i < canaryCount; i += 100) {
    const entries = canaries
      .slice(i, i + 100)
      .map((canary) => Buffer.from(`{"key":"${canary}","data":"${canary.repeat(2)}"}`))
    const ends = Uint32Array.of(1, 20, 60, 100)
    await storage.log.appendRuns({ batch: batchOf(entries), logs: ids.map((id) => storage.log.find(id)), ends })
    if (i === 3_000) await clock.advance(200)
    if (i === 6_000) storage = await storage.reopen()
  }
  look()
  const { end } = await storage.log.bounds('d')
  await storage.log.trim('d', end)
  await storage.log.trim('c', 4_000)
  assert.ok((await storage.sweep()) > 0)
  storage = await storage.reopen()
  look()
  const kept = (await Promise.all(ids.map((id) => allOf(storage.log, id)))).flat()
  await storage.close()
  look()
  assert.deepEqual(logger.errors, [])
  assert.equal(kept.length, 100 + 1_900)
  return { found: before.found, files: filesBelow(directory) }
}

test('of 10,000 canaries in a sealed log none is in any byte of the folder, and of an open one all are', async (t) => {
  const sealed = await canariesIn(temporaryDirectory(), 1)
  assert.ok(sealed.files.filter((path) => path.endsWith('.segment')).length > 3)
  assert.equal(sealed.found.size, 0)
  const open = await canariesIn(temporaryDirectory(), undefined)
  assert.equal(open.found.size, canaryCount)
  t.diagnostic(
    `${canaryCount} canaries: 0 found in ${sealed.files.length} files that are sealed, all in those that are not`,
  )
})

test('what was sealed by each of many keys is read after a restart, and what has lost its key alone is not', async () => {
  const clock = new ManualClock()
  const keys = new FixedDataKeys()
  const logger = new KeptLogger()
  let storage = await openIn(temporaryDirectory(), { clock, logger, dataKeys: () => keys, segmentBytesMax: 2_000 })
  await storage.log.create('rotated', { retentionMs: hourMs })
  await storage.log.create('other', { retentionMs: hourMs, dataKey: 50 })
  const wanted: string[] = []
  for (let dataKey = 0; dataKey < 20; dataKey++) {
    await storage.log.configure('rotated', { dataKey })
    for (let i = 0; i < 3; i++) {
      const text = `by ${dataKey}, ${i}`
      wanted.push(`${wanted.length} ${text}`)
      await storage.log.append('rotated', batchOf([Buffer.from(text)]))
    }
    await storage.log.append('other', batchOf([Buffer.from('other')]))
  }
  storage = await storage.reopen()
  assert.deepEqual(await allOf(storage.log, 'rotated'), wanted)
  keys.refused.set(7, new Error('the key is gone'))
  for (const reopened of [false, true]) {
    if (reopened) storage = await storage.reopen()
    await assert.rejects(allOf(storage.log, 'rotated'), /the key is gone/)
    const after = await storage.log.read('rotated', 24, { bytesMax: 1 << 20, entriesMax: 1 << 20 })
    assert.equal(after[0]!.firstOffset, 24)
    assert.equal((await allOf(storage.log, 'other')).length, 20)
    await storage.log.append('rotated', batchOf([Buffer.from('goes on')]))
    await storage.sweep()
  }
  keys.refused.clear()
  assert.equal((await allOf(storage.log, 'rotated')).length, 62)
  await storage.close()
  assert.deepEqual(logger.errors, [])
})

test('keys are not asked for by a start, nor by what says nothing of the entries', async () => {
  const keys = new FixedDataKeys()
  let asked = 0
  const dataKeys = () => {
    asked++
    return keys
  }
  let storage = await openIn(temporaryDirectory(), { dataKeys })
  await storage.log.create('plain', { retentionMs: hourMs })
  await storage.log.append('plain', batchOf([Buffer.from('one')]))
  storage = await storage.reopen()
  await allOf(storage.log, 'plain')
  await storage.log.create('sealed', { retentionMs: hourMs, dataKey: 1 })
  assert.equal(asked, 0)
  await storage.log.append('sealed', batchOf([Buffer.from('two')]))
  assert.equal(asked, 1)
  storage = await storage.reopen()
  assert.deepEqual(await storage.log.bounds('sealed'), { start: 0, end: 1 })
  assert.equal(await storage.log.offsetAt('sealed', 0), 0)
  assert.ok((await storage.log.sizeBytes('sealed')) > 0)
  await storage.sweep()
  assert.equal(asked, 1)
  await storage.close()
})

test('a folder says that it may hold sealed runs from the first sealed log on, and not before', async () => {
  const directory = temporaryDirectory()
  const version = () => readFileSync(join(directory, 'millrace.json'), 'utf8').trim()
  const storage = await openIn(directory, { dataKeys: () => new FixedDataKeys() })
  await storage.log.create('a', { retentionMs: hourMs })
  await storage.log.configure('a', { dataKey: 0 })
  assert.equal(version(), '{"formatVersion":2}')
  await storage.log.configure('a', { dataKey: 1 })
  assert.equal(version(), '{"formatVersion":3}')
  await (await storage.reopen()).close()
  assert.equal(version(), '{"formatVersion":3}')
})

test('an open run that failed, and is there after a crash all the same, is served though the log was sealed since', async () => {
  const disk = new FaultyMemoryDisk()
  const options = { dataKeys: () => new FixedDataKeys(), logger: new KeptLogger() }
  const storage = await openIn('/data', { ...options, fileSystem: disk })
  await storage.log.create('a', { retentionMs: hourMs })
  await storage.log.append('a', batchOf([Buffer.from('zero')]))
  const isConcerned = (call: string, path: string) =>
    (call === 'dataSync' && path.endsWith('.segment')) || path.includes('.index') // which would know what counts
  disk.fails = (call, path) => (isConcerned(call, path) ? 'EIO' : undefined)
  await assert.rejects(storage.log.append('a', batchOf([Buffer.from('unknown')])))
  await storage.log.configure('a', { dataKey: 1 })
  const killed = await openIn('/data', { ...options, fileSystem: disk.copy() })
  assert.deepEqual(await allOf(killed.log, 'a'), ['0 zero', '1 unknown'])
  assert.deepEqual(
    options.logger.errors.filter((line) => line.includes('damaged')),
    [],
  )
})

test('a log that is no longer sealed is not taken for sealed by a crash, wherever it comes', async () => {
  const disk = new FaultyMemoryDisk()
  const options = { dataKeys: () => new FixedDataKeys() }
  const storage = await openIn('/data', { ...options, fileSystem: disk })
  await storage.log.create('a', { retentionMs: hourMs, dataKey: 1 })
  await storage.log.append('a', batchOf([Buffer.from('sealed')]))
  const copies: FaultyMemoryDisk[] = []
  disk.fails = () => void copies.push(disk.copy())
  const stopping = storage.log.configure('a', { dataKey: 0 })
  for (let i = 0; i < 50; i++) await storage.log.append('a', batchOf([Buffer.from(`${i}`)]))
  await stopping
  disk.fails = () => undefined
  assert.ok(copies.length > 100)
  for (const copy of copies) {
    const logger = new KeptLogger()
    const killed = await openIn('/data', { ...options, logger, fileSystem: copy })
    assert.ok((await allOf(killed.log, 'a')).length > 0)
    assert.deepEqual(logger.errors, [])
    await killed.close()
  }
})
