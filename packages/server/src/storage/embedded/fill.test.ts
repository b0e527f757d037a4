import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf } from '../log.ts'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { fillBegin, fillByte } from './fill.ts'
import { allOf, type EmbeddedFixture, KeptLogger, openIn } from './fixture.ts'
import { inspectFolder } from './inspection.ts'
import type { EmbeddedOptions } from './open.ts'
import { markAfterMs } from './segment-writer.ts'

const directory = '/data'
const pathOf = (segment: number) => `${directory}/log/${String(segment).padStart(10, '0')}.segment`
const options = { retentionMs: 3_600_000 }
const kibi = 1024
const entry = (i: number, length: number) => Buffer.from(`entry ${i} `.padEnd(length, '0123456789abcdef'))

async function opened(disk: FaultyMemoryDisk, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedFixture> {
  const storage = await openIn(directory, { fileSystem: disk, ...more })
  await storage.log.create('a', options)
  return storage
}

const put = (storage: EmbeddedFixture, i: number, length = 100) => storage.log.append('a', batchOf([entry(i, length)]))

const isTaken = (asked: Promise<unknown>) =>
  asked.then(
    () => true,
    () => false,
  )

/** How much of a segment's file is fill. */
function filled(disk: FaultyMemoryDisk, segment = 1): number {
  const bytes = disk.contents(pathOf(segment))
  return bytes.byteLength - fillBegin(bytes)
}

/** What the next start serves and says. */
async function found(disk: FaultyMemoryDisk) {
  const logger = new KeptLogger()
  const storage = await openIn(directory, { fileSystem: disk, logger })
  const served = await allOf(storage.log, 'a')
  await storage.close()
  return { served, said: logger.lines.map(({ level, message }) => `${level} ${message}`) }
}

function changed(disk: FaultyMemoryDisk, change: (bytes: Uint8Array) => Uint8Array | undefined): FaultyMemoryDisk {
  const copy = disk.copy()
  const bytes = copy.contents(pathOf(1)).slice()
  copy.put(pathOf(1), change(bytes) ?? bytes)
  return copy
}

/** Ten entries in one segment, as kill -9 leaves it at once, or after a while. */
async function killed(isIdle: boolean) {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  const storage = await opened(disk, { clock })
  const positions = [64]
  const entries: string[] = []
  for (let i = 0; i < 10; i++) {
    await put(storage, i, 900)
    entries.push(`${i} ${entry(i, 900)}`)
    positions.push(fillBegin(disk.contents(pathOf(1))))
  }
  if (isIdle) await clock.advance(2 * markAfterMs)
  const copy = disk.copy()
  await storage.close()
  return { disk: copy, positions, entries }
}

test('small commits go over fill, which grows with its segment and ends where that does', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await opened(disk, { segmentBytesMax: 3000 * kibi })
  let lengths = 0
  let size = 0
  for (let i = 0; i < 1000; i++) {
    await put(storage, i, 2 * kibi)
    const { byteLength } = disk.contents(pathOf(1))
    if (byteLength === size) continue
    size = byteLength
    lengths++
    const written = byteLength - filled(disk)
    assert.ok(filled(disk) <= Math.max(64 * kibi, Math.min(written, 1024 * kibi)), `${filled(disk)} behind ${written}`)
    assert.ok(byteLength <= 3000 * kibi)
  }
  assert.equal(lengths, 6, 'of 1,000 commits so many lengthened the file')
  await storage.close()
})

test('there is no fill behind a large commit, and none where nothing is synced', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await opened(disk)
  for (let i = 0; i < 5; i++) {
    await put(storage, i, 200 * kibi)
    assert.equal(filled(disk), 0)
  }
  await storage.close()
  const hasty = new FaultyMemoryDisk()
  const inSystemsHands = await opened(hasty, { durability: 'os' })
  await put(inSystemsHands, 0)
  assert.equal(filled(hasty), 0)
  await inSystemsHands.close()
})

