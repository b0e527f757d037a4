import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Column, ColumnBatch, ColumnType, ColumnValue } from '../column-type.ts'
import { buffers, decodeFile, decodeRows, messages, number } from './decoded-file-fixture.ts'
import { OrcFile, writeOrc } from './orc-file.ts'
import type { OrcOptions } from './orc-options.ts'

/* Files read back by the tests' own reader; pyarrow and Apache's own read them in conformance/. */

const seed = Number(process.env.SEED ?? Math.trunc(performance.timeOrigin % 2 ** 31))

function batch(schema: readonly Column[], rows: readonly (readonly ColumnValue[])[]): ColumnBatch {
  return { schema, rowCount: rows.length, columns: schema.map((_, c) => rows.map((row) => row[c]!)) }
}

const file = (schema: readonly Column[], rows: readonly (readonly ColumnValue[])[], options: OrcOptions = {}) =>
  decodeFile(Buffer.from(writeOrc(schema, [batch(schema, rows)], { Compression: 'NONE', ...options })))

const anyType: fc.Arbitrary<{ type: ColumnType; values: fc.Arbitrary<ColumnValue> }> = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('plain'), tie('array'), tie('map'), tie('struct')),
  plain: fc.constantFrom(
    typed({ kind: 'boolean' }, fc.boolean()),
    typed({ kind: 'tinyint' }, fc.integer({ min: -128, max: 127 })),
    typed({ kind: 'int' }, fc.integer()),
    typed({ kind: 'bigint' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    typed({ kind: 'float' }, fc.float()),
    typed({ kind: 'double' }, fc.double()),
    typed({ kind: 'string' }, fc.string({ unit: 'grapheme' })),
    typed({ kind: 'binary' }, fc.uint8Array()),
    typed({ kind: 'date' }, fc.integer({ min: -1e6, max: 1e6 })),
    typed({ kind: 'timestamp' }, fc.integer({ min: 0, max: 2 ** 52 })),
    typed({ kind: 'timestamp' }, fc.integer({ min: -(2 ** 52), max: -1_000_000 })),
    typed({ kind: 'decimal', precision: 38, scale: 5 }, fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })),
  ),
  array: tie('any').map((of) => {
    const { type: element, values } = of as Typed
    return typed({ kind: 'array', element }, fc.array(values, { maxLength: 4 }))
  }),
  map: fc.tuple(tie('plain'), tie('any')).map((of) => {
    const [key, value] = of as [Typed, Typed]
    const keys = key.values.filter((one) => one !== null)
    return typed(
      { kind: 'map', key: key.type, value: value.type },
      fc.array(fc.tuple(keys, value.values), { maxLength: 3 }),
    )
  }),
  struct: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((of) => {
    const fields = of as Typed[]
    const type = { kind: 'struct', fields: fields.map((field, i) => ({ name: `f${i}`, type: field.type })) } as const
    return typed(type, fc.tuple(...fields.map(({ values }) => values)))
  }),
})).any as fc.Arbitrary<Typed>

type Typed = { type: ColumnType; values: fc.Arbitrary<ColumnValue> }

/** A type and its values, null now and then. */
function typed(type: ColumnType, values: fc.Arbitrary<ColumnValue>): Typed {
  return { type, values: fc.oneof({ weight: 6, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) }) }
}

/** Whole numbers of a bigint column are read as bigints, bytes as Buffers. */
const comparable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(comparable)
  return typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
}

test('rows of any types, nested and null at any level, are read as they were written', (t) => {
  t.diagnostic(`SEED=${seed}`)
  const table = fc.array(anyType, { minLength: 1, maxLength: 4 }).chain((columns) => {
    const schema = columns.map(({ type }, i): Column => ({ name: `c${i}`, type }))
    return fc.record({
      schema: fc.constant(schema),
      rows: fc.array(fc.tuple(...columns.map(({ values }) => values)), { maxLength: 60 }),
    })
  })
  const options = fc.record({
    Compression: fc.constantFrom('NONE' as const, 'ZLIB' as const),
    FormatVersion: fc.constantFrom('V0_11' as const, 'V0_12' as const),
    RowIndexStride: fc.integer({ min: 1, max: 70 }),
    StripeSizeBytes: fc.constantFrom(1, 200, 10_000),
    DictionaryKeyThreshold: fc.constantFrom(0, 0.5, 1),
    BloomFilterColumns: fc.constantFrom([], ['c0', 'c1.f0']),
  })
  fc.assert(
    fc.property(table, options, ({ schema, rows }, chosen) => {
      const decoded = file(schema, rows, chosen)
      assert.deepEqual(comparable(decodeRows(decoded, schema)), comparable(rows))
      assert.equal(number(decoded.footer, 6), rows.length)
      const [major, minor] = buffers(decoded.postScript, 4)[0]!
      assert.deepEqual([major, minor], [0, chosen.FormatVersion === 'V0_11' ? 11 : 12])
    }),
    { seed, numRuns: 120 },
  )
})

