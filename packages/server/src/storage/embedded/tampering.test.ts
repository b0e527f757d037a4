import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { ManualClock } from '@millrace/ports'
import { FixedDataKeys } from '../data-key-fixture.ts'
import { batchOf } from '../log.ts'
import { checkedHead } from './block-format.ts'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { fillBegin } from './fill.ts'
import { allOf, KeptLogger, openIn } from './fixture.ts'
import { sealLength } from './seal.ts'
import { segmentHeaderLength } from './segment-file.ts'

/*
 * Somebody who has the folder and no key changes it as he likes, and makes all checksums anew. Whatever he does to what is
 * sealed, nothing is served that was not put there.
 */

const directory = '/data'
const logDirectory = `${directory}/log`
const hourMs = 3_600_000
const [headerLength, runLength] = [40, 16]
const sealAt = headerLength + runLength
const endsAt = sealAt + sealLength
const logs = ['a', 'b'] as const
const text = (log: string, offset: number) => `${log} ${String(offset).padStart(4, '0')} `.repeat(3)

type Block = {
  readonly path: string
  readonly at: number
  readonly length: number
  readonly log: number
  readonly end: number
}

const open = (disk: FaultyMemoryDisk, logger = new KeptLogger(), clock = new ManualClock()) =>
  openIn(directory, { fileSystem: disk, logger, clock, dataKeys: () => new FixedDataKeys(), segmentBytesMax: 2_000 })

/** The blocks of one run in all segments. */
function blocksOn(disk: FaultyMemoryDisk): Block[] {
  const blocks: Block[] = []
  for (const name of disk.names(logDirectory, '.segment')) {
    const path = `${logDirectory}/${name}`
    const bytes = disk.contents(path)
    for (let at = segmentHeaderLength; at < fillBegin(bytes); ) {
      const head = checkedHead(bytes, at, Number.parseInt(name, 10), at)
      assert.ok(head)
      if (head.runs.length === 1)
        blocks.push({ path, at, length: head.length, log: head.runs[0]!.logNumber, end: head.runs[0]!.endOffset })
      at += head.length
    }
  }
  return blocks
}

/** Puts three entries of equal length at a time, each run in a block for itself. */
async function filled(): Promise<FaultyMemoryDisk> {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  const storage = await open(disk, new KeptLogger(), clock)
  for (const [i, id] of logs.entries()) await storage.log.create(id, { retentionMs: hourMs, dataKey: i + 1 })
  for (let offset = 0; offset < 60; offset += 3) {
    await clock.advance(1)
    for (const id of logs)
      await storage.log.append(id, batchOf([0, 1, 2].map((i) => Buffer.from(text(id, offset + i)))))
  }
  await storage.close()
  return disk
}

/** Changes the bytes of a block on a copy of the disk, and makes its checksum anew. */
function tampered(
  disk: FaultyMemoryDisk,
  { path, at, length }: Block,
  change: (block: Buffer) => void,
): FaultyMemoryDisk {
  const copy = disk.copy()
  const bytes = Buffer.from(copy.contents(path))
  const block = bytes.subarray(at, at + length)
  change(block)
  block.writeUInt32LE(crc32(block.subarray(8)), 4)
  copy.put(path, bytes)
  for (const name of copy.names(logDirectory, '.index')) if (at % 16 === 0) copy.files.delete(`${logDirectory}/${name}`)
  return copy
}

/** Reads all logs: nothing may be served that was not put, the block's entries not at all, and all others. */
async function check(disk: FaultyMemoryDisk, victim: Block, what: string, wanted = text): Promise<void> {
  const logger = new KeptLogger()
  const storage = await open(disk, logger)
  for (const [i, id] of logs.entries()) {
    const isOf = i === logs.length - 1 ? victim.log !== numbers[0] : victim.log === numbers[0]
    const whole = Array.from({ length: 60 }, (_, offset) => `${offset} ${wanted(id, offset)}`)
    const kept = whole.filter((_, offset) => !isOf || offset < victim.end - 3 || offset >= victim.end)
    assert.deepEqual(await allOf(storage.log, id), kept, `${what}, log ${id}`)
  }
  await storage.close()
  assert.ok(
    logger.errors.some((line) => line.includes(`is damaged from byte ${victim.at} `)),
    `${what}: ${logger.errors}`,
  )
}

let numbers: number[] = []

