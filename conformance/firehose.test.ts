import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  ListTagsForDeliveryStreamCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  TagDeliveryStreamCommand,
  UntagDeliveryStreamCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* Firehose by the AWS SDK: delivery streams, puts, and what arrives in a bucket that is a folder. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let firehose: FirehoseClient

before(async () => {
  millrace = await startMillrace({ data, clock, limits: 'off' })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

const s3 = {
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  BucketARN: 'arn:aws:s3:::lake',
  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
}

async function create(name: string, settings: object = {}, tags: readonly string[] = []): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      ...(tags.length > 0 && { Tags: tags.map((Key) => ({ Key, Value: Key })) }),
      ExtendedS3DestinationConfiguration: { ...s3, ...settings },
    }),
  )
  await becomes(name, 'ACTIVE')
}

/** Moves the clock on until a delivery stream is in a state: what it waits for is on a real disk. */
async function becomes(name: string, status: string): Promise<void> {
  while ((await described(name)).DeliveryStreamStatus !== status) await clock.advance(100)
}

/** Moves the clock on, or lets only the disk go on, until there is an object. */
async function arrived(prefix: string, stepMs = 1000): Promise<Map<string, string>> {
  for (;;) {
    const found = objects(prefix)
    if (found.size > 0) return found
    await clock.advance(stepMs)
  }
}

async function described(name: string) {
  const answer = await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }))
  return answer.DeliveryStreamDescription!
}

/** Key → text of the objects whose key begins so. */
function objects(prefix: string): Map<string, string> {
  const bucket = join(data, 'buckets', 'lake')
  mkdirSync(bucket, { recursive: true })
  const files = readdirSync(bucket, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const keys = files
    .map((file) => relative(bucket, join(file.parentPath, file.name)))
    .filter((key) => key.startsWith(prefix))
  return new Map(
    keys.map((key) => {
      const bytes = readFileSync(join(bucket, key))
      return [key, (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()]
    }),
  )
}

const rejectsWith = (name: string, message: RegExp) => (error: Error) => {
  assert.equal(error.name, name)
  assert.match(error.message, message)
  return true
}

test('a delivery stream is CREATING, then ACTIVE, and described with its defaults', async () => {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'plain',
      S3DestinationConfiguration: { RoleARN: s3.RoleARN, BucketARN: s3.BucketARN },
    }),
  )
  assert.equal((await described('plain')).DeliveryStreamStatus, 'CREATING')
  await becomes('plain', 'ACTIVE')
  const stream = await described('plain')
  assert.equal(stream.DeliveryStreamStatus, 'ACTIVE')
  assert.equal(stream.DeliveryStreamARN, 'arn:aws:firehose:us-east-1:000000000000:deliverystream/plain')
  assert.equal(stream.VersionId, '1')
  const [destination] = stream.Destinations!
  assert.deepEqual(destination!.S3DestinationDescription!.BufferingHints, { SizeInMBs: 5, IntervalInSeconds: 300 })
  assert.equal(destination!.ExtendedS3DestinationDescription!.CompressionFormat, 'UNCOMPRESSED')
})

test('what is put arrives in the bucket after the interval, whole and in order', async () => {
  await create('flights', { Prefix: 'flights/', CompressionFormat: 'GZIP' })
  const put = await firehose.send(
    new PutRecordCommand({ DeliveryStreamName: 'flights', Record: { Data: Buffer.from('first\n') } }),
  )
  assert.match(put.RecordId!, /^49\d{54}$/)
  const batch = await firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: 'flights',
      Records: Array.from({ length: 500 }, (_, i) => ({ Data: Buffer.from(`${i}\n`) })),
    }),
  )
  assert.equal(batch.FailedPutCount, 0)
  assert.equal(new Set(batch.RequestResponses!.map(({ RecordId }) => RecordId)).size, 500)
  await clock.advance(59_000)
  assert.equal(objects('flights/').size, 0)
  const [[key, text]] = [...(await arrived('flights/'))] as [[string, string]]
  assert.match(key, /^flights\/2026\/05\/06\/07\/flights-1-2026-05-06-07-\d\d-\d\d-[0-9a-f-]{36}\.gz$/)
  assert.equal(text, `first\n${Array.from({ length: 500 }, (_, i) => `${i}\n`).join('')}`)
})