test('a segment that ends gives its fill back: at a stop, when it is full, and at a start after a kill', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await opened(disk, { segmentBytesMax: 40_000 })
  await put(storage, 0)
  assert.ok(filled(disk) > 30_000)
  await put(storage, 1, 40_000)
  await put(storage, 2)
  assert.equal(filled(disk), 0)
  assert.ok(filled(disk, 2) > 30_000)
  const killed = disk.copy()
  await storage.close()
  await (await openIn(directory, { fileSystem: killed })).close()
  for (const state of [disk, killed]) for (const segment of [1, 2]) assert.equal(filled(state, segment), 0)
})

for (const isIdle of [false, true])
  test(`fill that is left by a kill${isIdle ? ', a while after the last put,' : ''} is no part of the log, however much there is of it`, async () => {
    const { disk, entries } = await killed(isIdle)
    const { byteLength } = disk.contents(pathOf(1))
    assert.ok(filled(disk) > 1000)
    for (const less of [0, 1, 7, 8, 513, filled(disk) - 1, filled(disk)]) {
      const copy = changed(disk, (bytes) => bytes.slice(0, byteLength - less))
      assert.deepEqual(await found(copy), { served: entries, said: [] }, `${less} bytes less`)
    }
  })

for (const isIdle of [false, true])
  test(`any 512 bytes that became zeros are told, also of fill, in a storage that was killed${isIdle ? ' when idle' : ''}`, async (t) => {
    const { disk, positions, entries } = await killed(isIdle)
    const { byteLength } = disk.contents(pathOf(1))
    let tries = 0
    for (let from = 0; from < byteLength; from += 512, tries++) {
      const to = Math.min(from + 512, byteLength)
      const { served, said } = await found(changed(disk, (bytes) => bytes.fill(0, from, to)))
      const whole = entries.filter((_, i) => positions[i + 1]! <= from || positions[i]! >= to)
      assert.deepEqual(served, whole, `from ${from}`)
      assert.notEqual(said.length, 0, `from ${from}`)
      const isVouchedFor = to <= positions[isIdle ? 10 : 9]! // by the mark, or by the last block
      if (isVouchedFor) assert.match(said[0]!, /^error .* is damaged/, `from ${from}`)
    }
    t.diagnostic(`${tries} places of 512 bytes in ${byteLength}`)
  })

test('a bit flipped in fill is told, and costs nothing', async () => {
  const { disk, entries } = await killed(false)
  const begin = fillBegin(disk.contents(pathOf(1)))
  const { byteLength } = disk.contents(pathOf(1))
  for (let at = begin; at < byteLength; at += at < begin + 100 ? 1 : 4093) {
    const copy = changed(disk, (bytes) => {
      bytes[at]! ^= 1 << (at % 8)
      return undefined
    })
    const { served, said } = await found(copy)
    assert.deepEqual(served, entries)
    assert.match(said.join(), /^warn .* ends with a write that was not finished/, `byte ${at}`)
  }
})

test('a block that was acknowledged and is fill again is damage when anything behind it vouches for it', async () => {
  const { disk, positions, entries } = await killed(true)
  for (let block = 0; block < 10; block++) {
    const { served, said } = await found(
      changed(disk, (bytes) => bytes.fill(fillByte, positions[block], positions[block + 1])),
    )
    assert.deepEqual(served, entries.toSpliced(block, 1))
    assert.match(said[0]!, new RegExp(`^error .* is damaged from byte ${positions[block]} to ${positions[block + 1]}:`))
  }
})

