import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { S3Client } from '@aws-sdk/client-s3'
import { deadLetters } from './dead-letters.ts'
import { batchOf, never, recordOf } from './fixture.ts'
import { FolderEmitter } from './folder-emitter.ts'
import { RedshiftEmitter } from './redshift-emitter.ts'
import { S3Emitter } from './s3-emitter.ts'
import { S3StandIn } from './s3-stand-in-fixture.ts'

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-connectors-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))

const name = (first: number, last: number) =>
  `shardId-000000000000/${recordOf(first).sequenceNumber}.0-${recordOf(last).sequenceNumber}.0`

test('a batch is one file, named by its place in the shard, and the same file when it comes again', async (t) => {
  const directory = folder(t)
  const emitter = new FolderEmitter<string>(directory, { prefix: 'orders/' })
  for (let times = 0; times < 2; times++) assert.deepEqual(await emitter.emit(batchOf(['a', 'b'])), [])
  assert.deepEqual(filesIn(directory), [`orders/${name(0, 1)}`])
  assert.equal(readFileSync(join(directory, 'orders', name(0, 1)), 'utf8'), 'a\nb\n')
})

test('values are written as text, bytes or JSON, with any delimiter, and compressed', async (t) => {
  const directory = folder(t)
  const values = ['text', Buffer.from('bytes'), { json: true }]
  const emitter = new FolderEmitter<string | Uint8Array | object>(directory, { compression: 'gzip', delimiter: '|' })
  await emitter.emit(batchOf<string | Uint8Array | object>(values))
  assert.equal(gunzipSync(readFileSync(join(directory, `${name(0, 2)}.gz`))).toString(), 'text|bytes|{"json":true}|')
})

test('a value that cannot be encoded is refused, and the others are written', async (t) => {
  const directory = folder(t)
  const circular: { self?: object } = {}
  circular.self = circular
  const refusals = await new FolderEmitter<object>(directory).emit(batchOf<object>([{ a: 1 }, circular, { n: 1n }]))
  assert.deepEqual(
    refusals.map(({ entry, mayRetry }) => [entry.record.partitionKey, mayRetry]),
    [
      ['key-1', false],
      ['key-2', false],
    ],
  )
  assert.equal(readFileSync(join(directory, name(0, 2)), 'utf8'), '{"a":1}\n')
})

test('a file that cannot be written whole is not there at all, and a key cannot lead out of the folder', async (t) => {
  const directory = folder(t)
  const emitter = (key: string) => new FolderEmitter<string>(directory, { key: () => key })
  await emitter('taken/inside').emit(batchOf(['a']))
  await assert.rejects(emitter('taken').emit(batchOf(['b'])))
  await assert.rejects(emitter('../outside').emit(batchOf(['b'])), /leads out of the folder/)
  assert.deepEqual(filesIn(directory), ['taken/inside'])
})

test('failed records are kept as letters that say what became of them', async (t) => {
  const directory = folder(t)
  const fail = deadLetters(new FolderEmitter(directory))
  await fail([{ record: recordOf(7, Buffer.of(0, 255)), error: new Error('no JSON'), stage: 'transform' }])
  const [file] = filesIn(directory)
  assert.deepEqual(JSON.parse(readFileSync(join(directory, file!), 'utf8')), {
    sequenceNumber: recordOf(7).sequenceNumber,
    subSequenceNumber: 0,
    partitionKey: 'key-7',
    arrivedAt: '2026-01-01T00:00:00.000Z',
    stage: 'transform',
    error: 'no JSON',
    data: 'AP8=',
  })
})

async function standIn(t: TestContext) {
  const server = await S3StandIn.open()
  const client = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  })
  t.after(async () => {
    client.destroy()
    await server.close()
  })
  return { server, client }
}

test('a batch is one object of a bucket, with its checksum', async (t) => {
  const { server, client } = await standIn(t)
  const emitter = new S3Emitter<string>(client, { bucket: 'bucket', prefix: 'é/', contentType: 'text/plain' })
  assert.deepEqual(await emitter.emit(batchOf(['a', 'b']), never), [])
  const object = server.objects.get(`bucket/é/${name(0, 1)}`)
  assert.equal(object?.body.toString(), 'a\nb\n')
  assert.equal(object?.contentType, 'text/plain')
})

test('an object that the bucket does not take is an outage, not a refusal of its records', async (t) => {
  const { server, client } = await standIn(t)
  server.failing = { status: 503, code: 'SlowDown' }
  const emitter = new S3Emitter<string>(client, { bucket: 'bucket' })
  await assert.rejects(emitter.emit(batchOf(['a']), never), { name: 'SlowDown' })
  server.failing = undefined
  await emitter.emit(batchOf(['a']), never)
  assert.equal(server.objects.size, 1)
})

test('Redshift is told to copy each object once it is there', async (t) => {
  const { server, client } = await standIn(t)
  const statements: string[] = []
  const sql = {
    async query(text: string) {
      assert.equal(server.objects.size, 1)
      statements.push(text)
    },
  }
  const emitter = new RedshiftEmitter<object>(
    { s3: client, sql },
    { bucket: 'b', table: 'shop.orders', columns: ['id', 'a"b'], iamRole: "arn:o'k", compression: 'gzip' },
  )
  await emitter.emit(batchOf([{ id: 1 }]), never)
  assert.deepEqual(statements, [
    `COPY "shop"."orders" ("id", "a""b") FROM 's3://b/${name(0, 0)}.gz' IAM_ROLE 'arn:o''k' FORMAT JSON 'auto' GZIP`,
  ])
})
