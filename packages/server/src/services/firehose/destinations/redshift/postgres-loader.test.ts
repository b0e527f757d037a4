import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock, systemRandom } from '@millrace/ports'
import { noPostgres, openPostgres } from '../../../../../../connectors/src/postgres-fixture.ts'
import { makeCertificate } from '../../../../gateway/tls/certificate.ts'
import { copyOptions } from './copy-options.ts'
import { BreakingProxy, connecting, freePort, loadFault, stagedOf, type Target } from './load-fixture.ts'
import type { SkippedRow } from './loader.ts'
import { PostgresLoader } from './postgres-loader.ts'
import { columnNames, tableName } from './sql-name.ts'

let postgres: Awaited<ReturnType<typeof openPostgres>>
let port = 0
const skip = noPostgres === undefined ? {} : { skip: noPostgres }

before(async () => {
  if (noPostgres !== undefined) return
  const { cert: certificate, key } = makeCertificate(['localhost'], systemClock.nowMs(), systemRandom)
  port = await freePort()
  postgres = await openPostgres({ port, tls: { certificate, key } })
})
after(() => postgres?.[Symbol.asyncDispose]())

const loader = (table: string, options = 'JSON', columns = '', target: Partial<Target> = {}) =>
  new PostgresLoader(connecting({ port, ...target }), {
    ...{ table: tableName(table), columns: columnNames(columns), copyOptions: copyOptions(options) },
  })

async function table(name: string, columns: string) {
  await postgres.pool.query(`CREATE TABLE ${name} (${columns})`)
  return async (order = '1') => (await postgres.pool.query(`SELECT * FROM ${name} ORDER BY ${order}`)).rows
}

test('objects become rows of every type, also of odd names', skip, async () => {
  await postgres.pool.query('CREATE SCHEMA shop')
  const rows = await table('shop."Odd ""Name"""', 'id bigint, at timestamptz, tags jsonb, price numeric, "Order" text')
  const text = [
    { id: 1, at: '2026-01-01 12:00:00', tags: ['a', { b: null }], price: 1.5, Order: "x'); DROP TABLE y\t\\.\n" },
    { id: 2 },
  ]
  const odd = loader('shop."Odd ""Name"""')
  assert.equal(await loadFault(odd, stagedOf(text.map((row) => JSON.stringify(row)).join(''))), undefined)
  assert.deepEqual(await rows('id'), [
    { id: '1', at: new Date(Date.UTC(2026, 0, 1, 12)), tags: text[0]!.tags, price: '1.5', Order: text[0]!.Order },
    { id: '2', at: null, tags: null, price: null, Order: null },
  ])
})

test('columns are those that are named, in their order, or those of the table', skip, async () => {
  const rows = await table('named', 'a int, b int, c int default 7')
  assert.equal(await loadFault(loader('named', 'CSV', 'b, a'), stagedOf('1,2\n')), undefined)
  assert.equal(await loadFault(loader('named', "DELIMITER ','"), stagedOf('3,4,5\n')), undefined)
  assert.deepEqual(await rows(), [
    { a: 2, b: 1, c: 7 },
    { a: 3, b: 4, c: 5 },
  ])
})

test('a column that has a default and that no object names is left to it', skip, async () => {
  const rows = await table(
    'defaults',
    "id serial primary key, kind text not null default 'new', n int, made int generated always as (n + 1) stored",
  )
  assert.equal(await loadFault(loader('defaults'), stagedOf('{"n":1}{"n":2}')), undefined)
  assert.deepEqual(await rows(), [
    { id: 1, kind: 'new', n: 1, made: 2 },
    { id: 2, kind: 'new', n: 2, made: 3 },
  ])
})

test('all of a batch is there or nothing, unless MAXERROR says otherwise', skip, async () => {
  const rows = await table('strict', 'id int primary key, name varchar(3) not null')
  const lines = [
    '{"id":1,"name":"a"}',
    '{"id":2,"name":"long"}',
    '{"id":3',
    '{"id":"x","name":"b"}',
    '{"id":1,"name":"c"}',
    '{"id":4}',
    '{"id":5,"name":"e"}',
  ]
  const text = lines.join('\n')
  const skipped: SkippedRow[] = []
  assert.match(
    (await loadFault(loader('strict'), stagedOf(text)))!,
    /^Redshift\.DataLoadFailed: .*line 3: Invalid JSON/,
  )
  assert.match((await loadFault(loader('strict', 'JSON MAXERROR 4'), stagedOf(text)))!, /^Redshift\.DataLoadFailed: /)
  assert.deepEqual(await rows(), [])
  assert.equal(await loadFault(loader('strict', 'JSON MAXERROR 5'), stagedOf(text, 'b', skipped)), undefined)
  assert.deepEqual(await rows(), [
    { id: 1, name: 'a' },
    { id: 5, name: 'e' },
  ])
  assert.deepEqual(
    skipped.map(({ filename, line_number, raw_line, err_code }) => [filename, line_number, raw_line, err_code]),
    [
      ['s3://lake/object', 3, lines[2], ''],
      ['s3://lake/object', 2, lines[1], '22001'],
      ['s3://lake/object', 4, lines[3], '22P02'],
      ['s3://lake/object', 6, lines[5], '23502'],
      ['s3://lake/object', 5, lines[4], '23505'],
    ],
  )
})

