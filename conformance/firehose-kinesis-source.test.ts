import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose'
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* A Kinesis stream that a delivery stream brings to a bucket, by the AWS SDK. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-stream-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let firehose: FirehoseClient
let kinesis: KinesisClient

before(async () => {
  millrace = await startMillrace({ data, clock, limits: 'off' })
  const connection = { ...connectionTo(millrace), maxAttempts: 1 }
  firehose = new FirehoseClient(connection)
  kinesis = new KinesisClient(connection)
})

after(async () => {
  firehose.destroy()
  kinesis.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'
const arnOf = (stream: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`

async function createStream(StreamName: string, ShardCount: number): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }))
  await active(StreamName)
}

async function active(StreamName: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    if (StreamDescriptionSummary!.StreamStatus === 'ACTIVE') return
    await clock.advance(50)
  }
}

async function createDelivery(name: string, stream: string, more: object = {}): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      DeliveryStreamType: 'KinesisStreamAsSource',
      KinesisStreamSourceConfiguration: { KinesisStreamARN: arnOf(stream), RoleARN },
      ExtendedS3DestinationConfiguration: {
        ...{ RoleARN, BucketARN: `arn:aws:s3:::${name}` },
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 2 },
      },
      ...more,
    }),
  )
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(50)
}

async function described(DeliveryStreamName: string) {
  const answer = await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))
  return answer.DeliveryStreamDescription!
}

/** The lines of each object of a bucket. */
function objectsOf(bucket: string): string[][] {
  const folder = join(data, 'buckets', bucket)
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.new'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8').split('\n').filter(Boolean))
}

async function lines(bucket: string, count: number): Promise<string[][]> {
  for (;;) {
    const objects = objectsOf(bucket)
    if (objects.flat().length >= count) return objects
    await clock.advance(500)
  }
}

test('through a split and a merge every record arrives once, and those of a key in their order', async () => {
  await createStream('flights', 2)
  const keys = Array.from({ length: 10 }, (_, i) => `key-${i}`)
  const next = new Map(keys.map((key) => [key, 0]))
  const put = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const Records = keys.map((PartitionKey) => {
        const n = next.get(PartitionKey)!
        next.set(PartitionKey, n + 1)
        return { PartitionKey, Data: Buffer.from(`${PartitionKey} ${n}\n`) }
      })
      const { FailedRecordCount } = await kinesis.send(new PutRecordsCommand({ StreamName: 'flights', Records }))
      assert.equal(FailedRecordCount, 0)
      await clock.advance(100)
    }
  }
  const openShards = async () => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: 'flights' }))
    return Shards.filter(({ SequenceNumberRange }) => !SequenceNumberRange!.EndingSequenceNumber)
  }
  await put(3)
  await clock.advance(1000)
  const before = next.get('key-0')!
  await createDelivery('lake', 'flights')
  await put(8)
  const [first] = await openShards()
  const { StartingHashKey, EndingHashKey } = first!.HashKeyRange!
  const NewStartingHashKey = `${(BigInt(StartingHashKey!) + BigInt(EndingHashKey!)) / 2n}`
  const split = { StreamName: 'flights', ShardToSplit: first!.ShardId, NewStartingHashKey }
  await Promise.all([put(8), kinesis.send(new SplitShardCommand(split))])
  await active('flights')
  await put(8)
  const inOrder = (await openShards()).sort((a, b) =>
    BigInt(a.HashKeyRange!.StartingHashKey!) < BigInt(b.HashKeyRange!.StartingHashKey!) ? -1 : 1,
  )
  const merge = { ShardToMerge: inOrder[1]!.ShardId, AdjacentShardToMerge: inOrder[2]!.ShardId }
  await Promise.all([put(8), kinesis.send(new MergeShardsCommand({ StreamName: 'flights', ...merge }))])
  await active('flights')
  await put(8)

  const rounds = next.get('key-0')! - before
  const objects = await lines('lake', rounds * keys.length)
  await clock.advance(10_000)
  assert.equal(objectsOf('lake').flat().length, rounds * keys.length, 'none comes twice')
  for (const key of keys) {
    // Each object has a piece of a key's records, with none left out; together they are all of them.
    const pieces = objects
      .map((object) => object.filter((line) => line.startsWith(`${key} `)).map((line) => Number(line.split(' ')[1])))
      .filter((piece) => piece.length > 0)
      .sort((a, b) => a[0]! - b[0]!)
    assert.deepEqual(
      pieces.flat(),
      Array.from({ length: rounds }, (_, i) => before + i),
    )
  }
  assert.ok(objects.length > 1, `${objects.length} objects`)
})

test('the source is described, with the time from which it is read, and takes no puts', async () => {
  await createStream('described', 1)
  const atMs = clock.nowMs()
  await createDelivery('described', 'described')
  const { DeliveryStreamType, Source, DeliveryStreamEncryptionConfiguration } = await described('described')
  const { KinesisStreamSourceDescription } = Source!
  assert.equal(DeliveryStreamType, 'KinesisStreamAsSource')
  assert.equal(DeliveryStreamEncryptionConfiguration, undefined)
  assert.equal(KinesisStreamSourceDescription!.KinesisStreamARN, arnOf('described'))
  assert.equal(KinesisStreamSourceDescription!.RoleARN, RoleARN)
  const startMs = KinesisStreamSourceDescription!.DeliveryStartTimestamp!.getTime()
  assert.ok(Math.abs(startMs - atMs) <= 1000, `${startMs}`)
  const Record = { Data: Buffer.from('x') }
  const DeliveryStreamName = 'described'
  for (const put of [
    new PutRecordCommand({ DeliveryStreamName, Record }),
    new PutRecordBatchCommand({ DeliveryStreamName, Records: [Record] }),
  ])
    await assert.rejects(
      firehose.send(put as PutRecordCommand),
      isInvalid('This operation is not permitted on KinesisStreamAsSource delivery stream type.'),
    )
})

test('a stream that is not there is refused, as are a source without a stream and one that is not wanted', async () => {
  await assert.rejects(
    createDelivery('wrong', 'missing'),
    isInvalid('Stream missing under account 000000000000 not found.'),
  )
  await assert.rejects(
    createDelivery('wrong', 'missing', { KinesisStreamSourceConfiguration: undefined }),
    isInvalid('KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.'),
  )
  await assert.rejects(
    createDelivery('wrong', 'missing', { DeliveryStreamType: 'DirectPut' }),
    isInvalid('KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type'),
  )
})

test('a stream that is deleted and made again is delivered from its beginning', async () => {
  await createStream('again', 1)
  await createDelivery('again', 'again')
  const put = (text: string) => {
    const Records = [{ PartitionKey: 'k', Data: Buffer.from(`${text}\n`) }]
    return kinesis.send(new PutRecordsCommand({ StreamName: 'again', Records }))
  }
  await put('of the first')
  await lines('again', 1)
  await kinesis.send(new DeleteStreamCommand({ StreamName: 'again' }))
  const isThere = () => kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'again' })).catch(() => undefined)
  while (await isThere()) await clock.advance(50)
  await createStream('again', 1)
  await put('of the second')
  assert.deepEqual((await lines('again', 2)).flat().sort(new Intl.Collator().compare), [
    'of the first',
    'of the second',
  ])
})

const isInvalid = (message: string) => (error: Error) => {
  assert.deepEqual([error.name, error.message], ['InvalidArgumentException', message])
  return true
}