const number1: readonly Column[] = [{ name: 'n', type: { kind: 'int' } }]
const word1: readonly Column[] = [{ name: 'w', type: { kind: 'string' } }]

test('a file without rows has its schema, and no stripe', () => {
  const decoded = file(number1, [])
  assert.equal(decoded.stripes.length, 0)
  assert.equal(messages(decoded.footer, 4).length, 2)
  assert.deepEqual(decodeRows(decoded, number1), [])
})

test('a stripe ends at the row group that brings it to its size, and starts with zeros before it where it is padded', () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => [(i * 7919) % 100_003])
  const options = { RowIndexStride: 1000, StripeSizeBytes: 5000 }
  const plain = messages(file(number1, rows, options).footer, 3)
  assert.deepEqual(
    plain.map((stripe) => number(stripe, 5)),
    [2000, 2000, 2000, 2000, 2000],
  )
  const BlockSizeBytes = number(plain[1]!, 1) + 200
  const padding = { EnablePadding: true, BlockSizeBytes, PaddingTolerance: 1 }
  const padded = file(number1, rows, { ...options, ...padding })
  assert.deepEqual(decodeRows(padded, number1), rows)
  const [, second] = messages(padded.footer, 3)
  assert.equal(number(second!, 1), BlockSizeBytes, 'the second would have reached into the next block')
  const few = file(number1, rows, { ...options, ...padding, PaddingTolerance: 0.001 })
  assert.deepEqual(
    messages(few.footer, 3).map((stripe) => number(stripe, 1)),
    plain.map((stripe) => number(stripe, 1)),
  )
})

test('what is taken along the way and the rest are the whole file', () => {
  const schema: Column[] = [{ name: 'id', type: { kind: 'int' } }]
  const options = { Compression: 'NONE', StripeSizeBytes: 1, RowIndexStride: 2 } as const
  const batches = [[[1], [2]], [[3]], [[4], [5], [6]]].map((rows) => batch(schema, rows))
  const file = new OrcFile(schema, options)
  const parts = batches.map((rows) => {
    file.add(rows)
    return file.take()
  })
  assert.ok(parts[0]!.byteLength > 3 && parts[2]!.byteLength > 0)
  assert.deepEqual(Buffer.concat([...parts, file.finish()]), Buffer.from(writeOrc(schema, batches, options)))
})

test('times of any year are written', () => {
  const schema: readonly Column[] = [{ name: 't', type: { kind: 'timestamp' } }]
  const years = [1, 1900, 1969, 1970, 2014, 2015, 2254, 2256, 9999]
  const rows = years.flatMap((year) => [[Date.UTC(year, 11, 31, 23, 59, 58) * 1000], [Date.UTC(year, 0) * 1000 + 640]])
  // The last second before 1970 has its first millisecond alone: see TimestampColumn.
  const near = [-1_000_001, -1_000_000, -999_001, 0, 1, 999_999].map((micros) => [micros])
  const extreme = [[2 ** 62], [-(2 ** 62) - 1024], [-(2 ** 63)]]
  const all = [...rows, ...near, ...extreme]
  assert.deepEqual(decodeRows(file(schema, all), schema), all)
  assert.deepEqual(decodeRows(file(schema, [[-999_000], [-1]]), schema), [[1000], [999_999]])
  const statistics = messages(messages(file(schema, all).footer, 7)[1]!, 9)[0]!
  const zigzag = (value: bigint) => (value < 0n ? -2n * value - 1n : 2n * value)
  assert.equal(statistics.get(3)![0], zigzag(-(2n ** 63n) / 1000n - 1n))
  assert.equal(statistics.get(4)![0], zigzag(2n ** 62n / 1000n))
})

