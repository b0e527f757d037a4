import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWhole } from '../packages/server/src/storage/embedded/file-system.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const random = new SeededRandom(1)
const images = 400

async function diskWithFile(syncedLength: number, unsyncedLength: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(random.fork())
  const file = await disk.open('/file', 'create')
  await file.append([new Uint8Array(syncedLength).fill(1)])
  await file.dataSync()
  await disk.syncDirectory('/')
  await file.append([new Uint8Array(unsyncedLength).fill(2)])
  return disk
}

/** What of a file is there after each of many power losses. */
async function survivors(disk: SimulatedDisk, path: string): Promise<(Uint8Array | undefined)[]> {
  return Promise.all(
    Array.from({ length: images }, () => readWhole(disk.after('power', random.fork()), path).catch(() => undefined)),
  )
}

test('a power loss takes nothing that was synced, and any part of what was not', async () => {
  const found = await survivors(await diskWithFile(700, 3_000), '/file')
  const lengths = new Set<number>()
  const patterns = new Set<string>()
  for (const bytes of found) {
    assert.ok(bytes && bytes.length >= 700 && bytes.length <= 3_700)
    assert.ok(bytes.subarray(0, 700).every((byte) => byte === 1))
    assert.ok(bytes.subarray(700).every((byte) => byte === 2 || byte === 0))
    lengths.add(bytes.length)
    patterns.add(
      Buffer.from(bytes.subarray(700))
        .toString('hex')
        .replace(/(..)\1*/g, '$1'),
    )
  }
  assert.ok(lengths.size > 20, 'the size grew by any amount')
  assert.ok(patterns.has('') && patterns.has('02') && patterns.has('00') && patterns.has('0002'), 'also reordered')
})

test('a sector comes as the file was at one moment, whole', async () => {
  const disk = await diskWithFile(512, 5 * 512)
  let torn = 0
  for (const bytes of await survivors(disk, '/file')) {
    assert.ok(bytes)
    // The write was made in two parts: the piece in which they meet may have come between them.
    let mixed = 0
    for (let at = 512; at + 8 <= bytes.length; at += 8) if (new Set(bytes.subarray(at, at + 8)).size > 1) mixed++
    assert.ok(mixed <= 1, 'no disk writes less than 8 bytes')
    if (new Set(bytes.subarray(512)).size > 1) torn++
  }
  assert.ok(torn > images / 10)
})

test('what is written over synced bytes comes piece by piece, or leaves them as they were, and never zeros', async () => {
  const disk = new SimulatedDisk(random.fork())
  const file = await disk.open('/file', 'create')
  await file.append([new Uint8Array(500).fill(1)])
  assert.equal(await file.writeAhead!([new Uint8Array(2_000).fill(9)]), 2_000)
  await file.dataSync()
  await disk.syncDirectory('/')
  await file.append([new Uint8Array(1_500).fill(2)])
  assert.equal(await file.size(), 2_500)
  const seen = new Set<string>()
  for (const bytes of await survivors(disk, '/file')) {
    assert.equal(bytes!.length, 2_500)
    assert.ok(bytes!.subarray(0, 500).every((byte) => byte === 1))
    assert.ok(bytes!.subarray(500, 2_000).every((byte) => byte === 2 || byte === 9))
    assert.ok(bytes!.subarray(2_000).every((byte) => byte === 9))
    seen.add(
      Buffer.from(bytes!.subarray(500, 2_000))
        .toString('hex')
        .replace(/(..)\1*/g, '$1'),
    )
  }
  assert.ok(seen.has('02') && seen.has('09') && seen.has('0209') && seen.has('0902') && seen.has('020902'))
  await file.dataSync()
  for (const bytes of await survivors(disk, '/file'))
    assert.ok(
      bytes!.subarray(500, 2_000).every((byte) => byte === 2),
      'what was synced is there',
    )
})

test('what was written ahead and not synced is there, is zeros, or is missing', async () => {
  const disk = await diskWithFile(0, 100)
  const file = await disk.open('/file', 'append')
  await file.append([new Uint8Array(900).fill(3)])
  await file.writeAhead!([new Uint8Array(3_000).fill(9)])
  const found = await survivors(disk, '/file')
  const ends = found.map((bytes) => Buffer.from(bytes!.subarray(1_000)))
  assert.ok(found.some((bytes) => bytes!.length < 1_000) && ends.some((end) => end.length === 3_000))
  assert.ok(ends.some((end) => end.includes(9) && end.includes(0)) && ends.every((end) => !end.includes(3)))
})

