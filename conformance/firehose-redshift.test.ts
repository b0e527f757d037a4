import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateDeliveryStreamCommand,
  FirehoseClient,
  type RedshiftDestinationConfiguration,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { noPostgres, openPostgres } from '../packages/connectors/src/postgres-fixture.ts'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { freePort } from '../packages/server/src/services/firehose/destinations/redshift/load-fixture.ts'
import { RedshiftStandIn } from '../packages/server/src/services/firehose/destinations/redshift/redshift-stand-in-fixture.ts'
import { objectsIn } from './harness/buckets.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Firehose by the AWS SDK, to a real PostgreSQL, and to a Redshift that a strict stand-in plays. */

const data = mkdtempSync(join(tmpdir(), 'millrace-redshift-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
const skip = noPostgres === undefined ? {} : { skip: noPostgres }
let millrace: Millrace
let firehose: FirehoseClient
let postgres: Awaited<ReturnType<typeof openPostgres>> | undefined
let port = 0

before(async () => {
  port = await freePort()
  if (noPostgres === undefined) postgres = await openPostgres({ port })
  millrace = await startMillrace({ data, clock, limits: 'off', endpoints: 'any', privateAddresses: ['127.0.0.0/8'] })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  await postgres?.[Symbol.asyncDispose]()
  rmSync(data, { recursive: true, force: true })
})

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'
const hints = { SizeInMBs: 1, IntervalInSeconds: 60 }
const bucket = (name: string) => ({ RoleARN, BucketARN: `arn:aws:s3:::${name}`, BufferingHints: hints })

async function created(
  name: string,
  copy: Partial<RedshiftDestinationConfiguration['CopyCommand']> = {},
  more: Partial<RedshiftDestinationConfiguration> = {},
) {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      RedshiftDestinationConfiguration: {
        ...{ RoleARN, ClusterJDBCURL: `jdbc:postgresql://127.0.0.1:${port}/postgres`, S3Configuration: bucket(name) },
        ...{ Username: 'test', Password: 'correct horse' },
        CopyCommand: { DataTableName: name, CopyOptions: "JSON 'auto'", ...copy },
        ...more,
      },
    }),
  )
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const described = (name: string) => describeDeliveryStream(firehose, name)

const put = (name: string, ...texts: string[]) => putTexts(firehose, name, texts)

/** Lets records come to the buffer, closes it, and lets real sockets and disks go on until something is so. */
async function until(isSo: () => boolean | Promise<boolean>, stepMs = 61_000): Promise<void> {
  await pause(20)
  for (let steps = 0; !(await isSo()); steps++) {
    await clock.advance(stepMs)
    for (let i = 0; i < 20 && !(await isSo()); i++) await pause(10)
    assert.ok(steps < 500, 'it never came to be')
  }
}

async function table(name: string, columns: string) {
  await postgres!.pool.query(`CREATE TABLE ${name} (${columns})`)
  return async () => (await postgres!.pool.query(`SELECT * FROM ${name} ORDER BY 1`)).rows
}

const keys = (name: string, folder: RegExp) => [...objectsIn(data, name).keys()].filter((key) => folder.test(key))

test('records are staged in the bucket, named by a manifest, and rows of the table', skip, async () => {
  const rows = await table('flights', 'id int, name text')
  await created('flights')
  await put('flights', '{"id":1,"name":"a"}', '{"id":2,"name":"b"}\n')
  await until(async () => (await rows()).length === 2)
  assert.deepEqual(await rows(), [
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
  ])
  const objects = objectsIn(data, 'flights')
  const [object] = keys('flights', /^2026/)
  assert.match(object!, /^2026\/05\/06\/07\/flights-1-2026-05-06-07-\d\d-\d\d-[0-9a-f-]{36}$/)
  assert.equal(objects.get(object!), '{"id":1,"name":"a"}{"id":2,"name":"b"}\n')
  assert.deepEqual(JSON.parse(objects.get(`manifests/${object}`)!), {
    entries: [{ url: `s3://flights/${object}`, mandatory: true }],
  })
  assert.equal(objects.size, 2)
})

test('GZIP, CSV, a list of columns and a backup of the source go together', skip, async () => {
  const rows = await table('orders', 'id int, name text, at timestamp')
  await created(
    'orders',
    { DataTableColumns: 'name, id', CopyOptions: "GZIP CSV NULL AS '-'" },
    {
      S3Configuration: { ...bucket('orders'), CompressionFormat: 'GZIP' },
      ...{ S3BackupMode: 'Enabled', S3BackupConfiguration: bucket('orders-source') },
    },
  )
  await put('orders', '"x, y",1\n', '-,2\n')
  await until(async () => (await rows()).length === 2 && objectsIn(data, 'orders-source').size === 1)
  assert.deepEqual(await rows(), [
    { id: 1, name: 'x, y', at: null },
    { id: 2, name: null, at: null },
  ])
  assert.match(keys('orders', /^2026/)[0]!, /\.gz$/)
})

test('a file of paths in a bucket says what goes where', skip, async () => {
  const rows = await table('paths', 'id int, name text')
  mkdirSync(join(data, 'buckets/conf'), { recursive: true })
  writeFileSync(join(data, 'buckets/conf/paths.json'), '{"jsonpaths": ["$.o.id", "$[\'the name\']"]}')
  await created('paths', { CopyOptions: "JSON 's3://conf/paths.json'" })
  await put('paths', '{"o":{"id":1},"the name":"a"}')
  await until(async () => (await rows()).length === 1)
  assert.deepEqual(await rows(), [{ id: 1, name: 'a' }])
})