test('what is sealed and was moved or changed is noticed, whatever the checksums say', async (t) => {
  const disk = await filled()
  const blocks = blocksOn(disk)
  numbers = [...new Set(blocks.map(({ log }) => log))]
  assert.ok(new Set(blocks.map(({ path }) => path)).size >= 3 && numbers.length === 2 && blocks.length === 40)
  const contentsOf = ({ path, at, length }: Block) => Buffer.from(disk.contents(path).subarray(at, at + length))
  let tries = 0
  const trial = async (victim: Block, what: string, change: (block: Buffer) => void) => {
    tries++
    await check(tampered(disk, victim, change), victim, what)
  }
  for (const [v, victim] of blocks.entries()) {
    // Another run in its place: of the same log, of another at the same offset, of the same segment, of another.
    for (const donor of [blocks[(v + 1) % 40]!, blocks[(v + 2) % 40]!, blocks[v ^ 1]!, blocks[(v + 17) % 40]!]) {
      const other = contentsOf(donor)
      await trial(victim, 'contents and seal of another run', (block) => other.copy(block, sealAt, sealAt))
      await trial(victim, 'another block whose place was written anew', (block) => {
        const [header, run] = [Buffer.from(block.subarray(24, 36)), Buffer.from(block.subarray(40, 56))]
        other.copy(block)
        header.copy(block, 24)
        run.copy(block, 40)
      })
      if (v % 4 !== 0) continue
      await trial(victim, 'the bytes of another run', (block) => other.copy(block, endsAt, endsAt))
      await trial(victim, 'the seal of another run', (block) => other.copy(block, sealAt, sealAt, endsAt))
    }
    if (v % 4 !== 1) continue
    await trial(victim, 'another time', (block) => block.writeDoubleLE(block.readDoubleLE(16) + 1, 16))
    await trial(victim, 'an end one byte on', (block) => block.writeUInt32LE(block.readUInt32LE(endsAt) + 1, endsAt))
    await trial(victim, 'open, by another beginning and without the seal', (block) => {
      block.writeUInt32LE(0x3242524d, 0)
      block.copy(block, sealAt, endsAt)
      block.writeUInt32LE(block.readUInt32LE(sealAt + 8) + sealLength, sealAt + 8) // the last entry takes what is left
    })
    for (const [name, at] of [
      ['key', 0],
      ['segment', 4],
      ['count', 8],
      ['salt', 12],
      ['salt', 19],
      ['tag', 20],
      ['tag', 35],
    ] as const)
      await trial(victim, `another ${name}`, (block) => (block[sealAt + at]! ^= name === 'key' ? 3 : 1))
    for (const at of [endsAt + 12, endsAt + 13, endsAt + 12 + 3 * 21 - 1])
      await trial(victim, 'a bit of its bytes', (block) => (block[at]! ^= 0x80))
  }
  t.diagnostic(`${tries} changes with checksums made anew, ${tries} noticed`)
})

test('a run that was cut by its last entry is noticed', async () => {
  const disk = await filled()
  const blocks = blocksOn(disk)
  const victim = blocks[5]!
  const cut = tampered(disk, victim, (block) => {
    block.writeUInt32LE(2, 36)
    block.writeUInt32LE(2, 44)
    block.writeDoubleLE(block.readDoubleLE(48) - 1, 48)
    block.copy(block, endsAt + 8, endsAt + 12)
    // The same length is claimed by bytes that are left over at its end.
    block.writeUInt32LE(block.length - endsAt - 8, endsAt + 4)
  })
  const logger = new KeptLogger()
  const storage = await open(cut, logger)
  const served = await allOf(storage.log, victim.log === blocks[0]!.log ? 'a' : 'b')
  assert.equal(served.length, 57)
  assert.ok(logger.errors.length > 0)
  await storage.close()
})

test('a run that was written and never acknowledged does not come back in the place of another', async () => {
  const disk = new FaultyMemoryDisk()
  let storage = await open(disk)
  await storage.log.create('a', { retentionMs: hourMs, dataKey: 1 })
  await storage.log.append('a', batchOf([Buffer.from('zero')]))
  disk.fails = (call, path) => (call === 'dataSync' && path.endsWith('.segment') ? 'EIO' : undefined)
  await assert.rejects(storage.log.append('a', batchOf([Buffer.from('never')])))
  disk.fails = () => undefined
  await storage.log.append('a', batchOf([Buffer.from('after')]))
  await storage.close()
  const [, failed, good] = blocksOn(disk)
  assert.ok(failed!.path !== good!.path && failed!.length === good!.length && failed!.end === good!.end)
  await replay(disk, disk, failed!, good!)
  // Nor one from a copy of the folder that lived on apart.
  const copy = disk.copy()
  const texts = ['here', 'else']
  for (const [i, apart] of [disk, copy].entries()) {
    storage = await open(apart)
    await storage.log.append('a', batchOf([Buffer.from(texts[i]!)]))
    await storage.close()
  }
  const [ours, theirs] = [blocksOn(disk).at(-1)!, blocksOn(copy).at(-1)!]
  assert.deepEqual(ours, theirs)
  await replay(copy, disk, theirs, ours)
})

/** Puts one disk's block over another's, as if it had always been there. */
async function replay(from: FaultyMemoryDisk, to: FaultyMemoryDisk, donor: Block, victim: Block): Promise<void> {
  const other = Buffer.from(from.contents(donor.path).subarray(donor.at, donor.at + donor.length))
  const disk = tampered(to, victim, (block) => {
    const place = Buffer.from(block.subarray(24, 36))
    other.copy(block)
    place.copy(block, 24)
  })
  const logger = new KeptLogger()
  const storage = await open(disk, logger)
  const served = await allOf(storage.log, 'a')
  assert.ok(
    served.every((line) => !line.startsWith(`${victim.end - 1} `)),
    served.join(),
  )
  assert.ok(logger.errors.some((line) => line.includes('is damaged')))
  await storage.close()
}
