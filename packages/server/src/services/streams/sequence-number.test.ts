import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  endingSequenceNumberOf,
  offsetOf,
  parseSequenceNumber,
  SequenceDigits,
  sequenceDigits,
  sequenceNumberOf,
  startingSequenceNumberOf,
} from './sequence-number.ts'
import type { Shard } from './stream.ts'

const shardOf = (index: number, createdAtMs: number, closedAtMs?: number): Shard => ({
  index,
  startingHashKey: 0n,
  endingHashKey: 1n,
  createdAtMs,
  ...(closedAtMs !== undefined && { closedAtMs }),
})

const instant = fc.integer({ min: 0, max: 16_025_174_999_000 })
const index = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 })

test('a sequence number gives back its shard, its offset and its time', () => {
  fc.assert(
    fc.property(index, instant, offset, instant, (shardIndex, createdAtMs, at, timestampMs) => {
      const text = sequenceNumberOf(shardOf(shardIndex, createdAtMs), at, timestampMs)
      const parsed = parseSequenceNumber(text)!
      assert.equal(parsed.shardIndex, shardIndex)
      assert.equal(parsed.shardCreatedAtS, Math.floor(createdAtMs / 1000))
      assert.equal(parsed.timestampS, Math.floor(timestampMs / 1000))
      assert.equal(offsetOf(parsed), at)
    }),
  )
})

test('sequence numbers rise with the offset, whatever the times say', () => {
  fc.assert(
    fc.property(index, instant, offset, instant, instant, (shardIndex, createdAtMs, at, earlierMs, laterMs) => {
      const shard = shardOf(shardIndex, createdAtMs, laterMs)
      const numbers = [
        startingSequenceNumberOf(shard),
        sequenceNumberOf(shard, at, earlierMs),
        sequenceNumberOf(shard, at + 1, laterMs),
        endingSequenceNumberOf(shard)!,
      ].map(BigInt)
      for (let i = 1; i < numbers.length; i++) assert(numbers[i]! > numbers[i - 1]!)
    }),
  )
})

test('a shard made a second later has higher sequence numbers, whatever its index', () => {
  fc.assert(
    fc.property(index, index, instant, offset, (parentIndex, childIndex, createdAtMs, at) => {
      const parent = shardOf(parentIndex, createdAtMs, createdAtMs)
      const child = shardOf(childIndex, (Math.floor(createdAtMs / 1000) + 1) * 1000)
      assert(BigInt(startingSequenceNumberOf(child)) > BigInt(sequenceNumberOf(parent, at, 16_025_174_999_000)))
      assert(BigInt(startingSequenceNumberOf(child)) > BigInt(endingSequenceNumberOf(parent)!))
    }),
  )
})

test('digits are those of the number, and those that follow are those of the next offsets', () => {
  const countable = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 50 - 20 }),
    fc.integer({ min: 1, max: 1e8 }).map((sevens) => sevens * 1e7 - 10), // where the last seven digits begin anew
  )
  const run = fc.record({ shardIndex: index, createdAtMs: instant, first: countable, timestampMs: instant })
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 5 }), (runs) => {
      const digits = new SequenceDigits(runs.length)
      for (const [i, { shardIndex, createdAtMs, first, timestampMs }] of runs.entries())
        digits.set(i, shardIndex, Math.floor(createdAtMs / 1000), first, timestampMs)
      for (const [i, { shardIndex, createdAtMs, first, timestampMs }] of runs.entries()) {
        const start = digits.startOf(i)
        for (let at = first; at < first + 20; at++, digits.next(i)) {
          const text = Buffer.from(digits.bytes.subarray(start, start + sequenceDigits)).toString()
          assert.equal(text, sequenceNumberOf(shardOf(shardIndex, createdAtMs), at, timestampMs))
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('a number made now has 56 digits and begins with 49, as those of AWS do', () => {
  const shard = shardOf(3, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2))
  for (const text of [startingSequenceNumberOf(shard), endingSequenceNumberOf(shard)!]) assert.match(text, /^49\d{54}$/)
})

test('an open shard has no ending sequence number', () => {
  assert.equal(endingSequenceNumberOf(shardOf(0, 0)), undefined)
})

test('the starting sequence number means the first offset, the ending one the end', () => {
  const shard = shardOf(0, 5000, 6000)
  assert.equal(offsetOf(parseSequenceNumber(startingSequenceNumberOf(shard))!), 0)
  assert.equal(offsetOf(parseSequenceNumber(endingSequenceNumberOf(shard)!)!), Number.MAX_SAFE_INTEGER)
})

test('what is not a version 2 number is none', () => {
  const good = BigInt(sequenceNumberOf(shardOf(1, 1_700_000_000_000), 7, 1_700_000_000_000))
  for (const text of [
    '',
    '0',
    '12345',
    '-5',
    'abc',
    `${good}x`,
    ` ${good}`,
    `${good + 1n}`, // version 3
    `${good - 1n}`, // version 1
    `${good | (1n << 184n)}`, // leading digit 3
    `${good | (1n << 143n)}`, // the counter's sign
    '9'.repeat(129),
  ])
    assert.equal(parseSequenceNumber(text), undefined, text)
})
