import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf } from '../log.ts'
import { checkedHead } from './block-format.ts'
import { FaultyMemoryDisk } from './disk-fixture.ts'
import { fillBegin } from './fill.ts'
import { allOf, KeptLogger, openIn } from './fixture.ts'
import { inspectFolder } from './inspection.ts'
import { decodeHeader, scanSegment, segmentHeaderLength } from './segment-file.ts'
import { markAfterMs } from './segment-writer.ts'

const directory = '/data'
const segmentPath = `${directory}/log/0000000001.segment`
const indexPath = `${directory}/log/0000000001.index`

/** No byte of it is zero, as in text. */
const payload = (i: number, length: number) => Buffer.from(`entry ${i} `.padEnd(length, '0123456789abcdef'))

type Written = {
  /** As kill -9 leaves it right after the last acknowledgement, and when nothing had come for a while. */
  readonly killed: FaultyMemoryDisk
  readonly idle: FaultyMemoryDisk
  /** After a clean stop, with the segment's index and without. */
  readonly closed: FaultyMemoryDisk
  readonly unindexed: FaultyMemoryDisk
  /** Where each block begins, and where the last ends. */
  readonly positions: readonly number[]
  readonly entries: readonly string[]
}

/** One segment: entries of log `a`, each synced by itself. */
async function written(count: number, length: (i: number) => number, isIdle = false): Promise<Written> {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  const storage = await openIn(directory, { fileSystem: disk, clock })
  await storage.log.create('a', { retentionMs: 3_600_000 })
  const positions = [segmentHeaderLength]
  const entries: string[] = []
  for (let i = 0; i < count; i++) {
    await storage.log.append('a', batchOf([payload(i, length(i))]))
    entries.push(`${i} ${payload(i, length(i))}`)
    positions.push(fillBegin(disk.contents(segmentPath)))
  }
  if (isIdle) await clock.advance(2 * markAfterMs)
  const killed = disk.copy()
  await storage.close()
  const unindexed = disk.copy()
  unindexed.files.delete(indexPath)
  const idle = isIdle ? killed : (await written(count, length, true)).killed
  return { killed, idle, closed: disk, unindexed, positions, entries }
}

type Opened = { readonly served: string[]; readonly errors: string[]; readonly warnings: string[] }

/** What a damaged disk gives, and what it says. */
async function opened(disk: FaultyMemoryDisk): Promise<Opened> {
  const logger = new KeptLogger()
  const storage = await openIn(directory, { fileSystem: disk, logger })
  const served = await allOf(storage.log, 'a')
  await storage.close()
  const warnings = logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  return { served, errors: logger.errors, warnings }
}

function withSegment(disk: FaultyMemoryDisk, change: (bytes: Uint8Array) => Uint8Array | undefined): FaultyMemoryDisk {
  const copy = disk.copy()
  const bytes = copy.contents(segmentPath).slice()
  copy.put(segmentPath, change(bytes) ?? bytes)
  return copy
}

const withFlip = (disk: FaultyMemoryDisk, bit: number) =>
  withSegment(disk, (bytes) => {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    return undefined
  })

test('the last segment cut at every byte: what is whole is served, the rest is cut off and told', async (t) => {
  const { killed, positions, entries } = await written(24, (i) => 20 + ((i * 37) % 150))
  const length = positions.at(-1)!
  for (let cut = 0; cut <= length; cut++) {
    const { served, errors, warnings } = await opened(withSegment(killed, (bytes) => bytes.slice(0, cut)))
    const whole = positions.filter((end, i) => i > 0 && end <= cut).length
    assert.deepEqual(served, entries.slice(0, whole), `cut at ${cut}`)
    if (cut < segmentHeaderLength) assert.match(errors[0]!, /is damaged from byte 0/)
    else {
      assert.deepEqual(errors, [], `cut at ${cut}`)
      const told = positions.includes(cut) ? [] : [positions[whole]!]
      assert.deepEqual(
        warnings.map((line) => Number(/write that was not finished, from byte (\d+)/.exec(line)?.[1])),
        told,
        `cut at ${cut}`,
      )
    }
  }
  t.diagnostic(`${length + 1} cuts of a segment of ${length} bytes, 0 whole entries lost`)
})

