import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { batchOf, LogNotFound } from '../log.ts'
import { DataFolderError } from './data-folder.ts'
import { hastyDisk, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const fileSystem = hastyDisk
const options = { retentionMs: 3_600_000 }
const segmentOf = (directory: string, number: number) => `${directory}/log/${String(number).padStart(10, '0')}.segment`
const indexOf = (directory: string, number: number) => segmentOf(directory, number).replace('.segment', '.index')
const entry = (i: number) => `entry ${i} ${'x'.repeat(i % 20)}`

/** A folder as kill -9 leaves it: one segment without an index, six appends to `a`, synced one by one. */
async function killedFolder(appends = 6): Promise<string> {
  const living = temporaryDirectory()
  const storage = await openIn(living, { fileSystem })
  await storage.log.create('a', options)
  for (let i = 0; i < appends; i++) await storage.log.append('a', batchOf([Buffer.from(entry(i))]))
  const directory = temporaryDirectory()
  cpSync(living, directory, { recursive: true })
  rmSync(`${directory}/lock`)
  await storage.close()
  return directory
}

/** Where each block of segment 1 begins, and where the last ends: by the lengths that they carry. */
function blockPositions(directory: string): number[] {
  const bytes = readFileSync(segmentOf(directory, 1))
  const positions = [64]
  while (positions.at(-1)! < bytes.byteLength)
    positions.push(positions.at(-1)! + bytes.readUInt32LE(positions.at(-1)! + 8))
  return positions
}

async function readAll(directory: string, logger = new KeptLogger()): Promise<string[]> {
  const storage = await openIn(directory, { logger, fileSystem })
  try {
    return listed(await storage.log.read('a', 0, everything))
  } finally {
    await storage.close()
  }
}

const entries = (...numbers: number[]) => numbers.map((i) => `${i} ${entry(i)}`)

test('offsets are not given twice when the damaged block may have been the log’s last', async () => {
  const directory = temporaryDirectory()
  const living = await openIn(directory, { fileSystem })
  await living.log.create('a', options)
  await living.log.create('b', options)
  await living.log.append('a', batchOf([Buffer.from('lost'), Buffer.from('lost')]))
  await living.log.append('b', batchOf([Buffer.from('kept')]))
  const copy = temporaryDirectory()
  cpSync(directory, copy, { recursive: true })
  rmSync(`${copy}/lock`)
  await living.close()
  const bytes = readFileSync(segmentOf(copy, 1))
  bytes[100]! ^= 1
  writeFileSync(segmentOf(copy, 1), bytes)
  const storage = await openIn(copy, { fileSystem })
  const { firstOffset } = await storage.log.append('a', batchOf([Buffer.from('next')]))
  assert.ok(firstOffset >= 2)
  assert.deepEqual(listed(await storage.log.read('a', 0, everything)), [`${firstOffset} next`])
  const again = await storage.reopen()
  assert.equal((await again.log.bounds('a')).end, firstOffset + 1)
  assert.deepEqual(listed(await again.log.read('a', 0, everything)), [`${firstOffset} next`])
  await again.close()
})

test('damage in a finished segment is found when it is read, and what follows is served', async () => {
  const directory = temporaryDirectory()
  const storage = await openIn(directory, { fileSystem })
  await storage.log.create('a', options)
  for (let i = 0; i < 6; i++) await storage.log.append('a', batchOf([Buffer.from(entry(i))]))
  await storage.close()
  const positions = blockPositions(directory)
  const bytes = readFileSync(segmentOf(directory, 1))
  bytes.fill(0, positions[1]!, positions[2]!)
  bytes[positions[5]! + 60]! ^= 4
  writeFileSync(segmentOf(directory, 1), bytes)
  const logger = new KeptLogger()
  assert.deepEqual(await readAll(directory, logger), entries(0, 2, 3, 4))
  assert.equal(logger.errors.length, 2)
})

test('a missing, cut or damaged index costs nothing but time', async () => {
  const directory = await killedFolder()
  assert.deepEqual(await readAll(directory), entries(0, 1, 2, 3, 4, 5))
  const index = readFileSync(indexOf(directory, 1))
  for (let at = 0; at < index.byteLength; at += 5) {
    const flipped = Buffer.from(index)
    flipped[at]! ^= 16
    writeFileSync(indexOf(directory, 1), at % 2 ? flipped : index.subarray(0, at))
    assert.deepEqual(await readAll(directory), entries(0, 1, 2, 3, 4, 5), `at ${at}`)
  }
  rmSync(indexOf(directory, 1))
  assert.deepEqual(await readAll(directory), entries(0, 1, 2, 3, 4, 5))
})

test('a missing segment in the middle is told once, and the others are served', async () => {
  const directory = temporaryDirectory()
  const storage = await openIn(directory, { segmentBytesMax: 128 })
  await storage.log.create('a', options)
  for (let i = 0; i < 6; i++) await storage.log.append('a', batchOf([Buffer.from(entry(i))]))
  await storage.close()
  rmSync(segmentOf(directory, 3))
  const logger = new KeptLogger()
  assert.deepEqual(await readAll(directory, logger), entries(0, 1, 3, 4, 5))
  assert.match(logger.errors[0]!, /0000000003\.segment is missing/)
  const again = new KeptLogger()
  await readAll(directory, again)
  assert.deepEqual(again.errors, [])
})

test('expired segments are deleted, offsets go on, and one long-lived log keeps only what it shares', async () => {
  const clock = new ManualClock()
  const directory = temporaryDirectory()
  const logger = new KeptLogger()
  let storage = await openIn(directory, { clock, segmentBytesMax: 128, logger })
  await storage.log.create('a', options)
  await storage.log.create('long', { retentionMs: 100 * options.retentionMs })
  await storage.log.append('long', batchOf([Buffer.from('stays')]))
  for (let i = 0; i < 6; i++) await storage.log.append('a', batchOf([Buffer.from(entry(i))]))
  storage = await storage.reopen()
  const segments = () => readdirSync(`${directory}/log`).filter((name) => name.endsWith('.segment')).length
  const before = segments()
  assert.equal(await storage.sweep(), 0)
  await clock.advance(options.retentionMs + 1)
  await storage.sweep()
  assert.ok(segments() < before && segments() >= 1)
  storage = await storage.reopen()
  assert.deepEqual(await storage.log.bounds('a'), { start: 6, end: 6 })
  assert.deepEqual(listed(await storage.log.read('long', 0, everything)), ['0 stays'])
  assert.equal((await storage.log.append('a', batchOf([Buffer.from('more')]))).firstOffset, 6)
  await storage.log.delete('long')
  await storage.log.delete('a')
  storage = await storage.reopen()
  await storage.sweep()
  assert.equal(segments(), 0)
  storage = await storage.reopen()
  assert.deepEqual(logger.errors, [])
  await storage.close()
})

test('an index that goes away while the folder is open is made anew', async () => {
  const directory = temporaryDirectory()
  const first = await openIn(directory, { segmentBytesMax: 1 })
  await first.log.create('a', options)
  for (let i = 0; i < 3; i++) await first.log.append('a', batchOf([Buffer.from(entry(i))]))
  const storage = await first.reopen()
  rmSync(indexOf(directory, 1))
  assert.deepEqual(listed(await storage.log.read('a', 0, everything)), entries(0, 1, 2))
  assert.ok(readdirSync(`${directory}/log`).includes('0000000001.index'))
  await storage.close()
})

test('reads go across segments, from any offset, within limits', async () => {
  const directory = temporaryDirectory()
  const first = await openIn(directory, { segmentBytesMax: 400 })
  await first.log.create('a', options)
  for (let i = 0; i < 40; i++) await first.log.append('a', batchOf([Buffer.from(entry(i))]))
  const storage = await first.reopen()
  for (let from = 0; from < 40; from++) {
    assert.deepEqual(listed(await storage.log.read('a', from, everything)), entries(...range(from, 40)))
    const three = await storage.log.read('a', from, { bytesMax: 1 << 20, entriesMax: 3 })
    assert.deepEqual(listed(three), entries(...range(from, Math.min(40, from + 3))))
    assert.deepEqual(listed(await storage.log.read('a', from, { bytesMax: 0, entriesMax: 3 })), entries(from))
  }
  await storage.close()
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('a file that is not ours is named, and nothing is changed', async () => {
  const directory = temporaryDirectory()
  writeFileSync(`${directory}/thesis.doc`, 'mine')
  await assert.rejects(
    openIn(directory, { fileSystem }),
    (error) => error instanceof DataFolderError && /thesis\.doc/.test(error.message),
  )
  assert.deepEqual(readdirSync(directory), ['thesis.doc'])
  const ours = await killedFolder()
  writeFileSync(`${ours}/log/stray.txt`, 'x')
  await assert.rejects(
    openIn(ours, { fileSystem }),
    (error) => error instanceof DataFolderError && /stray\.txt/.test(error.message),
  )
  rmSync(`${ours}/log/stray.txt`)
  assert.equal((await readAll(ours)).length, 6)
})

test('a folder of a newer Millrace is refused', async () => {
  const directory = await killedFolder()
  writeFileSync(`${directory}/millrace.json`, '{"formatVersion":4}')
  await assert.rejects(openIn(directory, { fileSystem }), /millrace\.json says format version 4.*run a newer Millrace/)
  writeFileSync(`${directory}/millrace.json`, '{"formatVersion":1}')
  await assert.rejects(openIn(directory, { fileSystem }), /says format version 1.*run the Millrace that made it/)
  writeFileSync(`${directory}/millrace.json`, '{"formatVers')
  await assert.rejects(openIn(directory, { fileSystem }), /millrace\.json is damaged/)
})

test('a damaged map is named and not served; a cut last change is left out', async () => {
  const directory = await killedFolder(0)
  const path = `${directory}/log/logs.map`
  const bytes = readFileSync(path)
  const storage = await openIn(directory, { fileSystem })
  for (const id of ['b', 'c', 'd']) await storage.log.create(id, options)
  await storage.close()
  const grown = readFileSync(path)
  for (let at = 40; at < grown.byteLength - 40; at += 3) {
    const flipped = Buffer.from(grown)
    flipped[at]! ^= 2
    writeFileSync(path, flipped)
    await assert.rejects(openIn(directory, { fileSystem }), /logs\.map is damaged at byte/, `flip at ${at}`)
  }
  writeFileSync(path, bytes.subarray(0, bytes.byteLength - 3))
  await assert.rejects(readAll(directory), LogNotFound)
})
