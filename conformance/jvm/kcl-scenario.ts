import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { Delivered } from './delivered.ts'
import { type RunningProgram, startJava } from './running-program.ts'
import { credentials, StreamUnderTest } from './stream-under-test.ts'

/** How long a worker may take from its start to its first record: the JVM, and half a minute for an empty lease table. */
export const startsWithinMs = 400_000

/**
 * One worker of the Kinesis Client Library, while its stream's shards are split and merged: every record is accounted
 * for, exactly, and the leases and metrics tell the same.
 */
export async function throughReshard(
  t: TestContext,
  version: 'kcl2' | 'kcl3',
  mode: 'polling' | 'fanout',
  door: 'http' | 'https' = 'http',
): Promise<void> {
  const stream = await StreamUnderTest.start(t, 2, { tls: door === 'https' })
  await stream.putMany('before', 1000)
  const startedAt = performance.now()
  const worker = startWorker(t, version, stream, {
    ...{ mode, worker: 'one' },
    ...(door === 'https' && { endpoint: stream.server.tlsUrl! }),
  })
  await receives(worker, stream, startsWithinMs)
  const readyMs = performance.now() - startedAt

  const traffic = stream.steadily('during')
  await stream.split('shardId-000000000000')
  await receivesFrom(worker, 'shardId-000000000002')
  await stream.merge('shardId-000000000003', 'shardId-000000000001')
  await receivesFrom(worker, 'shardId-000000000004')
  await traffic.stop()
  await stream.putMany('after', 1000)
  const lastPutAt = performance.now()
  await receives(worker, stream, 300_000)
  const behindMs = performance.now() - lastPutAt

  const delivered = new Delivered(worker)
  assert.deepEqual(delivered.missing(stream.put), [])
  assert.deepEqual(delivered.repeated(), [], 'nothing was killed, so nothing comes twice')
  assert.deepEqual(delivered.invented(stream.put), [])
  assert.deepEqual(delivered.outOfOrder(stream.put), [])
  assert.deepEqual(
    new Set(worker.all('shardEnded').map(({ shard }) => shard)),
    new Set(['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000003']),
  )
  assert.equal(await worker.stop(), 0, worker.log)
  assert.deepEqual(
    new Set(worker.all('shutdownRequested').map(({ shard }) => shard)),
    new Set(['shardId-000000000002', 'shardId-000000000004']),
  )
  assert.deepEqual(worker.all('error'), [])
  await checkLeases(stream)
  await checkMetrics(stream)
  t.diagnostic(
    `${mode} over ${door}: ${stream.put.length} records of 5 shards, each once; first ones ${(readyMs / 1000).toFixed(1)} s after the ` +
      `start of the JVM, last ones ${(behindMs / 1000).toFixed(1)} s after they were put`,
  )
}

/** Starts a worker on the stream, in the application `application`. */
export function startWorker(
  t: TestContext,
  version: 'kcl2' | 'kcl3',
  stream: StreamUnderTest,
  options: Readonly<Record<string, string | number>>,
): RunningProgram {
  return startJava(t, version, 'KclWorker', {
    endpoint: stream.server.url,
    stream: stream.name,
    application: 'application',
    ...options,
  })
}

/** Waits until the worker has everything that was put. */
export async function receives(worker: RunningProgram, stream: StreamUnderTest, withinMs: number): Promise<Delivered> {
  return worker.until(`all ${stream.put.length} records`, withinMs, () => {
    const delivered = new Delivered(worker)
    return delivered.missing(stream.put).length === 0 ? delivered : undefined
  })
}

function receivesFrom(worker: RunningProgram, shardId: string): Promise<unknown> {
  return worker.until(`records of ${shardId}`, 300_000, (events) =>
    events.find(({ event, shard }) => event === 'records' && shard === shardId),
  )
}

/** The rows of an application's lease table, by lease key. */
export async function leasesOf(stream: StreamUnderTest, table = 'application') {
  const dynamoDb = new DynamoDBClient({ endpoint: stream.server.url, region: 'us-east-1', credentials })
  const { Items = [] } = await dynamoDb.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
  dynamoDb.destroy()
  return new Map(Items.map((item) => [item.leaseKey?.S ?? '', item]))
}

/** Open shards have leases at their last record; ended ones are at SHARD_END, or their lease is gone already. */
async function checkLeases(stream: StreamUnderTest): Promise<void> {
  const leases = await leasesOf(stream)
  for (const { ShardId = '', SequenceNumberRange: range } of await stream.shards()) {
    const checkpoint = leases.get(ShardId)?.checkpoint?.S
    if (range?.EndingSequenceNumber === undefined) assert.match(checkpoint ?? 'no lease', /^\d+$/, ShardId)
    else assert.ok(checkpoint === undefined || checkpoint === 'SHARD_END', `${ShardId}: ${checkpoint}`)
  }
}

/** KCL's own metrics have come to CloudWatch, under the application's name. */
async function checkMetrics(stream: StreamUnderTest): Promise<void> {
  const cloudWatch = new CloudWatchClient({ endpoint: stream.server.url, region: 'us-east-1', credentials })
  const { Metrics = [] } = await cloudWatch.send(
    new ListMetricsCommand({ Namespace: 'application', MetricName: 'RecordsProcessed' }),
  )
  cloudWatch.destroy()
  assert.notEqual(Metrics.length, 0, 'RecordsProcessed stands under the application')
}