test('a buffer that is full does not wait', async () => {
  await create('full', { Prefix: 'full/' })
  const Data = Buffer.alloc(600_000, 'x')
  for (let i = 0; i < 2; i++)
    await firehose.send(new PutRecordCommand({ DeliveryStreamName: 'full', Record: { Data } }))
  const found = await arrived('full/', 0)
  assert.deepEqual(
    [...found.values()].map(({ length }) => length),
    [600_000],
  )
})

test('what was accepted before the server stopped is delivered after it has started again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-firehose-'))
  const buckets = join(data, 'buckets')
  const start = async () => {
    const server = await startMillrace({ data: folder, buckets, clock, limits: 'off' })
    return { server, client: new FirehoseClient({ ...connectionTo(server) }) }
  }
  const first = await start()
  await first.client.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'kept',
      ExtendedS3DestinationConfiguration: { ...s3, Prefix: 'kept/' },
    }),
  )
  const put = new PutRecordCommand({ DeliveryStreamName: 'kept', Record: { Data: Buffer.from('kept') } })
  while (!(await first.client.send(put).catch(() => undefined))) await clock.advance(100)
  first.client.destroy()
  await first.server.stop()
  const second = await start()
  assert.deepEqual([...(await arrived('kept/')).values()], ['kept'])
  second.client.destroy()
  await second.server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an update of the destination takes the version that is current, and raises it', async () => {
  await create('changed', { Prefix: 'before/' })
  const { Destinations } = await described('changed')
  const update = (CurrentDeliveryStreamVersionId: string) =>
    firehose.send(
      new UpdateDestinationCommand({
        DeliveryStreamName: 'changed',
        CurrentDeliveryStreamVersionId,
        DestinationId: Destinations![0]!.DestinationId!,
        ExtendedS3DestinationUpdate: { Prefix: 'after/' },
      }),
    )
  await assert.rejects(update('7'), rejectsWith('ConcurrentModificationException', /do not match/))
  await update('1')
  const stream = await described('changed')
  assert.equal(stream.VersionId, '2')
  assert.equal(stream.Destinations![0]!.ExtendedS3DestinationDescription!.Prefix, 'after/')
  assert.equal(stream.Destinations![0]!.ExtendedS3DestinationDescription!.BucketARN, s3.BucketARN)
  await firehose.send(new PutRecordCommand({ DeliveryStreamName: 'changed', Record: { Data: Buffer.from('x') } }))
  assert.match([...(await arrived('after/')).keys()][0]!, /changed-2-/)
})

test('tags are kept in order, replaced, and taken away', async () => {
  await create('tagged')
  const tag = (Key: string, Value: string) => ({ Key, Value })
  const name = { DeliveryStreamName: 'tagged' }
  await firehose.send(new TagDeliveryStreamCommand({ ...name, Tags: [tag('b', '1'), tag('a', '2')] }))
  await firehose.send(new TagDeliveryStreamCommand({ ...name, Tags: [tag('b', '3')] }))
  const listed = async () => (await firehose.send(new ListTagsForDeliveryStreamCommand(name))).Tags
  assert.deepEqual(await listed(), [tag('a', '2'), tag('b', '3')])
  await firehose.send(new UntagDeliveryStreamCommand({ ...name, TagKeys: ['a'] }))
  assert.deepEqual(await listed(), [tag('b', '3')])
})

test('tags that a delivery stream is made with are listed page by page, in order of key', async () => {
  await create('born-tagged', {}, ['c', 'a', 'b'])
  const keys: string[] = []
  for (let hasMore = true; hasMore; ) {
    const page = await firehose.send(
      new ListTagsForDeliveryStreamCommand({
        DeliveryStreamName: 'born-tagged',
        Limit: 1,
        ExclusiveStartTagKey: keys.at(-1),
      }),
    )
    keys.push(...page.Tags!.map(({ Key }) => Key!))
    hasMore = page.HasMoreTags!
  }
  assert.deepEqual(keys, ['a', 'b', 'c'])
})

