import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fixedDataKey } from '../data-key-fixture.ts'
import { batchOf, type EntryBlock, entryAt, entryCount, slice } from '../log.ts'
import { type BlockHead, Blocks, checkedHead, entriesOf, movedBlock, sealOf } from './block-format.ts'
import { firstEntry, type PutRuns } from './put-runs.ts'
import { Opener, Sealer } from './seal.ts'

const timestampMs = 1_767_225_600_000
const salt = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const placement = { segment: 3, position: 4096, durableTo: 64 }

const entry = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 3_000, maxLength: 5_000 }))
const run = fc.record({
  number: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  id: fc.string(),
  firstOffset: fc.nat(Number.MAX_SAFE_INTEGER - 100),
  entries: fc.array(entry, { maxLength: 5 }),
})

/** The runs as a put, of which a block holds those from one on up to another. */
const putOf = fc.array(run, { minLength: 1, maxLength: 12 }).map((runs): PutRuns => {
  let end = 0
  return {
    batch: batchOf(runs.flatMap(({ entries }) => entries)),
    logs: runs,
    ends: Uint32Array.from(runs, ({ entries }) => (end += entries.length)),
    firstOffsets: runs.map(({ firstOffset }) => firstOffset),
  }
})

function written(put: PutRuns, firstRun: number, endRun: number, isSealed = false): Uint8Array {
  const blocks = new Blocks()
  blocks.begin()
  const sealer = new Sealer(placement.segment, salt)
  const keys = put.logs.map((_, i) => fixedDataKey(i + 1))
  const sealed = isSealed ? sealer.seal(put, keys, firstRun, endRun, timestampMs) : undefined
  const length = blocks.push(put, firstRun, endRun, timestampMs, placement, sealed)
  const bytes = Buffer.concat(blocks.taken())
  assert.equal(bytes.length, length)
  return bytes
}

/** The runs of a block, opened if they are sealed, for logs of these names. */
const runsIn = (bytes: Uint8Array, head: BlockHead, ids: readonly string[]) =>
  head.runs.map((one, i) => {
    const entries = entriesOf(bytes, 0, head, one)
    const seal = sealOf(bytes, 0, head, one)
    const log = { number: one.logNumber, id: ids[i]!, sealedFrom: 0 }
    const opened = seal ? new Opener().open(fixedDataKey(seal.keyId), seal, log, entries)! : entries
    return { number: one.logNumber, ...listed(opened) }
  })

const listed = (block: EntryBlock) => ({
  firstOffset: block.firstOffset,
  timestampMs: block.timestampMs,
  entries: Array.from({ length: entryCount(block) }, (_, i) => Buffer.from(entryAt(block, i)).toString('hex')),
})

const asked = ({ batch, logs, ends, firstOffsets }: PutRuns, index: number) => ({
  number: logs[index]!.number,
  ...listed({ ...slice(batch, firstEntry(ends, index), ends[index]!), firstOffset: firstOffsets[index]!, timestampMs }),
})

test('a block gives back the runs that it was made of, and so does one that was moved with some of them', () => {
  fc.assert(
    fc.property(
      putOf,
      fc.nat(11),
      fc.nat(11),
      fc.infiniteStream(fc.boolean()),
      fc.boolean(),
      (put, a, b, chosen, isSealed) => {
        const firstRun = Math.min(a, b) % put.logs.length
        const endRun = Math.max(firstRun + 1, Math.min(put.logs.length, Math.max(a, b)))
        const wanted = Array.from({ length: endRun - firstRun }, (_, i) => asked(put, firstRun + i))
        const ids = put.logs.slice(firstRun, endRun).map(({ id }) => id)
        const bytes = written(put, firstRun, endRun, isSealed)
        assert.equal(bytes.length % 8, 0)
        const head = checkedHead(bytes, 0, placement.segment, placement.position)!
        assert.equal(head.isSealed, isSealed)
        assert.deepEqual(runsIn(bytes, head, ids), wanted)
        const isKept = wanted.map(() => chosen.next().value!)
        const there = { segment: 4, position: 128, durableTo: 8_192 }
        const kept = head.runs.filter((_, i) => isKept[i])
        const moved = movedBlock(bytes, 0, head, kept, there)
        const movedHead = checkedHead(moved, 0, 4, 128)!
        assert.deepEqual(
          runsIn(
            moved,
            movedHead,
            ids.filter((_, i) => isKept[i]),
          ),
          wanted.filter((_, i) => isKept[i]),
        )
        assert.equal(movedHead.durableTo, 8_192)
      },
    ),
  )
})

for (const isSealed of [false, true])
  test(`any bit of a ${isSealed ? 'sealed ' : ''}block of several runs that is flipped, and any cut of it, is noticed`, (t) => {
    const put = {
      batch: batchOf(['one', '', 'three', 'four', 'five'].map((text) => Buffer.from(text))),
      logs: [7, 2, 2 ** 31].map((number) => ({ number, id: `log-${number}` })),
      ends: Uint32Array.of(2, 3, 5),
      firstOffsets: [0, 2 ** 40, 12],
    }
    const bytes = written(put, 0, put.logs.length, isSealed)
    const isGood = (block: Uint8Array) => checkedHead(block, 0, placement.segment, placement.position) !== undefined
    assert.ok(isGood(bytes))
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      assert.ok(!isGood(bytes), `bit ${bit}`)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
    for (let length = 0; length < bytes.length; length++) assert.ok(!isGood(bytes.subarray(0, length)))
    t.diagnostic(`${8 * bytes.length} flips and ${bytes.length} cuts of a block of ${put.logs.length} runs`)
  })
