import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { Consumer } from '@millrace/consumer'
import { openMillrace } from '../../consumer/src/millrace-fixture.ts'
import { Connector } from './connector.ts'
import { DynamoDBEmitter, type DynamoDBItem } from './dynamodb-emitter.ts'
import { FolderEmitter } from './folder-emitter.ts'
import type { Emitter } from './pipeline.ts'
import { jsonTransformer, textTransformer } from './transformers.ts'

const options = {
  applicationName: 'connector',
  streamName: 's',
  initialPosition: 'TRIM_HORIZON',
  failoverTimeMs: 10_000, // on a busy machine too, nobody takes a lease for lost
  takeIntervalMs: 100,
  idleTimeBetweenReadsMs: 20,
  readGapMs: 0,
} as const

/** Tells when as many values have gone through. */
function counting<Out>(emitter: Emitter<Out>, count: number) {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  let seen = 0
  const counted: Emitter<Out> = {
    async emit(batch, signal) {
      const refusals = await emitter.emit(batch, signal)
      seen += batch.entries.length
      if (seen >= count) resolve()
      return refusals
    },
  }
  return { counted, reached }
}

test('every record of a stream comes into the folder once, through a stop and a split', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-connectors-'))
  t.after(() => rmSync(directory, { recursive: true }))
  await using clients = await openMillrace(2)
  const run = async (count: number) => {
    const { counted, reached } = counting(new FolderEmitter<string>(directory), count)
    const connector = new Connector({
      transformer: textTransformer,
      emitter: counted,
      bufferRecordsMax: 40,
      bufferMs: 100,
    })
    const consumer = new Consumer(clients, options, connector.processorFactory)
    await consumer.start()
    await reached
    await consumer.stop()
  }
  await clients.put(0, 300)
  await run(300)
  await clients.split('shardId-000000000000', 2n ** 125n)
  await clients.put(300, 200)
  await run(200)
  const lines = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').trimEnd().split('\n'))
  assert.equal(lines.length, 500)
  assert.deepEqual(new Set(lines), new Set(Array.from({ length: 500 }, (_, i) => `${i}`)))
})

test('JSON records become items of a table; a poison record among them fails alone', async () => {
  await using clients = await openMillrace(1)
  await clients.createTable('orders', 'id')
  const texts = Array.from({ length: 100 }, (_, i) => JSON.stringify({ id: `order-${i}`, total: i }))
  texts[50] = '{"id": not JSON'
  const Records = texts.map((text) => ({ PartitionKey: 'k', Data: Buffer.from(text) }))
  await clients.kinesis.send(new PutRecordsCommand({ StreamName: 's', Records }))

  const failed: string[] = []
  const { counted, reached } = counting(new DynamoDBEmitter(clients.dynamodb, { tableName: 'orders' }), 98)
  const connector = new Connector({
    transformer: jsonTransformer<{ id: string; total: number }, DynamoDBItem>(({ id, total }) => ({
      id: { S: id },
      total: { N: `${total}` },
    })),
    filter: ({ total }) => total !== 7,
    emitter: counted,
    fail: (failures) => void failed.push(...failures.map(({ record }) => Buffer.from(record.data).toString())),
    bufferMs: 100,
  })
  const consumer = new Consumer(clients, options, connector.processorFactory)
  await consumer.start()
  await reached
  await consumer.stop()
  const { Count } = await clients.dynamodb.send(new ScanCommand({ TableName: 'orders' }))
  assert.equal(Count, 98)
  assert.deepEqual(failed, ['{"id": not JSON'])
})