test('after a cut the log takes new entries, and no offset is given twice', async () => {
  const { killed, positions, entries } = await written(5, () => 40)
  for (let cut = positions[3]!; cut < positions[5]!; cut += 8) {
    const disk = withSegment(killed, (bytes) => bytes.slice(0, cut))
    const storage = await openIn(directory, { fileSystem: disk })
    const { firstOffset } = await storage.log.append('a', batchOf([Buffer.from('new')]))
    const expected = [...entries.slice(0, cut < positions[4]! ? 3 : 4), `${firstOffset} new`]
    assert.deepEqual(await allOf(storage.log, 'a'), expected)
    const again = await storage.reopen()
    assert.deepEqual(await allOf(again.log, 'a'), expected)
    await again.close()
  }
})

test('a segment that was closed cleanly and is shorter than it was is damage, at every byte', async (t) => {
  const { closed, positions, entries } = await written(12, () => 30)
  const length = positions.at(-1)!
  for (const withIndex of [true, false]) {
    for (let cut = segmentHeaderLength; cut < length; cut += withIndex ? 1 : 5) {
      const disk = withSegment(closed, (bytes) => bytes.slice(0, cut))
      if (!withIndex) disk.files.delete(indexPath)
      const { served, errors, warnings } = await opened(disk)
      const whole = positions.filter((end, i) => i > 0 && end <= cut).length
      assert.deepEqual(served, entries.slice(0, whole), `cut at ${cut}`)
      // Without its index nothing knows how long it was: then a cut is told as what it looks like.
      if (withIndex) assert.match(errors[0]!, new RegExp(`is damaged from byte ${cut} to`), `cut at ${cut}`)
      else if (!positions.includes(cut)) assert.equal(warnings.length, 1, `cut at ${cut}`)
    }
  }
  t.diagnostic(`${length - segmentHeaderLength} cuts, all told`)
})

/* Row 4: a segment of 64 KiB, blocks of about 1 KiB. */

let large: Written
before(async () => {
  large = await written(64, (i) => (i === 63 ? 856 : 957 + (i % 8))) // 63 blocks of 1 KiB, 920 bytes, and the mark
  assert.equal(fillBegin(large.idle.contents(segmentPath)), 64 * 1024)
})

/** The block that a place is in. */
const blockAt = (positions: readonly number[], at: number) => positions.findLastIndex((begin) => begin <= at)

test('every bit of a 64 KiB segment flipped in turn is noticed in its block', (t) => {
  const { idle, positions } = large
  const bytes = idle.contents(segmentPath).slice(0, 64 * 1024)
  const begins = positions.concat([bytes.byteLength])
  let flips = 0
  for (let block = -1; block < positions.length; block++) {
    const from = block < 0 ? 0 : begins[block]!
    const to = block < 0 ? segmentHeaderLength : begins[block + 1]!
    const isGood = () =>
      block < 0 ? decodeHeader(bytes, 1) !== undefined : checkedHead(bytes, from, 1, from) !== undefined
    assert.ok(isGood())
    for (let bit = 8 * from; bit < 8 * to; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      if (isGood()) assert.fail(`bit ${bit} is flipped, and nothing notices`)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      flips++
    }
  }
  assert.equal(flips, 8 * bytes.byteLength)
  t.diagnostic(`${flips} flips, ${flips} noticed`)
})

test('a flipped bit costs the block that it is in, and no other', (t) => {
  const { idle, positions } = large
  const bytes = idle.contents(segmentPath).slice(0, 64 * 1024)
  const count = positions.length - 1
  let scans = 0
  for (let at = segmentHeaderLength; at < positions.at(-1)!; at++) {
    const block = blockAt(positions, at)
    if (at >= positions[block]! + 64 && at % 16 !== 0 && at < positions[block + 1]! - 8) continue
    bytes[at]! ^= 1 << (at % 8)
    const { rows: table, damage, tail } = scanSegment(bytes, 1)
    bytes[at]! ^= 1 << (at % 8)
    assert.deepEqual(damage, [{ from: positions[block], to: positions[block + 1] }], `byte ${at}`)
    assert.equal(tail, undefined)
    const rows = table.rowsOf(table.logNumbers()[0]!)!
    assert.equal(rows.count, count - 1)
    for (let row = 0; row < rows.count; row++)
      assert.equal(rows.position(row), positions[row < block ? row : row + 1], `byte ${at}`)
    scans++
  }
  t.diagnostic(`${scans} scans of 64 KiB, each found all other blocks`)
})

const states = ['closed', 'unindexed', 'idle', 'killed'] as const

