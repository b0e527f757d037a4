import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { CreateDeliveryStreamCommand, FirehoseClient, UpdateDestinationCommand } from '@aws-sdk/client-firehose'
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import { parseHiveColumns } from '@millrace/formats/columnar'
import { ManualClock } from '@millrace/ports'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import {
  buffers,
  decodeFile,
  decodeMessage,
  decodeRows,
  messages,
  number,
} from '../packages/formats/src/columnar/orc/decoded-file-fixture.ts'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Records of JSON that arrive as files of columns, by the schema of a table. */

const data = mkdtempSync(join(tmpdir(), 'millrace-conversion-'))
const schemas = join(data, 'schemas')
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let firehose: FirehoseClient
let glue: GlueClient

before(async () => {
  millrace = await startMillrace({ data, schemas, clock, limits: 'off' })
  const options = { ...connectionTo(millrace), maxAttempts: 1 }
  firehose = new FirehoseClient(options)
  glue = new GlueClient(options)
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'lake' } }))
})

after(async () => {
  firehose.destroy()
  glue.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

const table = (Name: string, columns: Readonly<Record<string, string>>) => ({
  Name,
  StorageDescriptor: { Columns: Object.entries(columns).map(([name, Type]) => ({ Name: name, Type })) },
})

const makeTable = (name: string, columns: Readonly<Record<string, string>>) =>
  glue.send(new CreateTableCommand({ DatabaseName: 'lake', TableInput: table(name, columns) }))

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'

const conversion = (TableName: string, more: object = {}) => ({
  SchemaConfiguration: { RoleARN, DatabaseName: 'lake', TableName },
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
  OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
  ...more,
})

async function create(name: string, format: object, settings: object = {}): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      ExtendedS3DestinationConfiguration: {
        RoleARN,
        BucketARN: 'arn:aws:s3:::lake',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
        Prefix: `${name}/`,
        ErrorOutputPrefix: `${name}-errors/!{firehose:error-output-type}/`,
        DataFormatConversionConfiguration: format as never,
        ...settings,
      },
    }),
  )
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const described = (name: string) => describeDeliveryStream(firehose, name)

const put = (name: string, records: readonly string[]) => putTexts(firehose, name, records)