test('of a commit over fill, whichever parts of it came: what is not whole is cut off, and nothing is called damage', async (t) => {
  const { disk, positions, entries } = await killed(false)
  const [from, to] = [positions[9]!, positions[10]!]
  const pieceLength = 128
  const pieces = Math.ceil((to - from) / pieceLength)
  for (let came = 0; came < 2 ** pieces - 1; came++) {
    const torn = changed(disk, (bytes) => {
      for (let i = 0; i < pieces; i++)
        if ((came & (1 << i)) === 0)
          bytes.fill(fillByte, from + i * pieceLength, Math.min(from + (i + 1) * pieceLength, to))
      return undefined
    })
    const { served, said } = await found(torn)
    assert.deepEqual(served, entries.slice(0, 9), `pieces ${came.toString(2)}`)
    const told =
      came === 0
        ? []
        : [`warn ${pathOf(1)} ends with a write that was not finished, from byte ${from}: it does not count`]
    assert.deepEqual(said, told, `pieces ${came.toString(2)}`)
    assert.deepEqual(await found(torn), { served: entries.slice(0, 9), said: [] })
  }
  t.diagnostic(`${2 ** pieces - 1} subsets`)
})

test('entries that look like fill are not taken for it', async () => {
  for (let length = 1; length <= 64; length++) {
    const disk = new FaultyMemoryDisk()
    const storage = await opened(disk)
    const like = Buffer.alloc(length, fillByte)
    for (let i = 0; i < 3; i++) await storage.log.append('a', batchOf([like]))
    const copy = disk.copy()
    await storage.close()
    const { said } = await found(copy)
    assert.deepEqual(said, [])
    const reopened = await openIn(directory, { fileSystem: copy })
    const [block] = await reopened.log.read('a', 2, { bytesMax: 1000, entriesMax: 10 })
    assert.deepEqual(Buffer.from(block!.bytes), like, `${length} bytes`)
    await reopened.close()
  }
})

test('a put that fits on the disk is taken when its fill does not, and the room for that is given back', async (t) => {
  let tries = 0
  for (let room = 0; room < 70 * kibi; room += 997, tries++) {
    const disk = new FaultyMemoryDisk()
    const storage = await opened(disk, { segmentBytesMax: 1024 * kibi })
    await put(storage, 0, 200 * kibi) // without fill: the segment is there
    disk.bytesMax = disk.usedBytes + 1000 + room
    await put(storage, 1, 800)
    const isFull = room < 64 * kibi
    if (isFull) assert.equal(filled(disk), 0)
    let fits = 0
    while (await isTaken(put(storage, 2, 800))) fits++
    assert.ok(fits >= Math.floor(room / 1000) - 2, `${fits} more in ${room} bytes`)
    await storage.close()
  }
  t.diagnostic(`${tries} disks`)
})

test('fill that the disk refuses for another reason fails its commit, and the file is left alone', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await opened(disk)
  disk.fails = (call) => (call === 'writeAhead' ? 'EIO' : undefined)
  await assert.rejects(put(storage, 0), /EIO/)
  disk.fails = () => undefined
  await put(storage, 1)
  assert.deepEqual(await allOf(storage.log, 'a'), [`0 ${entry(1, 100)}`])
  await storage.close()
})

test('a segment with fill that a failed sync ended is sound, also where nothing says how much of it counts', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await opened(disk)
  await put(storage, 0)
  disk.fails = (call, path) => (call === 'dataSync' && path === pathOf(1) ? 'EIO' : undefined)
  await assert.rejects(put(storage, 1), /EIO/)
  await put(storage, 2)
  const copy = disk.copy()
  await storage.close()
  assert.ok(filled(copy) > 1000 && filled(copy, 2) > 1000)
  const inspect = async () => (await inspectFolder(copy, directory)).findings.map(({ message }) => message)
  assert.deepEqual(await inspect(), [])
  copy.files.delete(pathOf(1).replace('.segment', '.index'))
  assert.deepEqual(await inspect(), [])
  copy.contents(pathOf(2))[8]! ^= 1 // the checksum of the header that says it
  const told = `${pathOf(2)} is damaged from byte 0 to 64`
  assert.deepEqual(await inspect(), [told])
  assert.deepEqual((await found(copy)).said, [`error ${told}: these entries are not served`])
})
