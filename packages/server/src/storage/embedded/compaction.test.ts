import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { batchOf, type RecordLog } from '../log.ts'
import type { FileSystem } from './file-system.ts'
import { type EmbeddedFixture, hastyDisk, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const dayMs = 86_400_000
const segmentBytesMax = 16 * 1024
const text = (log: string, i: number) => `${log}${i} ${'x'.repeat(190)}`

/** Appends one entry to each log in turn, so that each segment holds some of all. */
async function fill(log: RecordLog, ids: readonly string[], from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++)
    await Promise.all(ids.map((id) => log.append(id, batchOf([Buffer.from(text(id, i))]))))
}

/** What `listed` shows of entries, without the end of their text, which is always the same. */
const lines = (log: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${from + i} ${log}${from + i}`)

const shortened = (line: string) => {
  assert.ok(line.endsWith(` ${'x'.repeat(190)}`), line)
  return line.slice(0, -191)
}

/** All entries of a log from an offset on: of those on the disk and those in memory, each is given by a read of its own. */
async function readAll(log: RecordLog, id: string, from = 0): Promise<string[]> {
  const found: string[] = []
  for (let next = from; ; ) {
    const blocks = await log.read(id, next, everything)
    if (blocks.length === 0) return found
    found.push(...listed(blocks).map(shortened))
    next = Number(found.at(-1)!.split(' ')[0]) + 1
  }
}

const segmentsIn = (directory: string) =>
  readdirSync(`${directory}/log`)
    .filter((name) => name.endsWith('.segment'))
    .sort()

const bytesIn = (directory: string) =>
  segmentsIn(directory).reduce((sum, name) => sum + statSync(`${directory}/log/${name}`).size, 0)

/** Nine logs in segments of 16 KiB, written in turn. */
async function nineLogs(
  directory: string,
  fileSystem: FileSystem,
  logger = new KeptLogger(),
): Promise<EmbeddedFixture> {
  const storage = await openIn(directory, { fileSystem, segmentBytesMax, logger })
  for (const id of nine) await storage.log.create(id, { retentionMs: dayMs })
  await fill(storage.log, nine, 0, rounds)
  return storage
}

const nine = [...'abcdefghi']
const rounds = 20

test('a deleted log gives its room back, the others keep all, and offsets and times stay', async (t) => {
  const directory = temporaryDirectory()
  const logger = new KeptLogger()
  let storage = await nineLogs(directory, hastyDisk, logger)
  const before = await Promise.all(['h', 'i'].map((id) => storage.log.read(id, 0, everything)))
  const bytesBefore = bytesIn(directory)
  for (const id of nine.slice(0, 7)) await storage.log.delete(id)
  await storage.sweep()
  const bytesAfter = bytesIn(directory)
  t.diagnostic(`${bytesBefore} bytes, ${bytesAfter} when seven of nine logs are deleted`)
  assert.ok(bytesAfter < bytesBefore * 0.3)
  for (let opening = 0; opening < 2; opening++) {
    for (const [i, id] of ['h', 'i'].entries()) {
      assert.deepEqual(await readAll(storage.log, id), lines(id, 0, rounds))
      const times = (await storage.log.read(id, 0, everything)).map(({ timestampMs }) => timestampMs)
      assert.deepEqual(
        times,
        before[i]!.map(({ timestampMs }) => timestampMs),
      )
      for (let from = 0; from < rounds; from += 7)
        assert.deepEqual(await readAll(storage.log, id, from), lines(id, from, rounds))
    }
    storage = await storage.reopen()
  }
  await fill(storage.log, ['h', 'i'], rounds, 30)
  assert.deepEqual(await readAll(storage.log, 'h'), lines('h', 0, 30))
  storage = await storage.reopen()
  assert.deepEqual(await readAll(storage.log, 'i'), lines('i', 0, 30))
  assert.deepEqual(logger.errors, [])
  await storage.close()
})

test('compaction comes to an end: a second sweep finds nothing to do', async () => {
  const directory = temporaryDirectory()
  let created = 0
  const counting: FileSystem = {
    ...hastyDisk,
    open: (path, mode) => {
      if (path.endsWith('.segment.new')) created++
      return hastyDisk.open(path, mode)
    },
  }
  const storage = await nineLogs(directory, counting)
  await storage.sweep()
  assert.equal(created, 0, 'what is alive is not moved')
  for (const id of nine.slice(0, 7)) await storage.log.delete(id)
  await storage.sweep()
  assert.ok(created > 0)
  const first = created
  for (let i = 0; i < 3; i++) await storage.sweep()
  assert.equal(created, first)
  await storage.close()
})

test('what expires within the hour is not moved: its segment goes as a whole', async () => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  const storage = await openIn(directory, { clock, fileSystem: hastyDisk, segmentBytesMax })
  await storage.log.create('a', { retentionMs: dayMs })
  await storage.log.create('b', { retentionMs: dayMs })
  await fill(storage.log, ['a', 'b'], 0, rounds)
  await clock.advance(dayMs - 1000)
  await storage.log.delete('a')
  const before = segmentsIn(directory).length
  await storage.sweep()
  assert.equal(segmentsIn(directory).length, before)
  await clock.advance(2000)
  await storage.sweep()
  assert.ok(segmentsIn(directory).length <= 1)
  await storage.close()
})

test('a log that lives long beside short ones leaves a few files, not one for each segment', async (t) => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  const logger = new KeptLogger()
  let storage = await openIn(directory, { clock, fileSystem: hastyDisk, segmentBytesMax, logger })
  await storage.log.create('long', { retentionMs: 1000 * dayMs })
  await storage.log.create('short', { retentionMs: 3_600_000 })
  for (let turn = 0; turn < 60; turn++) {
    await fill(storage.log, ['long'], turn, turn + 1)
    await fill(storage.log, ['short'], 40 * turn, 40 * turn + 40)
    await clock.advance(3_600_001)
    await storage.sweep()
  }
  t.diagnostic(`${segmentsIn(directory).length} segments, ${bytesIn(directory)} bytes after 60 retentions`)
  assert.ok(segmentsIn(directory).length <= 16)
  assert.deepEqual(await readAll(storage.log, 'long'), lines('long', 0, 60))
  storage = await storage.reopen()
  assert.deepEqual(await readAll(storage.log, 'long'), lines('long', 0, 60))
  assert.deepEqual(logger.errors, [])
  await storage.close()
})

test('the segment that is written to is given back when all in it is deleted and nobody writes', async () => {
  const directory = temporaryDirectory()
  let storage = await openIn(directory, { fileSystem: hastyDisk })
  await storage.log.create('a', { retentionMs: dayMs })
  await storage.log.create('b', { retentionMs: dayMs })
  const large = batchOf([Buffer.alloc(1_500_000, 1)])
  await storage.log.append('b', batchOf([Buffer.from('stays')]))
  await storage.log.append('a', large)
  await storage.sweep()
  assert.ok(bytesIn(directory) > 1_000_000)
  await storage.log.delete('a')
  await storage.sweep()
  assert.ok(bytesIn(directory) < 1000, `${bytesIn(directory)} bytes`)
  assert.deepEqual(listed(await storage.log.read('b', 0, everything)), ['0 stays'])
  assert.equal((await storage.log.append('b', batchOf([Buffer.from('more')]))).firstOffset, 1)
  storage = await storage.reopen()
  assert.deepEqual(listed(await storage.log.read('b', 0, everything)), ['0 stays', '1 more'])
  await storage.close()
})

test('reads that run while segments are compacted get every entry once', async () => {
  const directory = temporaryDirectory()
  const logger = new KeptLogger()
  const first = await nineLogs(directory, hastyDisk, logger)
  const storage = await first.reopen() // nothing is in memory: all is read from the segments
  let sweeping = true
  const reading = ['g', 'h', 'i'].map(async (id) => {
    let turn = 0
    do {
      assert.deepEqual(await readAll(storage.log, id), lines(id, 0, rounds))
      const from = turn++ % rounds
      const single = await storage.log.read(id, from, { bytesMax: 1, entriesMax: 1 })
      assert.deepEqual(listed(single).map(shortened), lines(id, from, from + 1))
    } while (sweeping)
  })
  for (const id of nine.slice(0, 6)) {
    await storage.log.delete(id)
    await storage.sweep()
  }
  sweeping = false
  await Promise.all(reading)
  assert.deepEqual(logger.errors, [])
  await storage.close()
})

/** Logs h and i are whole in a folder, also after what was begun is done again, and take new entries. */
async function checkImage(directory: string, place: string): Promise<void> {
  const logger = new KeptLogger()
  let storage = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax, logger })
  for (const id of ['h', 'i']) assert.deepEqual(await readAll(storage.log, id), lines(id, 0, rounds), place)
  await storage.sweep()
  await fill(storage.log, ['h'], rounds, rounds + 2)
  assert.deepEqual(await readAll(storage.log, 'h'), lines('h', 0, rounds + 2), place)
  storage = await storage.reopen()
  assert.deepEqual(await readAll(storage.log, 'h'), lines('h', 0, rounds + 2), place)
  assert.deepEqual(await readAll(storage.log, 'i'), lines('i', 0, rounds), place)
  assert.deepEqual(logger.errors, [], place)
  assert.ok(bytesIn(directory) < 17_000, `${place}: room given back`)
  await storage.close()
}

test('a crash at any call of a compaction, with a write half done, leaves every entry once', async (t) => {
  const living = temporaryDirectory()
  const storage = await nineLogs(living, hastyDisk)
  for (const id of nine.slice(0, 7)) await storage.log.delete(id)
  await storage.close()
  let images = 0
  for (let at = 0; ; at++) {
    const directory = temporaryDirectory()
    cpSync(living, directory, { recursive: true })
    const image = temporaryDirectory()
    let calls = 0
    const copying = snapshotBefore(() => {
      if (calls++ !== at) return
      cpSync(directory, image, { recursive: true })
      rmSync(`${image}/lock`, { force: true })
    })
    const swept = await openIn(directory, { fileSystem: copying.fileSystem, segmentBytesMax })
    copying.begin()
    await swept.sweep()
    copying.end()
    await swept.close()
    rmSync(directory, { recursive: true })
    if (calls <= at) break
    await checkImage(image, `crash at call ${at}`)
    rmSync(image, { recursive: true })
    images++
  }
  t.diagnostic(`${images} images`)
  assert.ok(images > 30)
})

test('a compaction that fails at any call loses nothing, and a later one does its work', async (t) => {
  const living = temporaryDirectory()
  const storage = await nineLogs(living, hastyDisk)
  for (const id of nine.slice(0, 7)) await storage.log.delete(id)
  await storage.close()
  let failures = 0
  for (let at = 0; ; at++) {
    const directory = temporaryDirectory()
    cpSync(living, directory, { recursive: true })
    let calls = 0
    const failing = snapshotBefore((call) => {
      if (calls++ === at) throw Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' })
    })
    const swept = await openIn(directory, { fileSystem: failing.fileSystem, segmentBytesMax })
    failing.begin()
    await swept.sweep().catch(() => {})
    failing.end()
    for (const id of ['h', 'i']) assert.deepEqual(await readAll(swept.log, id), lines(id, 0, rounds), `fails at ${at}`)
    await swept.sweep()
    for (const id of ['h', 'i'])
      assert.deepEqual(await readAll(swept.log, id), lines(id, 0, rounds), `swept after ${at}`)
    await swept.close()
    const again = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax })
    await again.sweep()
    for (const id of ['h', 'i'])
      assert.deepEqual(await readAll(again.log, id), lines(id, 0, rounds), `reopened after ${at}`)
    assert.ok(bytesIn(directory) < 17_000, `room given back after failure ${at}`)
    await again.close()
    rmSync(directory, { recursive: true })
    if (calls <= at) break
    failures++
  }
  t.diagnostic(`${failures} failures`)
  assert.ok(failures > 30)
})

test('a segment with a broken block is not compacted, and the block is told', async () => {
  const directory = temporaryDirectory()
  const logger = new KeptLogger()
  const first = await nineLogs(directory, hastyDisk)
  await first.close()
  const broken = `${directory}/log/${segmentsIn(directory)[0]}`
  const bytes = readFileSync(broken)
  const at = bytes.indexOf('h1 ')
  bytes[at + 20]! ^= 1
  writeFileSync(broken, bytes)
  const storage = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax, logger })
  for (const id of nine.slice(0, 7)) await storage.log.delete(id)
  await storage.sweep()
  assert.match(logger.errors[0]!, /is damaged from byte/)
  assert.deepEqual(readFileSync(broken), bytes, 'it stays as it is')
  assert.equal((await readAll(storage.log, 'h')).length, rounds - 1)
  const [before, , ...behind] = lines('i', 0, rounds)
  assert.deepEqual(await readAll(storage.log, 'i'), [before, ...behind], 'what was put together shares its block')
  await storage.close()
})

test('what is expired stays so after a restart when the clock has gone back', async () => {
  const directory = temporaryDirectory()
  const clock = new ManualClock()
  let storage = await openIn(directory, { clock, fileSystem: hastyDisk })
  await storage.log.create('a', { retentionMs: dayMs })
  await fill(storage.log, ['a'], 0, 3)
  await clock.advance(dayMs / 2)
  await fill(storage.log, ['a'], 3, 5)
  await clock.advance(dayMs / 2 + 1)
  await storage.sweep()
  clock.setWallClock(clock.nowMs() - dayMs)
  storage = await storage.reopen()
  assert.deepEqual(await storage.log.bounds('a'), { start: 3, end: 5 })
  await storage.close()
})

/** A disk that runs `before` ahead of each call that changes something, between `begin` and `end`. */
function snapshotBefore(before: (call: string) => void): { fileSystem: FileSystem; begin(): void; end(): void } {
  let isOn = false
  const look = (call: string) => {
    if (isOn) before(call)
  }
  const fileSystem: FileSystem = {
    ...hastyDisk,
    async open(path, mode) {
      if (mode === 'create') look('create')
      const file = await hastyDisk.open(path, mode)
      return {
        ...file,
        async append(parts) {
          if (isOn && parts.length > 0) {
            const bytes = Buffer.concat(parts)
            const half = bytes.byteLength >> 1
            look('append')
            await file.append([bytes.subarray(0, half)])
            look('append half done')
            return file.append([bytes.subarray(half)])
          }
          return file.append(parts)
        },
        async dataSync() {
          look('dataSync')
        },
      }
    },
    async rename(from, to) {
      look('rename')
      await hastyDisk.rename(from, to)
      look('renamed')
    },
    async remove(path) {
      look('remove')
      await hastyDisk.remove(path)
    },
    async syncDirectory() {
      look('syncDirectory')
    },
  }
  return {
    fileSystem,
    begin: () => {
      isOn = true
    },
    end: () => {
      isOn = false
    },
  }
}

test('the index of what a compacted segment replaced is not taken for its own, though both are of the same length', async () => {
  const directory = temporaryDirectory()
  let storage = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax, logger: new KeptLogger() })
  for (const id of ['k', 'v']) await storage.log.create(id, { retentionMs: dayMs })
  await fill(storage.log, ['k'], 0, 5)
  await fill(storage.log, ['v'], 0, 9)
  storage = await storage.reopen() // the next segment: of `v` it holds as much as the first does of `k`
  await fill(storage.log, ['k'], 5, 8)
  await fill(storage.log, ['v'], 9, 13)
  const markBytes = 40 // closing leaves one
  await storage.log.append('v', batchOf([Buffer.alloc(text('v', 13).length - markBytes)]))
  storage = await storage.reopen()
  const replaced = segmentsIn(directory).at(-1)!
  const index = `${directory}/log/${replaced.replace('.segment', '.index')}`
  const before = { index: readFileSync(index), bytes: statSync(`${directory}/log/${replaced}`).size }
  await storage.log.delete('v')
  await storage.sweep()
  await storage.close()
  assert.deepEqual(segmentsIn(directory), [replaced])
  assert.equal(bytesIn(directory), before.bytes)
  writeFileSync(index, before.index) // a power failure between the two renames
  storage = await openIn(directory, { fileSystem: hastyDisk, segmentBytesMax, logger: new KeptLogger() })
  assert.deepEqual(await readAll(storage.log, 'k'), lines('k', 0, 8))
  await storage.close()
})