test('delivery streams are listed by name, page by page, and gone when they are deleted', async () => {
  for (const name of ['list-1', 'list-2', 'list-3']) await create(name)
  const page = await firehose.send(
    new ListDeliveryStreamsCommand({ Limit: 2, ExclusiveStartDeliveryStreamName: 'list-' }),
  )
  assert.deepEqual(page.DeliveryStreamNames, ['list-1', 'list-2'])
  assert.equal(page.HasMoreDeliveryStreams, true)
  await firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'list-2' }))
  assert.equal((await described('list-2')).DeliveryStreamStatus, 'DELETING')
  await assert.rejects(
    becomes('list-2', 'gone'),
    rejectsWith('ResourceNotFoundException', /^Firehose list-2 under account 000000000000 not found\.$/),
  )
})

test('what cannot be is refused, in the words that AWS has for it', async () => {
  await create('taken')
  await assert.rejects(create('taken'), rejectsWith('ResourceInUseException', /already exists$/))
  await assert.rejects(
    firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName: 'none' })),
    rejectsWith('InvalidArgumentException', /^Exactly one destination configuration is supported for a Firehose$/),
  )
  const cases: [object, RegExp][] = [
    [{ Prefix: '!{timestamp:yyyy}/' }, /^ErrorOutputPrefix cannot be null or empty when Prefix contains expressions$/],
    [
      { Prefix: '!{partitionKeyFromQuery:a}/', ErrorOutputPrefix: 'e/' },
      /^Dynamic Partitioning Namespaces can only be/,
    ],
    [
      { Prefix: '!{what:a}/', ErrorOutputPrefix: 'e/' },
      /^Namespace to the left of colon \(what\) is an invalid keyword!$/,
    ],
    [{ Prefix: 'x!{timestamp', ErrorOutputPrefix: 'e/' }, /^Invalid expression usage$/],
    [{ ErrorOutputPrefix: '!{timestamp:yyyy}/' }, /error-output-type/],
  ]
  for (const [settings, message] of cases)
    await assert.rejects(create('wrong', settings), rejectsWith('InvalidArgumentException', message))
  await assert.rejects(
    firehose.send(new PutRecordCommand({ DeliveryStreamName: 'taken', Record: { Data: Buffer.alloc(1_024_001) } })),
    rejectsWith('ValidationException', /Member must have length less than or equal to 1024000/),
  )
})

test('puts are refused while too much waits on the disk, also after a restart, and taken again when it is delivered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-firehose-'))
  const buckets = join(folder, 'buckets')
  writeFileSync(buckets, 'a file where a folder should be: the buckets are down')
  const start = async () => {
    const server = await startMillrace({ data: folder, buckets, clock, limits: 'off', backlogBytesMax: 3_000_000 })
    const client = new FirehoseClient({ ...connectionTo(server), maxAttempts: 1 })
    return { server, client }
  }
  const put = (client: FirehoseClient, Data: Buffer) =>
    client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'full', Records: [{ Data }] }))
  const first = await start()
  const settings = { ...s3, BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 } }
  await first.client.send(
    new CreateDeliveryStreamCommand({ DeliveryStreamName: 'full', ExtendedS3DestinationConfiguration: settings }),
  )
  const Data = Buffer.alloc(700_000, 'x')
  while (!(await put(first.client, Data).catch(() => undefined))) await clock.advance(100)
  for (let i = 1; i < 4; i++) await put(first.client, Data)
  const isRefused = rejectsWith('ServiceUnavailableException', /^Slow down: .* take 3000000 bytes/)
  await assert.rejects(put(first.client, Data), isRefused)
  first.client.destroy()
  await first.server.stop()

  const second = await start()
  await assert.rejects(put(second.client, Data), isRefused)
  rmSync(buckets)
  while (!(await put(second.client, Data).catch(() => undefined))) await clock.advance(1000)
  second.client.destroy()
  await second.server.stop()
  rmSync(folder, { recursive: true, force: true })
})