for (const state of states)
  test(`a storage that was ${state} tells of a flipped bit, and serves all else`, async (t) => {
    const { positions, entries } = large
    const disk = large[state]
    const end = positions.at(-1)!
    const inLast = Array.from({ length: 70 }, (_, i) => positions.at(-2)! + ((i * 15) % (end - positions.at(-2)!)))
    const spread = Array.from({ length: 150 }, (_, i) => (i * 439) % end)
    let told = 0
    for (const at of [...spread, ...inLast, end - 1]) {
      const { served, errors } = await opened(withFlip(disk, 8 * at + (at % 8)))
      const block = blockAt(positions, at)
      if (at < segmentHeaderLength) assert.deepEqual(served, entries)
      else assert.deepEqual(served, entries.toSpliced(block, 1), `byte ${at}`)
      const isInDoubt = state === 'killed' && block === positions.length - 2
      const expected = isInDoubt ? /nothing tells whether it was acknowledged/ : /is damaged from byte/
      assert.match(errors[0] ?? '', expected, `byte ${at}`)
      assert.match(errors[0]!, new RegExp(`byte ${at < segmentHeaderLength ? 0 : positions[block]} `))
      told++
    }
    t.diagnostic(`${told} flips, each told by the storage that was opened on it`)
  })

for (const state of states)
  test(`a whole block zeroed in a storage that was ${state} is told, and all others are served`, async (t) => {
    const { positions, entries } = large
    const blocks = positions.length - 1
    for (let block = 0; block < blocks; block++) {
      const zeroed = withSegment(large[state], (bytes) => bytes.fill(0, positions[block], positions[block + 1]))
      const { served, errors, warnings } = await opened(zeroed)
      assert.deepEqual(served, entries.toSpliced(block, 1), `block ${block}`)
      // Right after the last commit zeros are also what a power failure leaves of one that was not finished.
      const told = state === 'killed' && block === blocks - 1 ? warnings : errors
      assert.match(told[0] ?? '', new RegExp(`from byte ${positions[block]}`), `block ${block}`)
    }
    t.diagnostic(`${blocks} blocks`)
  })

test('a flipped bit in the header of a compacted segment costs no entry, and is told', async (t) => {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  let storage = await openIn(directory, { fileSystem: disk, clock })
  await storage.log.create('a', { retentionMs: 3_600_000_000 })
  const entries: string[] = []
  for (let i = 0; i < 13; i++) {
    if (i > 0) storage = await storage.reopen() // each start begins a segment
    await storage.log.append('a', batchOf([payload(i, 200 - 10 * i)]))
    entries.push(`${i} ${payload(i, 200 - 10 * i)}`)
  }
  await storage.sweep()
  await storage.close()
  const compacted = disk
    .names(`${directory}/log`, '.segment')
    .map((name) => `${directory}/log/${name}`)
    .find((path) => decodeHeader(disk.contents(path), Number(path.slice(-18, -8)))?.compactedLength)
  assert.ok(compacted, 'nothing was compacted')
  for (let bit = 0; bit < 8 * segmentHeaderLength; bit++) {
    const copy = disk.copy()
    const bytes = copy.contents(compacted).slice()
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    copy.put(compacted, bytes)
    for (let opening = 0; opening < 2; opening++) {
      const { served, errors } = await opened(copy)
      assert.deepEqual(served, entries, `bit ${bit}`)
      assert.deepEqual(errors, [`${compacted} is damaged from byte 0 to 64: these entries are not served`])
    }
  }
  t.diagnostic(`${8 * segmentHeaderLength} flips`)
})

test('a segment that is missing is told, wherever it stands, once, and the others are served', async () => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk, segmentBytesMax: 128 })
  await storage.log.create('a', { retentionMs: 3_600_000 })
  const entries: string[] = []
  for (let i = 0; i < 5; i++) {
    await storage.log.append('a', batchOf([payload(i, 100)]))
    entries.push(`${i} ${payload(i, 100)}`)
  }
  const killed = disk.copy()
  await storage.close()
  const names = disk.names(`${directory}/log`, '.segment')
  assert.equal(names.length, 5)
  for (const state of [killed, disk])
    for (const [i, name] of names.entries()) {
      const copy = state.copy()
      copy.files.delete(`${directory}/log/${name}`)
      const { served, errors } = await opened(copy)
      assert.deepEqual(served, entries.toSpliced(i, 1), name)
      assert.deepEqual(errors, [`${directory}/log/${name} is missing: its entries are not served`])
      assert.deepEqual((await opened(copy)).errors, [])
      const again = await openIn(directory, { fileSystem: copy })
      const { firstOffset } = await again.log.append('a', batchOf([Buffer.from('new')]))
      assert.ok(firstOffset >= 5, `offset ${firstOffset} is given again`)
      await again.close()
    }
})

