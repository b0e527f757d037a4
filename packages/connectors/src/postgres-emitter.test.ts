import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { batchOf } from './fixture.ts'
import { PostgresEmitter, type Row } from './postgres-emitter.ts'
import { noPostgres, openPostgres } from './postgres-fixture.ts'

let postgres: Awaited<ReturnType<typeof openPostgres>>
const skip = noPostgres === undefined ? {} : { skip: noPostgres }
before(async () => {
  if (noPostgres === undefined) postgres = await openPostgres()
})
after(() => postgres?.[Symbol.asyncDispose]())

async function table(name: string, columns: string): Promise<(order: string) => Promise<Record<string, unknown>[]>> {
  await postgres.pool.query(`CREATE TABLE ${name} (${columns})`)
  return async (order) => (await postgres.pool.query(`SELECT * FROM ${name} ORDER BY ${order}`)).rows
}

test('values become rows of every type, also of odd names, and what is missing is null', skip, async () => {
  await postgres.pool.query('CREATE SCHEMA shop')
  const rows = await table('shop."Odd ""Name"""', 'id int, at timestamptz, data bytea, tags jsonb, "order" text')
  const emitter = new PostgresEmitter(postgres.pool, {
    table: 'shop.Odd "Name"',
    columns: ['id', 'at', 'data', 'tags', 'order'],
  })
  const at = new Date(Date.UTC(2026, 0, 1))
  const values: Row[] = [
    { id: 1, at, data: Buffer.of(0, 255), tags: ['a', { b: 1 }], order: "x'; DROP TABLE y" },
    { id: 2 },
  ]
  assert.deepEqual(await emitter.emit(batchOf(values)), [])
  assert.deepEqual(await rows('id'), [values[0], { id: 2, at: null, data: null, tags: null, order: null }])
})

test('rows that Postgres refuses are told one by one, and all others are inserted', skip, async () => {
  const rows = await table('strict', 'id int primary key, name varchar(5) not null')
  const emitter = new PostgresEmitter(postgres.pool, { table: 'strict', columns: ['id', 'name'] })
  const values: Row[] = Array.from({ length: 50 }, (_, id) => ({ id, name: 'ok' }))
  values[7] = { id: 7, name: 'much too long' }
  values[20] = { id: 'no number', name: 'ok' }
  values[21] = { id: 21 }
  values[49] = { id: 3, name: 'again' }
  values[30] = { id: 30, name: 'nul\0' }
  const refusals = await emitter.emit(batchOf(values))
  assert.deepEqual(
    refusals.map(({ entry, mayRetry }) => [entry.record.partitionKey, mayRetry]),
    [7, 20, 21, 30, 49].map((n) => [`key-${n}`, false]),
  )
  assert.match(refusals[0]!.error.message, /too long/)
  assert.equal((await rows('id')).length, 45)
})

test('rows that come again are left as they are, or written over, as one likes', skip, async () => {
  const rows = await table('seen', 'id int primary key, n int')
  const emitter = (action: 'nothing' | 'update') =>
    new PostgresEmitter(postgres.pool, { table: 'seen', columns: ['id', 'n'], onConflict: { columns: ['id'], action } })
  const emit = (action: 'nothing' | 'update', values: Row[]) => emitter(action).emit(batchOf(values))
  assert.deepEqual(await emit('nothing', [{ id: 1, n: 1 }]), [])
  assert.deepEqual(await emit('nothing', [{ id: 1, n: 2 }]), [])
  assert.deepEqual(await rows('id'), [{ id: 1, n: 1 }])
  // One statement may not change a row twice: the last one stands.
  assert.deepEqual(
    await emit('update', [
      { id: 1, n: 3 },
      { id: 2, n: 0 },
      { id: 1, n: 4 },
    ]),
    [],
  )
  assert.deepEqual(await rows('id'), [
    { id: 1, n: 4 },
    { id: 2, n: 0 },
  ])
})

test('more rows than one statement can have go by several', skip, async () => {
  const columns = Array.from({ length: 100 }, (_, i) => `c${i}`)
  const rows = await table('wide', columns.map((column) => `${column} int`).join(', '))
  const emitter = new PostgresEmitter(postgres.pool, { table: 'wide', columns, rowsMax: 10_000 })
  const values = Array.from({ length: 1500 }, (_, c0) => ({ c0, c99: 1 }))
  assert.deepEqual(await emitter.emit(batchOf<Row>(values)), [])
  assert.equal((await rows('c0')).length, 1500)
})

test(
  'what concerns all rows alike is an outage: a table that is not there, a connection that is gone',
  skip,
  async () => {
    const missing = new PostgresEmitter(postgres.pool, { table: 'nowhere', columns: ['id'] })
    await assert.rejects(missing.emit(batchOf<Row>([{ id: 1 }])), /relation "nowhere" does not exist/)
    const gone = new PostgresEmitter(
      { query: async () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })) },
      { table: 'seen', columns: ['id'] },
    )
    await assert.rejects(gone.emit(batchOf<Row>([{ id: 1 }])), /ECONNREFUSED/)
  },
)

test('options that make no sense are refused', () => {
  const client = { query: async () => {} }
  assert.throws(() => new PostgresEmitter(client, { table: 't', columns: [] }), /at least one column/)
  const onConflict = { columns: ['b'], action: 'nothing' } as const
  assert.throws(() => new PostgresEmitter(client, { table: 't', columns: ['a'], onConflict }), /onConflict names b/)
})