/** Moves the clock on until there are so many objects below a prefix. */
async function arrived(prefix: string, wanted = 1): Promise<Map<string, Buffer>> {
  const bucket = join(data, 'buckets', 'lake')
  for (;;) {
    const files = existsSync(bucket)
      ? readdirSync(bucket, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : []
    const keys = files
      .map((file) => relative(bucket, join(file.parentPath, file.name)))
      .filter((key) => key.startsWith(prefix) && !key.endsWith('.new'))
      .sort()
    if (keys.length >= wanted) return new Map(keys.map((key) => [key, readFileSync(join(bucket, key))]))
    await clock.advance(1000)
  }
}

const bufferOf = (bytes: Buffer) =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer

async function rowsOf(objects: ReadonlyMap<string, Buffer>) {
  const rows = await Promise.all([...objects.values()].map((bytes) => parquetReadObjects({ file: bufferOf(bytes) })))
  return rows.flat()
}

const fault = (name: string, message: RegExp) => (error: Error) => {
  assert.equal(error.name, name)
  assert.match(error.message, message)
  return true
}

test('records of JSON arrive as one Parquet file by the schema of a table', async () => {
  await makeTable('orders', { id: 'bigint', note: 'string', tags: 'array<string>', paid: 'boolean', at: 'timestamp' })
  await create('orders', conversion('orders'))
  const record = '{"ID":1,"note":"ä","tags":["a"],"paid":true,"at":"2026-05-06 07:08:09.5","more":1}'
  await put('orders', [record, '{"id":2}\n{"id":3}'])
  const objects = await arrived('orders/')
  const [key] = objects.keys()
  assert.match(key!, /^orders\/2026\/05\/06\/07\/orders-1-2026-05-06-07-08-\d\d-[\da-f-]{36}\.parquet$/)
  const rows = await rowsOf(objects)
  assert.deepEqual(
    rows.map(({ id, note, tags, paid }) => [id, note ?? null, tags ?? null, paid ?? null]),
    [
      [1n, 'ä', ['a'], true],
      [2n, null, null, null],
      [3n, null, null, null],
    ],
  )
  assert.equal((rows[0]!.at as Date).getTime(), Date.UTC(2026, 4, 6, 7, 8, 9, 500))
  assert.equal(
    parquetMetadata(bufferOf([...objects.values()][0]!)).row_groups[0]!.columns[0]!.meta_data!.codec,
    'SNAPPY',
  )
})

test('what cannot be converted goes to the error output alone, with what AWS tells of it', async () => {
  await makeTable('strict', { id: 'int' })
  await create('strict', conversion('strict'))
  const poison = ['not json', '{"id":"oops"}', '', '[{"id":1}]', '7']
  await put('strict', ['{"id":1}', ...poison, '{"id":2}'])
  assert.deepEqual(
    (await rowsOf(await arrived('strict/'))).map(({ id }) => id),
    [1, 2],
  )
  const errors = await arrived('strict-errors/format-conversion-failed/')
  assert.match([...errors.keys()][0]!, /strict-1-2026-05-06-\d\d-\d\d-\d\d-[\da-f-]{36}$/)
  const lines = [...errors.values()][0]!
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ rawData }) => Buffer.from(rawData, 'base64').toString()),
    poison,
  )
  assert.deepEqual(
    lines.map(({ lastErrorCode }) => lastErrorCode.replace('DataFormatConversion.', '')),
    ['ParseError', 'MalformedData', 'MalformedData', 'MalformedData', 'MalformedData'],
  )
  const { rawData: _, arrivalTimestamp, attemptEndingTimestamp, sequenceNumber, ...line } = lines[1]
  assert.deepEqual(line, {
    attemptsMade: 1,
    lastErrorCode: 'DataFormatConversion.MalformedData',
    lastErrorMessage: 'Data does not match the schema. For input string: "oops"',
    subSequenceNumber: null,
    dataCatalogTable: {
      catalogId: '000000000000',
      databaseName: 'lake',
      tableName: 'strict',
      region: 'us-east-1',
      versionId: 'LATEST',
      roleArn: RoleARN,
    },
  })
  assert.match(sequenceNumber, /^\d{56}$/)
  assert.ok(attemptEndingTimestamp >= arrivalTimestamp)
})

test('a batch of nothing but poison makes no object', async () => {
  await makeTable('poison', { id: 'int' })
  await create('poison', conversion('poison'))
  await put('poison', ['x', 'y'])
  await arrived('poison-errors/')
  assert.ok(!existsSync(join(data, 'buckets', 'lake', 'poison')))
})

test('the file extension, the codec and the keys of JSON are as they were asked for', async () => {
  await makeTable('mapped', { ts: 'bigint', a_b: 'int' })
  const OpenXJsonSerDe = { ColumnToJsonKeyMappings: { ts: 'timestamp' }, ConvertDotsInJsonKeysToUnderscores: true }
  const format = conversion('mapped', {
    InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe } },
    OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'UNCOMPRESSED', PageSizeBytes: 65_536 } } },
  })
  await create('mapped', format, { FileExtension: '.pq' })
  await put('mapped', ['{"timestamp":1700000000000000001,"a.b":2}'])
  const objects = await arrived('mapped/')
  assert.match([...objects.keys()][0]!, /\.pq$/)
  assert.deepEqual(await rowsOf(objects), [{ ts: 1700000000000000001n, a_b: 2 }])
  const { row_groups } = parquetMetadata(bufferOf([...objects.values()][0]!))
  assert.equal(row_groups[0]!.columns[0]!.meta_data!.codec, 'UNCOMPRESSED')
})

test("Hive's deserializer takes numbers as numbers only, and times by patterns", async () => {
  await makeTable('hive', { id: 'int', at: 'timestamp' })
  const HiveJsonSerDe = { TimestampFormats: ["yyyy-MM-dd'T'HH:mm:ssZ"] }
  await create('hive', conversion('hive', { InputFormatConfiguration: { Deserializer: { HiveJsonSerDe } } }))
  await put('hive', ['{"id":1,"at":"2026-05-06T09:00:00+0200"}', '{"id":"2"}'])
  const [row, ...others] = await rowsOf(await arrived('hive/'))
  assert.equal((row!.at as Date).toISOString(), '2026-05-06T07:00:00.000Z')
  assert.equal(others.length, 0)
  await arrived('hive-errors/format-conversion-failed/')
})