test('rows that do not fit are told, and the others loaded, where MAXERROR allows it', skip, async () => {
  const rows = await table('poison', 'id int')
  await created('poison', { CopyOptions: "JSON 'auto' MAXERROR 2" })
  await put('poison', '{"id":1}\n', '{"id":"x"}\n', '{"id":3}\n')
  await until(async () => (await rows()).length === 2)
  const [key] = keys('poison', /^errors\/load-errors\/2026/)
  const { line_number, raw_line, err_code } = JSON.parse(objectsIn(data, 'poison').get(key!)!)
  assert.deepEqual([line_number, raw_line, err_code], [2, '{"id":"x"}', '22P02'])
})

test('a table that is made within the retry duration gets all its rows, once', skip, async () => {
  await created('later', {}, { RetryOptions: { DurationInSeconds: 7200 } })
  await put('later', '{"id":1}')
  await until(() => keys('later', /^manifests/).length === 1)
  for (let i = 0; i < 12; i++) {
    await pause(30)
    await clock.advance(300_000) // an hour of tries
  }
  await put('later', '{"id":2}')
  const rows = await table('later', 'id int')
  await until(async () => (await rows()).length === 2, 300_000)
  assert.deepEqual(await rows(), [{ id: 1 }, { id: 2 }])
  assert.deepEqual(keys('later', /^errors/), [])
})

test('a database that is down for an hour costs no row and doubles none', skip, async () => {
  const rows = await table('patient', 'id int')
  await created('patient', {}, { RetryOptions: { DurationInSeconds: 7200 } })
  await postgres!.kill()
  await put('patient', '{"id":1}', '{"id":2}')
  await until(() => keys('patient', /^manifests/).length === 1)
  for (let i = 0; i < 12; i++) {
    await pause(20)
    await clock.advance(300_000)
  }
  await put('patient', '{"id":3}')
  await postgres!.restart()
  await until(async () => (await rows()).length === 3, 300_000)
  assert.deepEqual(await rows(), [{ id: 1 }, { id: 2 }, { id: 3 }])
  assert.deepEqual(keys('patient', /^errors/), [])
})

test('what is not copied in time is in a manifest among the errors, and holds up nobody', skip, async () => {
  const rows = await table('strict', 'id int')
  await created('strict', {}, { RetryOptions: { DurationInSeconds: 600 } })
  await put('strict', '{"id":1}', '{"id":"x"}')
  await until(() => keys('strict', /^errors\/manifests\/2026/).length === 1, 100_000)
  const [manifest] = keys('strict', /^errors\/manifests\//)
  const { entries } = JSON.parse(objectsIn(data, 'strict').get(manifest!)!)
  const object = entries[0].url.slice('s3://strict/'.length)
  assert.equal(manifest, `errors/manifests/${object}`)
  assert.equal(objectsIn(data, 'strict').get(object), '{"id":1}{"id":"x"}')
  await put('strict', '{"id":2}')
  await until(async () => (await rows()).length === 1)
  assert.deepEqual(await rows(), [{ id: 2 }])
})

test('Redshift copies by itself what the manifest names', async (t) => {
  const redshift = await RedshiftStandIn.open((path) => {
    const [name = '', ...key] = path.split('/')
    const text = objectsIn(data, name).get(key.join('/'))
    return text === undefined ? undefined : Buffer.from(text)
  })
  t.after(() => redshift[Symbol.asyncDispose]())
  const ClusterJDBCURL = `jdbc:redshift://127.0.0.1:${redshift.port}/dev`
  await created('warehouse', { DataTableName: 'public.Orders', DataTableColumns: 'id' }, { ClusterJDBCURL })
  await put('warehouse', '{"id":1}\n', '{"id":2}\n')
  await until(() => redshift.rows.get('"public"."orders"')?.length === 2)
  const [statement] = redshift.statements
  const [object] = keys('warehouse', /^2026/)
  assert.equal(
    statement,
    `COPY "public"."orders" ("id") FROM 's3://warehouse/manifests/${object}' CREDENTIALS 'aws_iam_role=${RoleARN}' MANIFEST JSON 'auto'`,
  )
})

test('a password is told to nobody', async () => {
  await created('secret')
  const stream = await described('secret')
  assert.doesNotMatch(JSON.stringify(stream), /horse/)
  assert.equal(stream.Destinations![0]!.RedshiftDestinationDescription!.CopyCommand!.DataTableName, 'secret')
})

test('what is no COPY, and what cannot be kept, is refused when a delivery stream is made', async () => {
  const cases: [Parameters<typeof created>[1], Parameters<typeof created>[2], RegExp][] = [
    [{ DataTableName: 'orders; DROP TABLE orders' }, {}, /must be a table or schema\.table/],
    [{ DataTableColumns: 'id) FROM PROGRAM' }, {}, /names with commas between/],
    [{ CopyOptions: 'CSV; DELETE FROM orders' }, {}, /cannot be read from here on: ;/],
    [{ CopyOptions: 'FORMAT AS PARQUET' }, {}, /PARQUET cannot be kept with PostgreSQL/],
    [{ CopyOptions: 'GZIP CSV' }, {}, /has GZIP, and the objects are UNCOMPRESSED/],
    [{}, { Username: undefined }, /Username must be given/],
    [{}, { ClusterJDBCURL: 'jdbc:postgresql://127.0.0.1:5432/w?sslmode=maybe' }, /sslmode is one of/],
    [{}, { S3BackupMode: 'Enabled' }, /S3 backup destination configuration is required/],
    [{}, { SecretsManagerConfiguration: { Enabled: true } }, /credentials from Secrets Manager/],
  ]
  for (const [copy, more, message] of cases)
    await assert.rejects(created('wrong', copy, more), (error: Error) => {
      assert.match(error.message, message)
      return error.name === 'InvalidArgumentException'
    })
})
