import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { deaggregateRecords, type UserRecord } from '@millrace/formats'
import { type Millrace, startMillrace } from '../../server/src/index.ts'
import { Producer } from './producer.ts'

let server: Millrace
let kinesis: KinesisClient

before(async () => {
  server = await startMillrace({ limits: 'off', transitionMs: 5 })
  kinesis = new KinesisClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
})

after(async () => {
  kinesis.destroy()
  await server.stop()
})

test('each put tells where its record is, and there it is', async () => {
  await createStream('orders', 3)
  await using producer = new Producer(kinesis, { streamName: 'orders', recordMaxBufferedMs: 20 })
  const results = await Promise.all(
    Array.from({ length: 500 }, (_, i) => producer.put({ partitionKey: `key-${i}`, data: `record ${i}` })),
  )
  const records = await readAll('orders')
  assert.equal(records.length, 500)
  const at = new Map(records.map((record) => [`${record.sequenceNumber}/${record.subSequenceNumber}`, record]))
  for (const [i, { sequenceNumber, subSequenceNumber = 0 }] of results.entries())
    assert.equal(Buffer.from(at.get(`${sequenceNumber}/${subSequenceNumber}`)!.data).toString(), `record ${i}`)
  assert.ok(new Set(records.map(({ sequenceNumber }) => sequenceNumber)).size <= 10, 'they travelled in aggregates')
})

test('through splits and merges in mid-flight KCL reads every record once', async (t) => {
  await createStream('resharded', 2)
  const producer = new Producer(kinesis, {
    streamName: 'resharded',
    recordMaxBufferedMs: 10,
    aggregationSizeBytesMax: 1_000,
    rateLimitPercent: Number.POSITIVE_INFINITY,
  })
  let isDone = false
  let count = 0
  async function* records() {
    while (!isDone) {
      for (let i = 0; i < 50; i++) yield { partitionKey: `key-${count % 61}`, data: String(count++) }
      await sleep(1)
    }
  }
  let retried = 0
  const all = producer.putAll(records(), ({ attempts }) => {
    if (attempts.length > 1) retried++
  })
  for (let round = 0; round < 3; round++) {
    await sleep(60)
    const [first] = await openShards('resharded')
    const { StartingHashKey, EndingHashKey } = first!.HashKeyRange!
    const NewStartingHashKey = String((BigInt(StartingHashKey!) + BigInt(EndingHashKey!)) / 2n)
    await kinesis.send(
      new SplitShardCommand({ StreamName: 'resharded', ShardToSplit: first!.ShardId, NewStartingHashKey }),
    )
    await active('resharded')
    await sleep(60)
    const [left, right] = await openShards('resharded')
    await kinesis.send(
      new MergeShardsCommand({
        StreamName: 'resharded',
        ShardToMerge: left!.ShardId,
        AdjacentShardToMerge: right!.ShardId,
      }),
    )
    await active('resharded')
  }
  isDone = true
  const { putCount, failedCount } = await all
  await producer.close()
  assert.deepEqual([putCount, failedCount], [count, 0])
  const numbers = (await readAll('resharded')).map(({ data }) => Number(Buffer.from(data).toString()))
  assert.equal(numbers.length, count)
  assert.equal(new Set(numbers).size, count)
  t.diagnostic(`${count} records through 6 reshardings; ${retried} of them were put again`)
})

async function createStream(StreamName: string, ShardCount: number): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }))
  await active(StreamName)
}

async function active(StreamName: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    if (StreamDescriptionSummary!.StreamStatus === 'ACTIVE') return
    await sleep(5)
  }
}

async function openShards(StreamName: string): Promise<Shard[]> {
  const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }))
  return Shards!.sort((a, b) =>
    BigInt(a.HashKeyRange!.StartingHashKey!) < BigInt(b.HashKeyRange!.StartingHashKey!) ? -1 : 1,
  )
}

/** All shards to their ends, as KCL reads them: an aggregate with a record of another shard is left out as a whole. */
async function readAll(StreamName: string): Promise<UserRecord[]> {
  const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName }))
  const records: UserRecord[] = []
  for (const { ShardId, HashKeyRange } of Shards!) {
    const range = { start: BigInt(HashKeyRange!.StartingHashKey!), end: BigInt(HashKeyRange!.EndingHashKey!) }
    const first = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    let next = first.ShardIterator
    while (next) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }))
      for (const record of page.Records!) {
        const all = deaggregateRecords([record])
        if (deaggregateRecords([record], range).length === all.length) records.push(...all)
      }
      if (page.Records!.length === 0 && page.MillisBehindLatest === 0) break
      next = page.NextShardIterator
    }
  }
  return records
}