test('records arrive as ORC by each option of OrcSerDe', async () => {
  await makeTable('orc', {
    id: 'bigint',
    name: 'string',
    at: 'timestamp',
    price: 'decimal(9,2)',
    tags: 'array<string>',
  })
  const OrcSerDe = {
    StripeSizeBytes: 8 * 2 ** 20,
    BlockSizeBytes: 64 * 2 ** 20,
    RowIndexStride: 1000,
    EnablePadding: true,
    PaddingTolerance: 0.1,
    Compression: 'ZLIB' as const,
    BloomFilterColumns: ['name'],
    BloomFilterFalsePositiveProbability: 0.01,
    DictionaryKeyThreshold: 1,
    FormatVersion: 'V0_11' as const,
  }
  await create('orc', conversion('orc', { OutputFormatConfiguration: { Serializer: { OrcSerDe } } }))
  const record = '{"id":9007199254740993,"name":"a","at":"9999-12-31 00:00:00","price":1.005,"tags":["x",null]}'
  await put('orc', [record, '{"id":2}', '{"id":"no number"}'])
  const [[key, bytes]] = [...(await arrived('orc/'))] as [[string, Buffer]]
  assert.match(key, /\.orc$/)
  const file = decodeFile(bytes)
  const columns = parseHiveColumns([
    ...[
      { name: 'id', type: 'bigint' },
      { name: 'name', type: 'string' },
      { name: 'at', type: 'timestamp' },
    ],
    ...[
      { name: 'price', type: 'decimal(9,2)' },
      { name: 'tags', type: 'array<string>' },
    ],
  ])
  assert.deepEqual(decodeRows(file, columns), [
    [9007199254740993n, 'a', Date.UTC(9999, 11, 31) * 1000, 101n, ['x', null]],
    [2n, null, null, null, null],
  ])
  const [postScript, footer, stripe] = [file.postScript, file.footer, file.stripes[0]!]
  assert.deepEqual([number(postScript, 2), [...buffers(postScript, 4)[0]!]], [1, [0, 11]])
  assert.equal(number(footer, 8), 1000)
  assert.ok(stripe.streams.has('2 8'), 'a bloom filter')
  assert.equal(number(messages(stripe.footer, 2)[2]!, 1), 1, 'a dictionary')
  await arrived('orc-errors/format-conversion-failed/')
})

test('ORC is of its newer version and compressed by Snappy unless something else is asked for', async () => {
  await makeTable('plain-orc', { id: 'int', name: 'string' })
  await create('plain-orc', conversion('plain-orc', { OutputFormatConfiguration: { Serializer: { OrcSerDe: {} } } }))
  await put('plain-orc', ['{"id":1,"name":"a"}'])
  const [[, bytes]] = [...(await arrived('plain-orc/'))] as [[string, Buffer]]
  const postScript = decodeMessage(bytes.subarray(bytes.length - 1 - bytes.at(-1)!, -1))
  assert.deepEqual([number(postScript, 2), [...buffers(postScript, 4)[0]!]], [2, [0, 12]])
})

test('a change of the table counts for the next object, unless its version was named', async () => {
  await makeTable('changing', { id: 'int' })
  await create('newest', conversion('changing'))
  const SchemaConfiguration = { RoleARN, DatabaseName: 'lake', TableName: 'changing', VersionId: '0' }
  await create('pinned', conversion('changing', { SchemaConfiguration }))
  const both = ['newest', 'pinned']
  for (const name of both) await put(name, ['{"id":1,"more":"x"}'])
  for (const name of both) assert.deepEqual(Object.keys((await rowsOf(await arrived(`${name}/`)))[0]!), ['id'])
  const TableInput = table('changing', { id: 'int', more: 'string' })
  await glue.send(new UpdateTableCommand({ DatabaseName: 'lake', TableInput }))
  for (const name of both) await put(name, ['{"id":2,"more":"y"}'])
  const second = async (name: string) => (await rowsOf(await arrived(`${name}/`, 2))).find(({ id }) => id === 2)
  assert.deepEqual(await second('newest'), { id: 2, more: 'y' })
  assert.deepEqual(await second('pinned'), { id: 2 })
})

