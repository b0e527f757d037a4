import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf, StorageBusy, StorageFailed } from '../log.ts'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { fillBegin } from './fill.ts'
import { allOf, KeptLogger, openIn } from './fixture.ts'
import { inFlightBytesMax } from './segment-writer.ts'

const directory = '/data'
const options = { retentionMs: 3_600_000 }
const entry = (i: number, length = 100) => batchOf([Buffer.from(`entry ${i} `.padEnd(length, 'x'))])
const line = (offset: number, i: number, length = 100) => `${offset} ${`entry ${i} `.padEnd(length, 'x')}`

test('a disk that is full at any byte: reads go on, puts are refused, and the first put after it has room is taken', async (t) => {
  let refusals = 0
  const whole = new FaultyMemoryDisk()
  const first = await openIn(directory, { fileSystem: whole, segmentBytesMax: 700 })
  await first.log.create('a', options)
  for (let i = 0; i < 4; i++) await first.log.append('a', entry(i))
  await first.close()
  const needed = 4000
  for (let room = 0; room < needed; room += 13) {
    const disk = whole.copy()
    const clock = new ManualClock()
    const storage = await openIn(directory, { fileSystem: disk, clock, segmentBytesMax: 700 })
    const lines = await allOf(storage.log, 'a')
    assert.equal(lines.length, 4)
    disk.bytesMax = disk.usedBytes + room
    for (let i = 4; i < 20; i++) {
      try {
        const { firstOffset } = await storage.log.append('a', entry(i))
        lines.push(line(firstOffset, i))
      } catch (error) {
        assert.ok(error instanceof StorageFailed)
        assert.match(error.message, /ENOSPC/)
        refusals++
      }
      assert.deepEqual(await allOf(storage.log, 'a'), lines)
    }
    await clock.advance(1000)
    disk.bytesMax = Number.POSITIVE_INFINITY
    const { firstOffset } = await storage.log.append('a', entry(20)) // at once, at the first try
    lines.push(line(firstOffset, 20))
    await storage.log.create('b', options)
    for (const state of [disk.copy(), disk]) {
      if (state === disk) await storage.close()
      const logger = new KeptLogger()
      const reopened = await openIn(directory, { fileSystem: state, logger })
      assert.deepEqual(await allOf(reopened.log, 'a'), lines)
      assert.deepEqual(logger.errors, [])
      await reopened.close()
    }
  }
  t.diagnostic(
    `${Math.ceil(needed / 13)} disks, ${refusals} puts refused, 0 acknowledged lost, 0 tries wasted after it`,
  )
})

test('trying on does not fill a full disk: what is left of a write is given back, and files without entries go', async (t) => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  await storage.log.create('a', options)
  await storage.log.append('a', entry(0))
  const path = `${directory}/log/0000000001.segment`
  const filled = disk.contents(path).byteLength - fillBegin(disk.contents(path))
  const before = disk.usedBytes - filled
  disk.bytesMax = before + filled + 3000
  for (let i = 0; i < 200; i++) await assert.rejects(storage.log.append('a', entry(i, filled + 5000)), StorageFailed)
  const grown = disk.usedBytes - before
  assert.ok(grown < 500, `${grown} bytes more than before`) // the index of the segment that was left
  assert.equal(disk.names(`${directory}/log`, '.segment').length, 1)
  const { firstOffset } = await storage.log.append('a', entry(1, 2000)) // what fits is taken all the while
  assert.deepEqual(await allOf(storage.log, 'a'), [line(0, 0), line(firstOffset, 1, 2000)])
  await storage.close()
  t.diagnostic(`200 refused puts of ${filled + 5000} bytes: ${grown} bytes more on the disk`)
})

test('a sync that finds no room is not asked for twice, and its file is left as it is', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  await storage.log.create('a', options)
  await storage.log.append('a', entry(0))
  disk.fails = (call, path) => (call === 'dataSync' && path.endsWith('.segment') ? 'ENOSPC' : undefined)
  for (let i = 1; i < 5; i++) await assert.rejects(storage.log.append('a', entry(i)), StorageFailed)
  disk.fails = () => undefined
  await storage.log.append('a', entry(5))
  assert.deepEqual(disk.touchedAfterFailedSync, [])
  assert.deepEqual(await allOf(storage.log, 'a'), [line(0, 0), line(1, 5)])
  await storage.close()
})

