import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { chunkOf, JsonDeserializer, parseHiveColumns } from '@millrace/formats/columnar'
import { ParquetFile, type ParquetOptions } from '@millrace/formats/parquet'
import { compressSync } from 'snappy'
import { missing } from '../clients/installed.ts'

/* Parquet files as Firehose writes them, read by those who had no part in writing them: DuckDB and Apache Arrow. */

const folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

type Columns = Readonly<Record<string, string>>

/** Records of JSON, in as many row groups as there are lists of them → the path of a file. */
function written(columns: Columns, groups: readonly (readonly string[])[], options: ParquetOptions = {}): string {
  const schema = parseHiveColumns(Object.entries(columns).map(([name, type]) => ({ name, type })))
  const deserializer = new JsonDeserializer(schema, { kind: 'OpenX' })
  const file = new ParquetFile(schema, { snappy: (bytes) => compressSync(bytes), ...options })
  for (const records of groups) {
    const chunk = chunkOf(
      records.map((record) => Buffer.from(record)),
      'between-records',
    )
    assert.deepEqual(deserializer.add(chunk), [])
    file.add(deserializer.take())
  }
  const path = join(folder, 'file.parquet')
  writeFileSync(path, file.finish())
  return path
}

function read(what: 'rows' | 'sums', reader: string, path: string): unknown {
  const program = join(import.meta.dirname, 'read_parquet.py')
  const { status, stdout, stderr } = spawnSync('python3', [program, what, reader, path], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const everyType: Columns = {
  yes: 'boolean',
  tiny: 'tinyint',
  small: 'smallint',
  whole: 'int',
  big: 'bigint',
  single: 'float',
  twice: 'double',
  text: 'string',
  short: 'varchar(3)',
  fixed: 'char(4)',
  bytes: 'binary',
  day: 'date',
  at: 'timestamp',
  price: 'decimal(10,2)',
  huge: 'decimal(38,6)',
  tags: 'array<string>',
  person: 'struct<name:string,age:int,`home town`:struct<zip:string>>',
  counts: 'map<string,int>',
  deep: 'array<map<string,array<struct<a:decimal(5,1),b:timestamp>>>>',
}

const nulls = Object.fromEntries(Object.keys(everyType).map((name) => [name, null]))

const records: [string, object][] = [
  [
    `{"yes":true,"tiny":-128,"small":32767,"whole":-2147483648,"big":9223372036854775807,"single":0.5,"twice":1e300,
      "text":"ä😀","short":"abcdef","fixed":"ab","bytes":"é","day":"2026-02-28","at":"2026-05-06T07:08:09.123456Z",
      "price":-12345678.905,"huge":"12345678901234567890123456789012.123456","tags":["a",null,"b"],
      "person":{"name":"Ann","age":30,"home town":{"zip":"1"}},"counts":{"x":1,"y":null},
      "deep":[{"k":[{"a":1.25,"b":0},null]},null,{}]}`,
    {
      yes: true,
      tiny: -128,
      small: 32767,
      whole: -2147483648,
      big: '9223372036854775807',
      single: 0.5,
      twice: 1e300,
      text: 'ä😀',
      short: 'abc',
      fixed: 'ab',
      bytes: 'c3a9',
      day: '2026-02-28',
      at: '2026-05-06T07:08:09.123456',
      price: '-12345678.91',
      huge: '12345678901234567890123456789012.123456',
      tags: ['a', null, 'b'],
      person: { name: 'Ann', age: 30, 'home town': { zip: '1' } },
      counts: { x: 1, y: null },
      deep: [{ k: [{ a: '1.3', b: '1970-01-01T00:00:00.000000' }, null] }, null, {}],
    },
  ],
  ['{}', nulls],
  [
    `{"twice":"NaN","single":"-Infinity","big":-9223372036854775808,"tags":[],"person":{},"counts":{},"deep":[],"text":"",
      "day":"0001-01-01","at":"2254-12-31 23:59:59.999999","huge":-0.000001,"price":0}`,
    {
      ...nulls,
      twice: 'nan',
      single: '-inf',
      big: '-9223372036854775808',
      tags: [],
      person: { name: null, age: null, 'home town': null },
      counts: {},
      deep: [],
      text: '',
      day: '0001-01-01',
      at: '2254-12-31T23:59:59.999999',
      huge: '-0.000001',
      price: '0.00',
    },
  ],
]

for (const reader of ['pyarrow', 'duckdb']) {
  const skip = missing(`Python with ${reader}`, 'python3', ['-c', `import ${reader}`])

  for (const compression of ['SNAPPY', 'GZIP', 'UNCOMPRESSED'] as const)
    test(`${reader} reads every type, nested ones and nulls, ${compression}`, { skip }, () => {
      const json = records.map(([record]) => record)
      const path = written(everyType, [json, [...json].reverse()], { compression })
      const wanted = records.map(([, row]) => row)
      assert.deepEqual(read('rows', reader, path), [...wanted, ...[...wanted].reverse()])
    })

  test(`${reader} reads a hundred thousand rows of several groups and many pages`, { skip }, (t) => {
    const columns = { id: 'bigint', word: 'string', tags: 'array<int>', wide: 'struct<a:string,b:double>' }
    const count = 100_000
    const rows = Array.from({ length: count }, (_, id) =>
      JSON.stringify({ id, word: `word ${id % 997}`, tags: [id, id % 7], wide: { a: `text ${id}`, b: id / 3 } }),
    )
    const groups = [rows.slice(0, 60_000), rows.slice(60_000)]
    const path = written(columns, groups, { pageSizeBytes: 64 * 1024 })
    assert.deepEqual(read('sums', reader, path), [count, (count * (count - 1)) / 2, 997])
    t.diagnostic(`${reader} read ${count} rows`)
  })

  test(`${reader} reads a file without rows in a column, and one of a single row`, { skip }, () => {
    assert.deepEqual(read('rows', reader, written({ a: 'int', b: 'string' }, [['{"a":1}']])), [{ a: 1, b: null }])
  })
}