test('the sum of whole numbers is exact, and left out above 64 bits', () => {
  const schema: readonly Column[] = [{ name: 'n', type: { kind: 'bigint' } }]
  const sumOf = (values: readonly (number | bigint)[]) => {
    const rows = values.map((value) => [value])
    const sum = messages(messages(file(schema, rows, { RowIndexStride: 3 }).footer, 7)[1]!, 2)[0]!.get(3)?.[0]
    return sum === undefined ? undefined : ((sum as bigint) >> 1n) ^ -((sum as bigint) & 1n)
  }
  const large = [2 ** 52 - 2, 2 ** 53 - 1, 2 ** 53 - 1, 2 ** 52 + 1, 3, 2n ** 62n, -5, 2 ** 53 - 3]
  assert.equal(
    sumOf(large),
    large.map(BigInt).reduce((a, b) => a + b),
  )
  assert.equal(sumOf(large.map((value) => -value)), -large.map(BigInt).reduce((a, b) => a + b))
  assert.equal(sumOf([2n ** 63n - 1n, 1]), undefined)
  assert.equal(sumOf([2n ** 63n - 1n, 1, -1]), 2n ** 63n - 1n)
})

test('a dictionary is kept as long as it pays', () => {
  const encodingOf = (rows: readonly (readonly ColumnValue[])[], options: OrcOptions) =>
    number(messages(file(word1, rows, options).stripes[0]!.footer, 2)[1]!, 1)
  const few = Array.from({ length: 5000 }, (_, i) => [`word ${i % 10}`])
  const different = Array.from({ length: 5000 }, (_, i) => [`word ${i}`])
  const atFirst = few.map((row, i) => (i < 1000 ? row : different[i]!))
  const RowIndexStride = 1000
  assert.equal(encodingOf(few, { RowIndexStride }), 3)
  assert.equal(encodingOf(few, { RowIndexStride, DictionaryKeyThreshold: 0 }), 2)
  assert.equal(encodingOf(few, { RowIndexStride, FormatVersion: 'V0_11' }), 1)
  assert.equal(encodingOf(different, { RowIndexStride }), 2)
  assert.equal(encodingOf(different, { RowIndexStride, DictionaryKeyThreshold: 1 }), 3)
  assert.equal(encodingOf(atFirst, { RowIndexStride }), 2)
})

test('a bloom filter is made for the columns that are named and for what is within them', () => {
  const schema: readonly Column[] = [
    { name: 'a', type: { kind: 'string' } },
    { name: 'b', type: { kind: 'struct', fields: [{ name: 'c', type: { kind: 'int' } }, ...word1] } },
  ]
  const filtered = (BloomFilterColumns: string[]) =>
    [...file(schema, [['x', [1, 'y']]], { BloomFilterColumns }).stripes[0]!.streams.keys()]
      .filter((key) => key.endsWith(' 8'))
      .map((key) => Number(key.split(' ')[0]))
  assert.deepEqual(filtered([]), [])
  assert.deepEqual(filtered(['a', 'nowhere']), [1])
  assert.deepEqual(filtered(['b']), [3, 4])
  assert.deepEqual(filtered(['b.w']), [4])
})

test('what does not compress is stored as it is', () => {
  const schema: readonly Column[] = [{ name: 'b', type: { kind: 'binary' } }]
  const noise = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255))
  const bytes = writeOrc(schema, [batch(schema, [[noise]])], {}, (chunk) => Buffer.concat([chunk, Buffer.of(0)]))
  assert.ok(bytes.length > 700_000 && bytes.length < 701_000, `${bytes.length}`)
  assert.deepEqual(decodeRows(decodeFile(Buffer.from(bytes)), schema), [[noise]])
})

test('a value that its type cannot hold is an error, not another value', () => {
  assert.throws(() => file([{ name: 'n', type: { kind: 'tinyint' } }], [[128]]), /8 bits/)
  assert.throws(() => file(number1, [[2 ** 31]]), /within the range/)
  assert.throws(() => file([{ name: 'd', type: { kind: 'decimal', precision: 3, scale: 1 } }], [[1000n]]), /digits/)
})
