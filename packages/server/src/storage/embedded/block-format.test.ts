import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchOf, type EntryBlock, entryAt, entryCount, slice } from '../log.ts'
import { type BlockHead, Blocks, checkedHead, entriesOf, firstEntry, movedBlock, type PutRuns } from './block-format.ts'

const timestampMs = 1_767_225_600_000
const placement = { segment: 3, position: 4096, durableTo: 64 }

const entry = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 3_000, maxLength: 5_000 }))
const run = fc.record({
  number: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
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

function written(put: PutRuns, firstRun: number, endRun: number): Uint8Array {
  const blocks = new Blocks()
  blocks.begin()
  const length = blocks.push(put, firstRun, endRun, timestampMs, placement)
  const bytes = Buffer.concat(blocks.taken())
  assert.equal(bytes.length, length)
  return bytes
}

const runsIn = (bytes: Uint8Array, head: BlockHead) =>
  head.runs.map((one) => ({ number: one.logNumber, ...listed(entriesOf(bytes, 0, head, one)) }))

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
    fc.property(putOf, fc.nat(11), fc.nat(11), fc.infiniteStream(fc.boolean()), (put, a, b, chosen) => {
      const firstRun = Math.min(a, b) % put.logs.length
      const endRun = Math.max(firstRun + 1, Math.min(put.logs.length, Math.max(a, b)))
      const wanted = Array.from({ length: endRun - firstRun }, (_, i) => asked(put, firstRun + i))
      const bytes = written(put, firstRun, endRun)
      assert.equal(bytes.length % 8, 0)
      const head = checkedHead(bytes, 0, placement.segment, placement.position)!
      assert.deepEqual(runsIn(bytes, head), wanted)
      const isKept = wanted.map(() => chosen.next().value!)
      const there = { segment: 4, position: 128, durableTo: 8_192 }
      const kept = head.runs.filter((_, i) => isKept[i])
      const moved = movedBlock(bytes, 0, head, kept, there)
      const movedHead = checkedHead(moved, 0, 4, 128)!
      assert.deepEqual(
        runsIn(moved, movedHead),
        wanted.filter((_, i) => isKept[i]),
      )
      assert.equal(movedHead.durableTo, 8_192)
    }),
  )
})

test('any bit of a block of several runs that is flipped, and any cut of it, is noticed', (t) => {
  const put = {
    batch: batchOf(['one', '', 'three', 'four', 'five'].map((text) => Buffer.from(text))),
    logs: [{ number: 7 }, { number: 2 }, { number: 2 ** 31 }],
    ends: Uint32Array.of(2, 3, 5),
    firstOffsets: [0, 2 ** 40, 12],
  }
  const bytes = written(put, 0, put.logs.length)
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
