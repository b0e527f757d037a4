import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { Consumer, type UserRecord } from '@millrace/consumer'
import { Producer } from '@millrace/producer'
import { onceWithAuthentication } from '../harness/keys.ts'
import { receives, startsWithinMs, startWorker } from './kcl-scenario.ts'
import { missingProgram, startJava } from './running-program.ts'
import { credentials, StreamUnderTest } from './stream-under-test.ts'

test('the KPL, aggregating over TLS, puts user records through a split that our consumer reads, none lost', {
  skip: missingProgram('kpl') ?? false,
  timeout: 900_000,
}, async (t) => {
  const stream = await StreamUnderTest.start(t, 2, { tls: true })
  const count = 20_000
  const { host, port } = stream.server
  const startedAt = performance.now()
  const producer = startJava(t, 'kpl', 'KplProducer', {
    ...{ host, port, stream: stream.name, count, keys: 200, prefix: 'kpl', temporary: temporaryFolder(t) },
    ...{ 'per-second': 4000, 'linger-ms': 2500 },
  })
  const seen = await consume(t, stream)
  await producer.until('started', 300_000, (events) => events.find(({ event }) => event === 'started'))
  await seen.has(2000)
  await stream.split('shardId-000000000000')
  const done = await producer.until('done', 300_000, (events) => events.find(({ event }) => event === 'done'))
  assert.equal(done.failed, 0, producer.log)
  await seen.has(count)

  assert.deepEqual(new Set(seen.texts), new Set(Array.from({ length: count }, (_, i) => `kpl-${i}`)))
  assert.ok(seen.aggregated > count / 2, `${seen.aggregated} of them came in aggregates`)
  assert.equal(seen.shards.size, 4, 'before and after the split')
  const metrics = await metricsOf(stream)
  for (const name of ['UserRecordsPut', 'KinesisRecordsPut', 'BufferingTime']) assert.ok(metrics.has(name), name)
  assert.equal(await producer.ended(), 0, producer.log)
  t.diagnostic(
    `KPL over TLS: ${count} user records (${seen.aggregated} aggregated) in ${done.kinesisRecords} Kinesis records, ` +
      `${done.retried} retried, through a split; ${((performance.now() - startedAt) / 1000).toFixed(1)} s in all`,
  )
})

test('what our producer aggregates, KCL 3 takes apart, each once and in order', {
  skip: missingProgram('kcl3') ?? onceWithAuthentication ?? false,
  timeout: 900_000,
}, async (t) => {
  const stream = await StreamUnderTest.start(t, 2)
  const worker = startWorker(t, 'kcl3', stream, { mode: 'polling', worker: 'one' })
  const producer = new Producer(stream.kinesis, { streamName: stream.name })
  const texts = Array.from({ length: 5000 }, (_, i) => `ours-${i}`)
  await Promise.all(texts.map((text, i) => producer.put({ partitionKey: `key-${i % 50}`, data: Buffer.from(text) })))
  await producer.close()
  stream.put.push(...texts)
  const delivered = await receives(worker, stream, startsWithinMs)
  assert.deepEqual(delivered.repeated(), [])
  assert.deepEqual(delivered.outOfOrder(stream.put), [])
  assert.ok(delivered.subSequenceNumberMost > 0, 'they came in aggregates')
  t.diagnostic(`${texts.length} user records, up to ${delivered.subSequenceNumberMost + 1} in one aggregate`)
})

/** Our consumer reads the stream from its beginning until the test has ended. */
async function consume(t: TestContext, stream: StreamUnderTest) {
  const seen = { texts: new Set<string>(), shards: new Set<string>(), records: 0, aggregated: 0 }
  const waiting = new Set<() => void>()
  const own = { endpoint: stream.server.url, region: 'us-east-1', credentials }
  const clients = { kinesis: new KinesisClient(own), dynamodb: new DynamoDBClient(own) }
  const consumer = new Consumer(
    clients,
    {
      ...{ applicationName: 'ours', streamName: stream.name, initialPosition: 'TRIM_HORIZON' },
      ...{ failoverTimeMs: 2000, idleTimeBetweenReadsMs: 100 },
    },
    ({ shardId }) => ({
      async processRecords({ records, checkpointer }) {
        for (const { data, aggregated } of records as readonly UserRecord[]) {
          seen.texts.add(Buffer.from(data).toString())
          seen.records++
          if (aggregated) seen.aggregated++
        }
        seen.shards.add(shardId)
        for (const wake of waiting) wake()
        await checkpointer.checkpoint()
      },
    }),
  )
  t.after(async () => {
    await consumer.stop()
    for (const client of Object.values(clients)) client.destroy()
  })
  await consumer.start()
  return Object.assign(seen, {
    async has(count: number): Promise<void> {
      const late = AbortSignal.timeout(300_000)
      while (seen.texts.size < count && !late.aborted)
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
          late.addEventListener('abort', () => resolve(), { once: true })
        })
      assert.ok(seen.texts.size >= count, `${seen.texts.size} of ${count} came`)
    },
  })
}

async function metricsOf(stream: StreamUnderTest): Promise<ReadonlySet<string | undefined>> {
  const own = { endpoint: stream.server.url, region: 'us-east-1', credentials }
  const cloudWatch = new CloudWatchClient(own)
  const { Metrics = [] } = await cloudWatch.send(new ListMetricsCommand({ Namespace: 'KinesisProducerLibrary' }))
  cloudWatch.destroy()
  return new Set(Metrics.map(({ MetricName }) => MetricName))
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kpl-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