test('a copy of a disk does not change when the disk is written over', async () => {
  const disk = await diskWithFile(100, 0)
  const file = await disk.open('/file', 'append')
  await file.writeAhead!([new Uint8Array(50).fill(9)])
  const copy = disk.copy(random.fork())
  await file.append([new Uint8Array(50).fill(2)])
  assert.ok((await readWhole(copy, '/file')).subarray(100).every((byte) => byte === 9))
  assert.ok((await readWhole(disk, '/file')).subarray(100).every((byte) => byte === 2))
})

test('a file whose name was not synced may be gone, and a removed one may be back', async () => {
  const disk = new SimulatedDisk(random.fork())
  const file = await disk.open('/old', 'create')
  await file.append([new Uint8Array(10).fill(1)])
  await file.dataSync()
  await disk.syncDirectory('/')
  await disk.rename('/old', '/new')
  const found = { old: 0, new: 0 }
  for (let i = 0; i < images; i++) {
    const names = await disk.after('power', random.fork()).list('/')
    assert.equal(names.length, 1, 'a rename happened or not')
    found[names[0] as 'old' | 'new']++
  }
  assert.ok(found.old > 0 && found.new > 0)
  await disk.syncDirectory('/')
  for (let i = 0; i < images; i++) assert.deepEqual(await disk.after('power', random.fork()).list('/'), ['new'])
})

test('the death of a process takes nothing, and a power loss after it what was not synced', async () => {
  const disk = await diskWithFile(100, 1_000)
  const next = disk.after('process', random.fork())
  assert.equal((await readWhole(next, '/file')).length, 1_100)
  assert.ok((await survivors(next, '/file')).some((bytes) => bytes!.length === 100))
})

test('what a failed sync left is read, and never durable by a later one', async () => {
  const disk = await diskWithFile(100, 1_000)
  const file = await disk.open('/file', 'append')
  const fault = disk.failAfter(0, 1, 'EIO')
  await assert.rejects(file.dataSync(), /EIO/)
  assert.ok(fault.hasFailed())
  await file.append([new Uint8Array(50).fill(3)])
  await file.dataSync()
  assert.equal((await readWhole(disk, '/file')).filter((byte) => byte === 2).length, 1_000)
  const found = await survivors(disk, '/file')
  assert.ok(found.every((bytes) => bytes!.length === 1_150 && bytes!.subarray(1_100).every((byte) => byte === 3)))
  assert.ok(found.some((bytes) => bytes!.subarray(100, 1_100).every((byte) => byte === 0)))
})

test('a file that was cut is so for readers, and after a power loss only if it was synced', async () => {
  const disk = await diskWithFile(100, 1_000)
  const file = await disk.open('/file', 'append')
  await file.truncate!(400)
  assert.equal(await file.size(), 400)
  const lengths = (await survivors(disk, '/file')).map((bytes) => bytes!.length)
  assert.ok(lengths.some((length) => length > 400) && lengths.some((length) => length <= 400))
  await file.append([new Uint8Array(10).fill(3)])
  await file.dataSync()
  for (const bytes of await survivors(disk, '/file'))
    assert.ok(bytes!.length === 410 && bytes!.subarray(400).every((byte) => byte === 3))
})

test('a disk that stopped never answers again, and copies of it do', async () => {
  const disk = await diskWithFile(10, 0)
  disk.stopAfter(1)
  let isAnswered = false
  void disk.open('/other', 'create').then(() => {
    isAnswered = true
  })
  await disk.stopped
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isAnswered, false)
  assert.deepEqual(new Set(await disk.after('process', random.fork()).list('/')), new Set(['file', 'other']))
})

test('the calls that fail are those that were asked for, and a write that fails leaves a part', async () => {
  const disk = await diskWithFile(10, 0)
  disk.failAfter(1, 2, 'ENOSPC')
  const file = await disk.open('/other', 'create')
  await assert.rejects(file.append([new Uint8Array(1_000).fill(7)]), /ENOSPC/)
  await assert.rejects(disk.remove('/file'), /ENOSPC/)
  await file.dataSync()
  assert.ok((await file.size()) < 1_000)
  assert.deepEqual(new Set(await disk.list('/')), new Set(['file', 'other']))
})
