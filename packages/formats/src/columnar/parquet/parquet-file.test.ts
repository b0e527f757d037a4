import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { ColumnBatch, ColumnValue } from '../column-type.ts'
import { parseHiveColumns } from '../hive-type.ts'
import { ParquetFile, type ParquetOptions } from './parquet-file.ts'

const schemaOf = (columns: Readonly<Record<string, string>>) =>
  parseHiveColumns(Object.entries(columns).map(([name, type]) => ({ name, type })))

function written(
  columns: Readonly<Record<string, string>>,
  groups: readonly (readonly ColumnValue[])[][],
  options?: ParquetOptions,
): ArrayBuffer {
  const schema = schemaOf(columns)
  const file = new ParquetFile(schema, options)
  for (const rows of groups) {
    const batch: ColumnBatch = {
      schema,
      rowCount: rows.length,
      columns: schema.map((_, column) => rows.map((row) => row[column]!)),
    }
    file.add(batch)
  }
  const bytes = file.finish()
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

const read = (file: ArrayBuffer) =>
  parquetReadObjects({ file, utf8: false, compressors: { GZIP: (bytes) => new Uint8Array(gunzipSync(bytes)) } })

test('every type comes back as it was written, nulls too', async () => {
  const columns = {
    yes: 'boolean',
    tiny: 'tinyint',
    small: 'smallint',
    whole: 'int',
    big: 'bigint',
    single: 'float',
    twice: 'double',
    text: 'string',
    short: 'varchar(5)',
    bytes: 'binary',
    day: 'date',
    at: 'timestamp',
    price: 'decimal(10,2)',
    huge: 'decimal(38,0)',
  }
  const row = [
    true,
    -128,
    32767,
    -5,
    9007199254740993n,
    0.5,
    1.25,
    'ä😀',
    'abc',
    Buffer.from([0, 255]),
    20_000,
    1_700_000_000_123_456,
    -12345n,
    10n ** 38n - 1n,
  ]
  const rows = await read(written(columns, [[row, row.map(() => null)]]))
  assert.deepEqual(
    { ...rows[0], bytes: [...Buffer.from(rows[0]!.bytes as Uint8Array)], huge: undefined },
    {
      yes: true,
      tiny: -128,
      small: 32767,
      whole: -5,
      big: 9007199254740993n,
      single: 0.5,
      twice: 1.25,
      text: 'ä😀',
      short: 'abc',
      bytes: [0, 255],
      day: new Date(20_000 * 86_400_000),
      at: rows[0]!.at,
      price: -123.45,
      huge: undefined,
    },
  )
  assert.equal((rows[0]!.at as Date).getTime(), 1_700_000_000_123)
  assert.ok(Object.values(rows[1]!).every((value) => value === null || value === undefined))
})

test('nested columns come back with their nulls at every depth', async () => {
  const columns = {
    tags: 'array<string>',
    person: 'struct<name:string,age:bigint>',
    counts: 'map<string,int>',
    deep: 'array<struct<k:string,m:map<string,array<int>>>>',
  }
  const rows = await read(
    written(columns, [
      [
        [
          ['a', null, 'b'],
          ['Ann', 5],
          [
            ['x', 1],
            ['y', null],
          ],
          [['k', [['m', [1, null, 2]]]], null],
        ],
        [[], [null, null], [], []],
        [null, null, null, null],
      ],
    ]),
  )
  assert.deepEqual(rows[0], {
    tags: ['a', null, 'b'],
    person: { name: 'Ann', age: 5n },
    counts: { x: 1, y: null },
    deep: [{ k: 'k', m: { m: [1, null, 2] } }, undefined],
  })
  assert.deepEqual(rows[1]!.tags, [])
  assert.deepEqual(rows[1]!.deep, [])
  for (const value of Object.values(rows[2]!)) assert.ok(value === null || value === undefined)
})

test('each batch is a row group, and an empty file has none', async () => {
  const file = written({ id: 'int' }, [[[1], [2]], [], [[3]]])
  const { row_groups, num_rows, created_by } = parquetMetadata(file)
  assert.deepEqual(
    row_groups.map((group) => Number(group.num_rows)),
    [2, 1],
  )
  assert.equal(num_rows, 3n)
  assert.equal(created_by, 'Millrace')
  assert.deepEqual(await read(written({ id: 'int' }, [])), [])
})

test('what is taken along the way and the rest are the whole file', () => {
  const schema = schemaOf({ id: 'int' })
  const whole = new ParquetFile(schema)
  const taken = new ParquetFile(schema)
  const parts: Uint8Array[] = []
  for (const columns of [[[1, 2]], [[3]], [[4, 5]]]) {
    whole.add({ schema, rowCount: columns[0]!.length, columns })
    taken.add({ schema, rowCount: columns[0]!.length, columns })
    parts.push(taken.take())
    assert.equal(taken.take().byteLength, 0)
  }
  assert.deepEqual(Buffer.concat([...parts, taken.finish()]), Buffer.from(whole.finish()))
})

test('pages end where they are told to', () => {
  const rows = Array.from({ length: 4000 }, (_, i) => [`value ${i} of many that are all different`])
  const size = (pageSizeBytes: number) => {
    const { row_groups } = parquetMetadata(written({ text: 'string' }, [rows], { pageSizeBytes }))
    return row_groups[0]!.columns[0]!.meta_data!.encoding_stats!.find(({ page_type }) => page_type === 'DATA_PAGE_V2')!
      .count
  }
  assert.equal(size(1024 * 1024), 1)
  assert.ok(size(16 * 1024) > 5)
})

test('columns have dictionaries where that is worth it, unless they may not', async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => [`one of ${i % 5} words`, i % 2 === 0])
  for (const dictionaries of [true, false]) {
    const file = written({ word: 'string', even: 'boolean' }, [rows], { dictionaries })
    const { encodings } = parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!
    assert.equal(encodings.includes('RLE_DICTIONARY'), dictionaries)
    assert.deepEqual(
      (await read(file)).map(({ word, even }) => [word, even]),
      rows,
    )
  }
})

test('every codec gives the same rows', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => [i, `text ${i % 7}`])
  for (const compression of ['SNAPPY', 'GZIP', 'UNCOMPRESSED'] as const) {
    const file = written({ id: 'int', text: 'string' }, [rows], { compression })
    assert.equal(parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!.codec, compression)
    assert.deepEqual(
      (await read(file)).map(({ id, text }) => [id, text]),
      rows,
    )
  }
})

test('whatever values a column has, they come back', async () => {
  const types: [string, fc.Arbitrary<ColumnValue>, (value: unknown) => unknown][] = [
    ['int', fc.integer(), (v) => v],
    ['bigint', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (v) => v],
    ['double', fc.double({ noNaN: true }), (v) => v],
    ['string', fc.string({ unit: 'grapheme' }), (v) => v],
    ['array<int>', fc.array(fc.option(fc.integer())), (v) => v],
  ]
  for (const [type, value, same] of types)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(value), { minLength: 1, maxLength: 40 }), async (values) => {
        const rows = await read(written({ v: type }, [values.map((each) => [each])]))
        assert.deepEqual(
          rows.map(({ v }) => same(v ?? null)),
          values.map((each) => (Object.is(each, -0) ? each : each)),
        )
      }),
      { numRuns: 30 },
    )
})
