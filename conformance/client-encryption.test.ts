import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis'
import { Consumer, LocalKeys } from '../packages/consumer/src/index.ts'
import { Producer, type ProducerSettings } from '../packages/producer/src/index.ts'
import { startMillrace } from '../packages/server/src/main.ts'

/* From a producer that encrypts, through the server, to a consumer that decrypts: what lies between them is unreadable. */

const older = { '2026-05': Buffer.alloc(32, 5) }
const both = { ...older, '2026-11': Buffer.alloc(32, 11) }

async function opened(t: TestContext) {
  const server = await startMillrace({ limits: 'off', transitionMs: 0 })
  const place = { endpoint: server.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
  const kinesis = new KinesisClient(place)
  const dynamodb = new DynamoDBClient(place)
  t.after(async () => {
    kinesis.destroy()
    dynamodb.destroy()
    await server.stop()
  })
  await kinesis.send(new CreateStreamCommand({ StreamName: 'orders', ShardCount: 1 }))
  const status = () => kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'orders' }))
  while ((await status()).StreamDescriptionSummary?.StreamStatus !== 'ACTIVE');
  return { kinesis, dynamodb }
}

for (const [what, settings] of [
  ['each in an aggregate', {}],
  ['alone', { aggregation: false }],
  ['whole aggregates', { encodingScope: 'kinesis-record' }],
] as const satisfies readonly (readonly [string, ProducerSettings])[])
  test(`records that were encrypted (${what}) by old keys and new come out in order, and are nowhere in between`, async (t) => {
    const { kinesis, dynamodb } = await opened(t)
    for (const [current, keys] of [
      ['2026-05', older],
      ['2026-11', both],
    ] as const) {
      await using producer = new Producer(kinesis, {
        streamName: 'orders',
        encryption: { keys: new LocalKeys({ current, keys }) },
        recordMaxBufferedMs: 10,
        ...settings,
      })
      const records = Array.from({ length: 300 }, (_, i) => ({ partitionKey: 'k', data: `canary ${current} ${i}` }))
      assert.equal((await producer.putAll(records)).failedCount, 0)
    }
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName: 'orders',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    )
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }))
    assert.ok(Records.length > 0 && Records.every(({ Data }) => !Buffer.from(Data!).includes('canary')))

    const seen: string[] = []
    const consumer = new Consumer(
      { kinesis, dynamodb },
      {
        applicationName: 'reader',
        streamName: 'orders',
        initialPosition: 'TRIM_HORIZON',
        idleTimeBetweenReadsMs: 10,
        readGapMs: 0,
        encryption: { keys: new LocalKeys({ current: '2026-11', keys: both }) },
      },
    )
    for await (const { data } of consumer.records()) {
      seen.push(Buffer.from(data).toString())
      if (seen.length === 600) break
    }
    const wanted = ['2026-05', '2026-11'].flatMap((id) => Array.from({ length: 300 }, (_, i) => `canary ${id} ${i}`))
    assert.deepEqual(seen, wanted)
  })
