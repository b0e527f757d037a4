import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Firehose } from '@aws-sdk/client-firehose'
import { Kinesis } from '@aws-sdk/client-kinesis'
import { keysCommand } from '../packages/server/src/commands/keys.ts'
import { type MillraceOptions, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* What is encrypted is unreadable on the disk, and is read by who has the key: tried on the files themselves. */

const key = { EncryptionType: 'KMS', KeyId: 'alias/orders' } as const
const dataKeyAgeMs = 40

function fixture(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-at-rest-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const data = join(folder, 'data')
  const keyring = join(folder, 'other-disk/keyring.json')
  const keys = async (...args: string[]) => {
    const lines: string[] = []
    const out = { write: (text: string) => lines.push(text) }
    assert.equal(await keysCommand([...args, '--keyring', keyring], out, out), 0, lines.join())
    return lines.join('').trim()
  }
  /** Starts a server, does something on it, and stops it. */
  const run = async <T>(work: (clients: Clients) => Promise<T>, options: MillraceOptions = {}): Promise<T> => {
    const server = await startMillrace({ data, keyring, limits: 'off', transitionMs: 5, dataKeyAgeMs, ...options })
    const config = { ...connectionTo(server), maxAttempts: 1 }
    const clients = { kinesis: new Kinesis(config), firehose: new Firehose(config) }
    try {
      return await work(clients)
    } finally {
      clients.kinesis.destroy()
      clients.firehose.destroy()
      await server.stop()
    }
  }
  const files = () =>
    readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  return { data, keyring, keys, run, files }
}

type Clients = { readonly kinesis: Kinesis; readonly firehose: Firehose }

async function activeStream({ kinesis }: Clients, StreamName: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.describeStreamSummary({ StreamName })
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
    await pause(3)
  }
}

async function encryptedStream(clients: Clients, StreamName: string): Promise<void> {
  await clients.kinesis.createStream({ StreamName, ShardCount: 2 })
  await activeStream(clients, StreamName)
  await clients.kinesis.startStreamEncryption({ StreamName, ...key })
  await activeStream(clients, StreamName)
}