test('without a free file handle what is open but idle is closed: reads and writes go on', async () => {
  const disk = new FaultyMemoryDisk()
  const first = await openIn(directory, { fileSystem: disk, segmentBytesMax: 300 })
  await first.log.create('a', options)
  const lines: string[] = []
  for (let i = 0; i < 40; i++) {
    await first.log.append('a', entry(i))
    lines.push(line(i, i))
  }
  const storage = await first.reopen()
  assert.deepEqual(await allOf(storage.log, 'a'), lines)
  const idle = disk.openFiles.length
  assert.ok(idle > 10)
  disk.openFilesMax = idle // not one more
  for (let i = 40; i < 50; i++) {
    await storage.log.append('a', entry(i))
    lines.push(line(i, i))
    assert.deepEqual(await allOf(storage.log, 'a'), lines)
  }
  await storage.close()
  assert.deepEqual(disk.openFiles, [])
})

test('without any file handle puts into an open segment go on, others are refused, and nothing is lost', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk, segmentBytesMax: 700 })
  await storage.log.create('a', options)
  const { firstOffset } = await storage.log.append('a', entry(0))
  const lines = [line(firstOffset, 0)]
  disk.openFilesMax = 0
  let refused = 0
  for (let i = 1; i < 12; i++) {
    try {
      const appended = await storage.log.append('a', entry(i))
      lines.push(line(appended.firstOffset, i))
    } catch (error) {
      assert.match(String(error), /EMFILE/)
      refused++
    }
  }
  assert.ok(lines.length > 2 && refused > 2)
  disk.openFilesMax = Number.POSITIVE_INFINITY
  const appended = await storage.log.append('a', entry(12))
  lines.push(line(appended.firstOffset, 12))
  assert.deepEqual(await allOf(storage.log, 'a'), lines)
  const again = await storage.reopen()
  assert.deepEqual(await allOf(again.log, 'a'), lines)
  await again.close()
})

test('while a sync takes its time, what waits is bounded by its bytes, the rest is refused, and reads go on', async (t) => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  await storage.log.create('a', options)
  await storage.log.append('a', entry(0))
  const slow = Promise.withResolvers<void>()
  disk.syncGate = slow.promise
  const megabyte = new Uint8Array(1024 * 1024)
  const outcomes: Promise<unknown>[] = []
  let busy = 0
  for (let i = 0; i < 100; i++) {
    const put = storage.log.append('a', { bytes: megabyte, positions: Uint32Array.of(0, megabyte.byteLength) })
    outcomes.push(
      put.catch((error) => {
        assert.ok(error instanceof StorageBusy)
        busy++
      }),
    )
  }
  await new Promise((resolve) => setImmediate(resolve))
  const admitted = 100 - busy
  assert.equal(admitted, Math.floor(inFlightBytesMax / (megabyte.byteLength + 64)))
  assert.deepEqual(await allOf(storage.log, 'a'), [line(0, 0)], 'what is not durable is not served')
  slow.resolve()
  disk.syncGate = undefined
  await Promise.all(outcomes)
  assert.deepEqual(await storage.log.bounds('a'), { start: 0, end: 1 + admitted })
  await storage.log.append('a', entry(1))
  await storage.close()
  t.diagnostic(`of 100 MiB that came during one sync, ${admitted} MiB waited and ${busy} MiB were refused`)
})

test('one batch that is larger than all that may wait is taken when nothing else waits', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  await storage.log.create('a', options)
  const bytes = new Uint8Array(inFlightBytesMax + 1)
  await storage.log.append('a', { bytes, positions: Uint32Array.of(0, bytes.byteLength) })
  assert.equal((await storage.log.bounds('a')).end, 1)
  await storage.close()
})