test(
  'many rows with faults among many without are loaded in little more than the time of one COPY',
  skip,
  async (t) => {
    const rows = await table('many', 'id int')
    const text = Array.from({ length: 20_000 }, (_, id) => `{"id":${id % 1000 === 999 ? '"x"' : id}}\n`).join('')
    const startedMs = performance.now()
    assert.equal(await loadFault(loader('many', 'JSON MAXERROR 100'), stagedOf(text)), undefined)
    t.diagnostic(`20,000 rows with 20 faults: ${(performance.now() - startedMs).toFixed(0)} ms`)
    assert.equal((await rows()).length, 19_980)
  },
)

test('what the server says has Firehose’s code', skip, async () => {
  await table('plain', 'id int')
  await postgres.pool.query('CREATE ROLE guest LOGIN')
  await table('fullness', 'id int')
  await postgres.pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
  await postgres.pool.query('CREATE TRIGGER fails BEFORE INSERT ON fullness EXECUTE FUNCTION fail()')
  const object = stagedOf('{"id":1}')
  const cases: [PostgresLoader, RegExp][] = [
    [loader('nowhere'), /^Redshift\.TableNotFound: The table to which/],
    [loader('other.plain'), /^Redshift\.TableNotFound: /],
    [loader('plain', 'JSON', 'id, more'), /^Redshift\.ColumnNotFound: .*plain has no more/],
    [loader('fullness'), /^Redshift\.DiskFull: .*No space left/],
    [loader('plain', 'JSON', '', { user: 'guest' }), /^Redshift\.InsufficientPrivilege: /],
    [loader('plain', 'JSON', '', { user: 'nobody' }), /^Redshift\.AuthenticationFailed: /],
    [loader('plain', 'JSON', '', { database: 'other' }), /^Redshift\.DatabaseNotFound: /],
    [loader('plain', 'JSON', '', { port: await freePort() }), /^Redshift\.ConnectionFailed: .*ECONNREFUSED/],
  ]
  for (const [failing, code] of cases) assert.match((await loadFault(failing, object)) ?? '', code)
})

test('as many paths as columns, or nothing is loaded', skip, async () => {
  const rows = await table('pathed', 'id int, name text')
  const pathed = (columns: string, ...paths: string[]) =>
    new PostgresLoader(connecting({ port }), {
      ...{ table: ['pathed'], columns: columnNames(columns), copyOptions: copyOptions("JSON 's3://b/k'") },
      jsonPaths: async () => paths.map((path) => [path]),
    })
  const object = stagedOf('{"a":1}')
  assert.match((await loadFault(pathed('', 'a'), object)) ?? '', /^Redshift\.ColumnMismatch: .*1 paths for 2 columns/)
  assert.equal(await loadFault(pathed('id', 'a'), object), undefined)
  assert.deepEqual(await rows(), [{ id: 1, name: null }])
})

test(
  'a connection that breaks in the middle of COPY leaves nothing, and the next try loads all of it once',
  skip,
  async (t) => {
    const rows = await table('reset', 'id int, text text')
    const proxy = new BreakingProxy(port)
    t.after(() => proxy.close())
    const resetting = loader('reset', 'JSON', '', { port: await proxy.open() })
    const text = Array.from({ length: 5000 }, (_, id) => JSON.stringify({ id, text: 'x'.repeat(200) })).join('\n')
    proxy.breaksBehindBytes = 300_000
    assert.match((await loadFault(resetting, stagedOf(text))) ?? '', /^Redshift\.ConnectionFailed: /)
    assert.deepEqual(await rows(), [])
    proxy.breaksBehindBytes = Number.POSITIVE_INFINITY
    assert.equal(await loadFault(resetting, stagedOf(text)), undefined)
    assert.equal((await rows()).length, 5000)
  },
)

test('a batch whose COMMIT nobody heard of is not loaded twice', skip, async (t) => {
  const rows = await table('doubtful', 'id int')
  const proxy = new BreakingProxy(port)
  t.after(() => proxy.close())
  const doubting = loader('doubtful', 'JSON', '', { port: await proxy.open() })
  proxy.mutesAt = (sent) => sent.includes('COMMIT')
  assert.match((await loadFault(doubting, stagedOf('{"id":1}', 'first'))) ?? '', /^Redshift\.ConnectionFailed: /)
  assert.deepEqual(await rows(), [{ id: 1 }])
  proxy.mutesAt = () => false
  assert.equal(await loadFault(doubting, stagedOf('{"id":1}', 'first')), undefined)
  assert.deepEqual(await rows(), [{ id: 1 }])
  assert.equal(await loadFault(doubting, stagedOf('{"id":2}', 'second')), undefined)
  assert.deepEqual(await rows(), [{ id: 1 }, { id: 2 }])
})

test('TLS is spoken where it is asked for or offered, and only verify-full asks for whom', skip, async () => {
  const rows = await table('secure', 'id int, tls bool default (SELECT false)'.replace(' default (SELECT false)', ''))
  await postgres.pool.query(`CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.tls := (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()); RETURN NEW; END $$`)
  await postgres.pool.query('CREATE TRIGGER sees BEFORE INSERT ON secure FOR EACH ROW EXECUTE FUNCTION seen()')
  for (const [id, sslMode] of [
    [1, 'disable'],
    [2, 'prefer'],
    [3, 'require'],
  ] as const)
    assert.equal(await loadFault(loader('secure', 'JSON', '', { sslMode }), stagedOf(`{"id":${id}}`)), undefined)
  const unknown = loader('secure', 'JSON', '', { sslMode: 'verify-full' })
  assert.match((await loadFault(unknown, stagedOf('{"id":4}'))) ?? '', /^Redshift\.ConnectionFailed: .*certificate/)
  assert.deepEqual(await rows(), [
    { id: 1, tls: false },
    { id: 2, tls: true },
    { id: 3, tls: true },
  ])
})
