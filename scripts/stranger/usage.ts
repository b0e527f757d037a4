/*
 * What somebody else's program does with the published packages: check-pack.ts copies it into a folder that knows nothing of
 * this repository, checks its types there, and runs it.
 */

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis'
import { readAgentConfig } from '@millrace/agent'
import { Connector, FolderEmitter, textTransformer } from '@millrace/connectors'
import { Consumer, type RecordProcessor } from '@millrace/consumer'
import { AggregateBuilder, deaggregateRecords, hashKeyOf, type UserRecord } from '@millrace/formats'
import { CloudWatchMetrics } from '@millrace/ports'
import { Producer, PutError, type PutResult } from '@millrace/producer'
import { startMillrace } from 'millrace'

const server = await startMillrace({ data: 'kept', limits: 'off' })
const answer = await fetch(`${server.url}/health`)
console.log('started from the packed package:', answer.status, await answer.text())

const connection = {
  endpoint: server.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
}
const kinesis = new KinesisClient(connection)
const dynamodb = new DynamoDBClient(connection)
const streamName = 'orders'
await kinesis.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: 2 }))
for (;;) {
  const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: streamName }))
  if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') break
}

const metrics = new CloudWatchMetrics(new CloudWatch(connection), { namespace: 'KinesisProducerLibrary' })
const producer = new Producer(kinesis, { streamName, metrics, recordMaxBufferedMs: 20 })
const put = async (i: number): Promise<PutResult> =>
  producer.put({ partitionKey: `customer-${i % 7}`, data: `order ${i}` })
const results = await Promise.all(Array.from({ length: 1_000 }, (_, i) => put(i)))
await assert.rejects(producer.put({ partitionKey: 'k', data: 'x', explicitHashKey: '-1' }), RangeError)
assert.ok(!(results[0] instanceof PutError))
await producer.close()
await metrics.close()
console.log('put', results.length, 'records into', new Set(results.map(({ shardId }) => shardId)).size, 'shards')

const seen = new Set<string>()
let tellAll = () => {}
const all = new Promise<void>((resolve) => {
  tellAll = resolve
})
const processor = (): RecordProcessor => ({
  async processRecords({ records, checkpointer }) {
    for (const { data } of records) seen.add(Buffer.from(data).toString())
    await checkpointer.checkpoint()
    if (seen.size === results.length) tellAll()
  },
})
const consumer = new Consumer(
  { kinesis, dynamodb },
  { applicationName: 'stranger', streamName, initialPosition: 'TRIM_HORIZON' },
  processor,
)
await consumer.start()
await all
await consumer.stop()
console.log('consumed', seen.size, 'records')

const connector = new Connector({
  transformer: textTransformer,
  emitter: new FolderEmitter('emitted'),
  bufferRecordsMax: results.length,
  bufferMs: 100,
})
const connected = new Consumer(
  { kinesis, dynamodb },
  { applicationName: 'connected', streamName, initialPosition: 'TRIM_HORIZON' },
  connector.processorFactory,
)
const linesEmitted = async () => {
  const names = await readdir('emitted', { recursive: true }).catch(() => [])
  const texts = await Promise.all(names.map((name) => readFile(join('emitted', name), 'utf8').catch(() => '')))
  return texts.join('').match(/order \d+/g)?.length ?? 0
}
await connected.start()
while ((await linesEmitted()) < results.length) await pause(50)
await connected.stop()
console.log('emitted', await linesEmitted(), 'records to a folder')

const builder = new AggregateBuilder()
builder.add('k', undefined, Buffer.from('one'), 51_200)
builder.add('k', undefined, Buffer.from('two'), 51_200)
const unpacked: UserRecord[] = deaggregateRecords([{ Data: builder.finish(), PartitionKey: 'a', SequenceNumber: '1' }])
assert.equal(unpacked.length, 2)
assert.equal(typeof hashKeyOf('k'), 'bigint')
assert.equal(typeof readAgentConfig, 'function')

kinesis.destroy()
dynamodb.destroy()
await server.stop()