async function readAll({ kinesis }: Clients, StreamName: string): Promise<string[]> {
  const { Shards = [] } = await kinesis.listShards({ StreamName })
  const all: string[] = []
  for (const { ShardId } of Shards) {
    let { ShardIterator } = await kinesis.getShardIterator({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' })
    for (;;) {
      const { Records = [], NextShardIterator } = await kinesis.getRecords({ ShardIterator })
      if (Records.length === 0) break
      all.push(...Records.map(({ Data }) => Buffer.from(Data!).toString()))
      ShardIterator = NextShardIterator
    }
  }
  return all.sort((a, b) => (a < b ? -1 : 1))
}

const canary = (i: number, salt: string) => `canary-${salt}-${String(i).padStart(6, '0')}`

test('of 10,000 canaries none is on the disk, nor a secret of a destination; all are read after a restart', async (t) => {
  const { files, keys, run } = fixture(t)
  const salt = randomBytes(8).toString('hex')
  const secret = `secret-${salt}`
  await keys('create', '--alias', key.KeyId)
  const all = Array.from({ length: 10_000 }, (_, i) => canary(i, salt))
  const S3Configuration = {
    RoleARN: 'arn:aws:iam::000000000000:role/delivery',
    BucketARN: 'arn:aws:s3:::bucket',
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 900 },
  }
  const BufferingHints = S3Configuration.BufferingHints
  await run(async (clients) => {
    const { firehose, kinesis } = clients
    await encryptedStream(clients, 's')
    await kinesis.createStream({ StreamName: 'plain', ShardCount: 1 })
    await firehose.createDeliveryStream({
      DeliveryStreamName: 'd',
      HttpEndpointDestinationConfiguration: {
        EndpointConfiguration: { Url: 'https://example.com/', AccessKey: secret },
        ...{ BufferingHints, S3Configuration, RoleARN: S3Configuration.RoleARN },
      },
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    })
    for (;;) {
      const { DeliveryStreamDescription } = await firehose.describeDeliveryStream({ DeliveryStreamName: 'd' })
      if (DeliveryStreamDescription?.DeliveryStreamEncryptionConfiguration?.Status === 'ENABLED') break
      await pause(3)
    }
    for (let i = 0; i < all.length; i += 500) {
      const Records = all.slice(i, i + 500).map((text) => ({ Data: Buffer.from(text), PartitionKey: text }))
      await kinesis.putRecords({ StreamName: 's', Records })
    }
    const Records = all.slice(0, 500).map((text) => ({ Data: Buffer.from(text) }))
    const { Encrypted } = await firehose.putRecordBatch({ DeliveryStreamName: 'd', Records })
    assert.equal(Encrypted, true)
    await activeStream(clients, 'plain')
    await kinesis.putRecord({ StreamName: 'plain', Data: Buffer.from(`control-${salt}`), PartitionKey: 'p' })
  })
  const found = files()
  const holds = (text: string | Buffer) => found.some((bytes) => bytes.includes(text))
  assert.ok(holds(`control-${salt}`), 'what is not encrypted is found')
  assert.ok(!holds(`canary-${salt}`), 'all canaries begin so')
  assert.ok(!holds(secret) && !holds(Buffer.from(secret).toString('base64')))
  t.diagnostic(
    `${all.length} canaries in ${found.length} files of ${found.reduce((sum, { length }) => sum + length, 0)} bytes: 0 found`,
  )
  await keys('rotate', key.KeyId)
  await run(async (clients) => assert.deepEqual(await readAll(clients, 's'), all))
})

test('a key that an operator disables ends puts and reads on a running server, until it is enabled', async (t) => {
  const { keys, run } = fixture(t)
  await keys('create', '--alias', key.KeyId)
  await run(async (clients) => {
    const { kinesis } = clients
    await encryptedStream(clients, 's')
    const put = () => kinesis.putRecord({ StreamName: 's', Data: Buffer.from('d'), PartitionKey: 'p' })
    await put()
    const id = (await keys('disable', key.KeyId)).split(' ')[0]
    await pause(2 * dataKeyAgeMs)
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${id}`
    await assert.rejects(put(), { name: 'KMSDisabledException', message: `${arn} is disabled.` })
    await assert.rejects(readAll(clients, 's'), { name: 'KMSDisabledException' })
    await keys('enable', key.KeyId)
    await put()
    assert.deepEqual(await readAll(clients, 's'), ['d', 'd'])
    await keys('schedule-deletion', key.KeyId)
    await pause(2 * dataKeyAgeMs)
    await assert.rejects(put(), { name: 'KMSInvalidStateException', message: `${arn} is pending deletion.` })
  })
})

test('without its keyring a server does not start, and says what is missing; with it all is there', async (t) => {
  const { data, keys, keyring, run } = fixture(t)
  await keys('create', '--alias', key.KeyId)
  await run(async (clients) => {
    await encryptedStream(clients, 's')
    await clients.kinesis.putRecord({ StreamName: 's', Data: Buffer.from('kept'), PartitionKey: 'p' })
  })
  const elsewhere = join(data, 'keys/keyring.json')
  await assert.rejects(
    run(async () => {}, { keyring: elsewhere }),
    (error: Error) => error.message.startsWith(`the keyring ${elsewhere} is missing, and 2 of its keys protect`),
  )
  await run(async (clients) => assert.deepEqual(await readAll(clients, 's'), ['kept']))
  rmSync(keyring)
  await keys('create', '--alias', 'alias/another')
  await run(async (clients) => {
    await assert.rejects(readAll(clients, 's'), { name: 'KMSNotFoundException' })
    await clients.kinesis.createStream({ StreamName: 'other', ShardCount: 1 })
    await activeStream(clients, 'other')
  })
})