test('a bit flipped anywhere in a map, and a cut of what was written with it, keep the folder from being opened', async (t) => {
  const { closed } = await written(3, () => 20)
  await opened(closed) // the map is written anew
  let flips = 0
  let cuts = 0
  for (const path of [`${directory}/log/logs.map`, `${directory}/catalog/catalog.map`]) {
    const bytes = closed.contents(path)
    const isRefused = async (changed: Uint8Array, what: string) => {
      const disk = closed.copy()
      disk.put(path, changed)
      await assert.rejects(openIn(directory, { fileSystem: disk }), /\.map is damaged at byte \d+: restore it/, what)
    }
    const lastFrame = 26 // vouches for all before it, and nothing for itself
    for (let bit = 0; bit < 8 * (bytes.byteLength - lastFrame); bit++) {
      const changed = bytes.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      await isRefused(changed, `${path} bit ${bit}`)
      flips++
    }
    for (let length = 0; length < bytes.byteLength - 2 * lastFrame; length++, cuts++)
      await isRefused(bytes.slice(0, length), `${path} cut at ${length}`)
  }
  t.diagnostic(`${flips} flips and ${cuts} cuts, each noticed`)
})

test('a last change of a map that is cut or broken is left out and told, for it may have been answered', async (t) => {
  const disk = new FaultyMemoryDisk()
  const storage = await openIn(directory, { fileSystem: disk })
  await storage.catalog.put('first', 1, 0)
  const path = `${directory}/catalog/catalog.map`
  const before = disk.contents(path).byteLength
  await storage.catalog.put('last', 2, 0)
  const killed = disk.copy()
  await storage.close()
  const bytes = killed.contents(path)
  let tries = 0
  const isTold = async (changed: Uint8Array) => {
    const copy = killed.copy()
    copy.put(path, changed)
    const logger = new KeptLogger()
    const opened = await openIn(directory, { fileSystem: copy, logger })
    assert.deepEqual([opened.catalog.get('first')?.value, opened.catalog.get('last')], [1, undefined])
    assert.deepEqual(
      logger.lines.map(({ level, message }) => [
        level,
        /catalog\.map ends with a change .* byte (\d+)/.exec(message)?.[1],
      ]),
      [['warn', `${before}`]],
    )
    await opened.close()
    tries++
  }
  for (let length = before + 1; length < bytes.byteLength; length++) await isTold(bytes.slice(0, length))
  for (let at = before; at < bytes.byteLength; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 1 << (at % 8)
    await isTold(changed)
  }
  t.diagnostic(`${tries} cuts and flips`)
})

test('without one of its maps, or all of its logs, a folder is not opened: nobody would know what is lost', async () => {
  const { closed } = await written(3, () => 20)
  const used = await openIn(directory, { fileSystem: closed })
  await used.items.put('item', { S: 'x' }, 0)
  await used.close()
  const [logs, catalog, items] = ['log/logs.map', 'catalog/catalog.map', 'catalog/items.map'].map(
    (n) => `${directory}/${n}`,
  )
  const segments = [...closed.files.keys()].filter((path) => /\.(segment|index)$/.test(path))
  assert.ok(segments.length > 1)
  for (const gone of [[logs!], [catalog!], [items!], [logs!, ...segments]]) {
    const disk = closed.copy()
    for (const path of gone) disk.files.delete(path)
    const before = new Set(disk.files.keys())
    await assert.rejects(openIn(directory, { fileSystem: disk }), {
      message: `${gone[0]} is missing: restore it from a copy of the folder`,
    })
    assert.deepEqual(new Set(disk.files.keys()), before)
    const { findings } = await inspectFolder(disk, directory)
    assert.ok(findings.some(({ isDamage, message }) => isDamage && message === `${gone[0]} is missing`))
  }
})

test('a folder that has lost its version is not opened, nor given one: an older Millrace might take it for its own', async () => {
  const { closed } = await written(3, () => 20)
  closed.files.delete(`${directory}/millrace.json`)
  await assert.rejects(openIn(directory, { fileSystem: closed }), {
    message: `${directory}/millrace.json is missing: restore it, it holds {"formatVersion":3}`,
  })
  assert.equal(closed.files.has(`${directory}/millrace.json`), false)
})
