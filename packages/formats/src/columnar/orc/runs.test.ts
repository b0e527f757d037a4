import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BitRuns } from './bit-runs.ts'
import { ByteRuns } from './byte-runs.ts'
import { decodeBits, decodeBytes, decodeV1, decodeV2, kindsOfV2 } from './decoded-runs-fixture.ts'
import { integerRuns } from './integer-runs.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const range = (count: number, value: (i: number) => number) => Array.from({ length: count }, (_, i) => value(i))

function written(version: 'V0_11' | 'V0_12', values: readonly (number | bigint)[], signed: boolean): Buffer {
  const runs = integerRuns(version, signed)
  for (const value of values) runs.add(value)
  runs.flush()
  return Buffer.from(runs.out.written())
}

function bytesWritten(values: readonly number[]): Buffer {
  const runs = new ByteRuns()
  for (const value of values) runs.add(value)
  runs.flush()
  return Buffer.from(runs.out.written())
}

test('the examples of the specification are written to the byte', () => {
  assert.deepEqual(bytesWritten(range(100, () => 0)), hex('61 00'))
  assert.deepEqual(bytesWritten([0x44, 0x45]), hex('fe 44 45'))
  const bits = new BitRuns()
  for (const bit of [1, 0, 0, 0, 0, 0, 0, 0]) bits.add(bit)
  bits.end()
  assert.deepEqual(Buffer.from(bits.out.written()), hex('ff 80'))
  assert.deepEqual(
    written(
      'V0_11',
      range(100, () => 7),
      false,
    ),
    hex('61 00 07'),
  )
  assert.deepEqual(
    written(
      'V0_11',
      range(100, (i) => 100 - i),
      false,
    ),
    hex('61 ff 64'),
  )
  assert.deepEqual(written('V0_11', [2, 3, 6, 7, 11], false), hex('fb 02 03 06 07 0b'))
  assert.deepEqual(
    written(
      'V0_12',
      range(5, () => 10000),
      false,
    ),
    hex('0a 27 10'),
  )
  assert.deepEqual(written('V0_12', [23713, 43806, 57005, 48879], false), hex('5e 03 5c a1 ab 1e de ad be ef'))
  assert.deepEqual(written('V0_12', [2, 3, 5, 7, 11, 13, 17, 19, 23, 29], false), hex('c6 09 02 02 22 42 42 46'))
})

test('the specification’s own run of patched base is read, and ours of the same numbers is no longer than theirs', () => {
  const theirs = hex('8e 13 2b 21 07 d0 1e 00 14 70 28 32 3c 46 50 5a 64 6e 78 82 8c 96 a0 aa b4 be fc e8')
  const { values } = decodeV2(theirs, false)
  const ours = written('V0_12', values.map(Number), false)
  assert.deepEqual(decodeV2(ours, false), { values, kinds: ['patched base'] })
  // Their gap of two bits is eight bits here, for every run.
  assert.ok(ours.length <= theirs.length + 1, `${ours.length} bytes`)
})

test('each kind of run is chosen where it is smallest', () => {
  const kinds = (values: readonly (number | bigint)[]) => decodeV2(written('V0_12', values, true), true).kinds
  assert.deepEqual(kinds(range(10, () => -5)), ['short repeat'])
  assert.deepEqual(kinds(range(11, () => -5)), ['delta'])
  assert.deepEqual(kinds(range(512, (i) => i * 1000)), ['delta'])
  assert.deepEqual(kinds(range(512, (i) => 2 ** 40 - i * i)), ['delta'])
  assert.deepEqual(kinds(range(512, (i) => (i % 100 === 50 ? 2 ** 40 : (i * 7919) % 251))), ['patched base'])
  assert.deepEqual(kinds(range(512, (i) => (i * 7919) % 251)), ['direct'])
  assert.deepEqual(kinds([...range(20, (i) => (i * 37) % 11), ...range(30, () => 4)]), ['direct', 'delta'])
  assert.deepEqual(kinds(range(100, () => 0).map((_, i) => 2n ** 60n + BigInt(i * i))), ['delta'])
  assert.deepEqual(kinds([2n ** 63n - 1n, -(2n ** 63n), 5]), ['direct'])
})

test('patches across gaps of more than 255 places are bridged', () => {
  for (const places of [[511], [0, 511], [0, 256, 511], [255, 511], [300]]) {
    const values = range(512, (i) => (places.includes(i) ? 2 ** 50 : ((i * 31) % 3) - 2))
    const { values: read, kinds } = decodeV2(written('V0_12', values, true), true)
    assert.deepEqual(read.map(Number), values)
    assert.deepEqual(kinds, ['patched base'])
  }
})

const seed = Number(process.env.SEED ?? Math.trunc(performance.timeOrigin % 2 ** 31))
const small = fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1000, max: 1000 }))
const anyLong = fc.oneof(
  small,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
/** Pieces of runs: the same again and again, steps, small ones with a few large ones, anything. */
const pieces = fc.array(
  fc.oneof(
    fc.tuple(anyLong, fc.nat(1100)).map(([value, count]) => Array.from({ length: count }, () => value)),
    fc
      .tuple(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }), fc.nat(700))
      .map(([first, step, count]) => range(count, (i) => Math.max(-(2 ** 53), Math.min(2 ** 53, first + i * step)))),
    fc
      .tuple(fc.array(fc.nat(15), { maxLength: 600 }), fc.nat(520), fc.nat(2 ** 48))
      .map(([values, at, value]) => values.map((one, i) => (i === at || i === 3 ? value : one))),
    fc.array(anyLong, { maxLength: 600 }),
    fc.array(small, { maxLength: 600 }),
    fc.uniqueArray(fc.maxSafeInteger(), { maxLength: 600 }).map((values) => values.sort((a, b) => a - b)),
  ),
  { maxLength: 6 },
)

test('whole numbers of any kind are read as they were written', (t) => {
  t.diagnostic(`SEED=${seed}`)
  const seen = new Set<string>()
  fc.assert(
    fc.property(pieces, (generated) => {
      const values = (generated as (number | bigint)[][]).flat()
      const expected = values.map(BigInt)
      const { values: read, kinds } = decodeV2(written('V0_12', values, true), true)
      assert.deepEqual(read, expected)
      for (const kind of kinds) seen.add(kind)
      assert.deepEqual(decodeV1(written('V0_11', values, true), true), expected)
      const positive = values.filter((value) => value >= 0 && value < 2 ** 53)
      assert.deepEqual(decodeV2(written('V0_12', positive, false), false).values, positive.map(BigInt))
      assert.deepEqual(decodeV1(written('V0_11', positive, false), false), positive.map(BigInt))
    }),
    // The only kind that some seeds never come by.
    { seed, numRuns: 200, examples: [[[range(5, () => 7)]]] },
  )
  assert.deepEqual([...seen].sort(), [...kindsOfV2].sort())
})

test('bytes and bits are read as they were written', () => {
  const byte = fc.oneof(fc.constant(7), fc.nat(255))
  fc.assert(
    fc.property(fc.array(fc.tuple(byte, fc.nat(140))), fc.array(byte, { maxLength: 300 }), (repeats, others) => {
      const values = [...others, ...repeats.flatMap(([value, count]) => Array.from({ length: count }, () => value))]
      assert.deepEqual(decodeBytes(bytesWritten(values)), values)
      const bits = new BitRuns()
      for (const value of values) bits.add(value & 1)
      bits.end()
      assert.deepEqual(
        decodeBits(bits.out.written()).slice(0, values.length),
        values.map((value) => value & 1),
      )
    }),
    { seed, numRuns: 200 },
  )
})