test('while the table is gone nothing is lost, and it goes on when it is back', async () => {
  await makeTable('leaving', { id: 'int' })
  await create('leaving', conversion('leaving'))
  await glue.send(new DeleteTableCommand({ DatabaseName: 'lake', Name: 'leaving' }))
  await put('leaving', ['{"id":1}'])
  for (let i = 0; i < 200; i++) await clock.advance(1000)
  assert.ok(!existsSync(join(data, 'buckets', 'lake', 'leaving')))
  await makeTable('leaving', { id: 'int' })
  assert.deepEqual(await rowsOf(await arrived('leaving/')), [{ id: 1 }])
})

test('a schema file is a table, too, and what is wrong in it is told when records are converted', async () => {
  const file = join(schemas, 'files', 'clicks.json')
  mkdirSync(join(schemas, 'files'), { recursive: true })
  writeFileSync(file, JSON.stringify(table('clicks', { id: 'int' })))
  const SchemaConfiguration = { RoleARN, DatabaseName: 'files', TableName: 'clicks' }
  await create('files', conversion('clicks', { SchemaConfiguration }))
  writeFileSync(file, JSON.stringify(table('clicks', { id: 'wat' })))
  await put('files', ['{"id":1}'])
  for (let i = 0; i < 100; i++) await clock.advance(1000)
  assert.ok(!existsSync(join(data, 'buckets', 'lake', 'files')))
  writeFileSync(file, JSON.stringify(table('clicks', { id: 'string' })))
  assert.deepEqual(await rowsOf(await arrived('files/')), [{ id: '1' }])
})

test('what cannot be converted at all is refused when the delivery stream is made', async () => {
  await makeTable('there', { id: 'int' })
  const refused: [object, object, RegExp][] = [
    [conversion('missing'), {}, /missing.*EntityNotFoundException/],
    [conversion('half\ud800'), {}, /EntityNotFoundException/],
    [conversion('there', { SchemaConfiguration: { RoleARN } }), {}, /database and a table/],
    [conversion('there', { InputFormatConfiguration: { Deserializer: {} } }), {}, /Exactly one of OpenXJsonSerDe/],
    [conversion('there', { OutputFormatConfiguration: { Serializer: {} } }), {}, /Exactly one of ParquetSerDe/],
    [
      conversion('there', {
        InputFormatConfiguration: { Deserializer: { HiveJsonSerDe: { TimestampFormats: ['QQ'] } } },
      }),
      {},
      /Invalid deserializer option\(s\)/,
    ],
    [conversion('there'), { BufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 } }, /at least 64/],
    [conversion('there'), { CompressionFormat: 'GZIP' }, /UNCOMPRESSED/],
  ]
  for (const [format, settings, message] of refused)
    await assert.rejects(create('refused', format, settings), fault('InvalidArgumentException', message))
})

test('an update changes what it names of a conversion, and no more', async () => {
  await makeTable('updated', { id: 'int' })
  await create('updated', conversion('updated'))
  const update = (ExtendedS3DestinationUpdate: object, version: string) =>
    firehose.send(
      new UpdateDestinationCommand({
        DeliveryStreamName: 'updated',
        CurrentDeliveryStreamVersionId: version,
        DestinationId: 'destinationId-000000000001',
        ExtendedS3DestinationUpdate,
      }),
    )
  const told = async () =>
    (await described('updated')).Destinations![0]!.ExtendedS3DestinationDescription!.DataFormatConversionConfiguration!
  const before = await told()
  await update({ DataFormatConversionConfiguration: { Enabled: false } }, '1')
  assert.deepEqual(await told(), { ...before, Enabled: false })
  await put('updated', ['plain'])
  assert.equal([...(await arrived('updated/')).values()][0]!.toString(), 'plain')
  await update({ DataFormatConversionConfiguration: { Enabled: true, SchemaConfiguration: { VersionId: '0' } } }, '2')
  assert.equal((await told()).SchemaConfiguration!.TableName, 'updated')
  const wrong = update({ DataFormatConversionConfiguration: { SchemaConfiguration: { TableName: 'none' } } }, '3')
  await assert.rejects(wrong, fault('InvalidArgumentException', /none.*EntityNotFoundException/))
})
