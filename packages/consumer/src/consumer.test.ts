import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateStreamCommand, PutRecordCommand } from '@aws-sdk/client-kinesis'
import { Consumer } from './consumer.ts'
import { keyOfLease, openMillrace } from './millrace-fixture.ts'
import type { ConsumerOptions } from './options.ts'
import type { RecordProcessorFactory } from './record-processor.ts'

const options: ConsumerOptions = {
  applicationName: 'app',
  streamName: 's',
  initialPosition: 'TRIM_HORIZON',
  failoverTimeMs: 900,
  takeIntervalMs: 100,
  idleTimeBetweenReadsMs: 20,
  readGapMs: 0,
}

/** Collects what processors get, and resolves when as many different records came. */
function collector() {
  const seen = new Map<string, number>()
  const events: string[] = []
  let waiting = { count: Number.POSITIVE_INFINITY, resolve: () => {} }
  const factory: RecordProcessorFactory = ({ shardId }) => ({
    initialize: () => void events.push(`initialize ${shardId}`),
    async processRecords({ records, checkpointer }) {
      for (const { data } of records) {
        const text = Buffer.from(data).toString()
        seen.set(text, (seen.get(text) ?? 0) + 1)
      }
      await checkpointer.checkpoint()
      if (seen.size >= waiting.count) waiting.resolve()
    },
    async shardEnded({ checkpointer }) {
      events.push(`ended ${shardId}`)
      await checkpointer.checkpoint()
    },
    shutdownRequested: () => void events.push(`shutdown ${shardId}`),
  })
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      waiting = { count, resolve }
      if (seen.size >= count) resolve()
    })
  return { seen, events, factory, until }
}

test('a consumer reads every record of every shard once, and stops with all of it checkpointed', async () => {
  await using clients = await openMillrace(3)
  const { seen, events, factory, until } = collector()
  const consumer = new Consumer(clients, options, factory)
  await consumer.start()
  await clients.put(0, 300)
  await until(300)
  assert.equal(consumer.shardIds.length, 3)
  await consumer.stop()
  await clients.put(300, 100)

  const second = new Consumer(clients, options, factory)
  await second.start()
  await until(400)
  await second.stop()
  assert.deepEqual(new Set(seen.values()), new Set([1]))
  assert.equal(events.filter((event) => event.startsWith('shutdown')).length, 6)
  assert.equal((await clients.row('app', keyOfLease('shardId-000000000000')))?.leaseOwner, undefined)
})

for (const retrieval of ['polling', 'fan-out'] as const) {
  test(`${retrieval}: a consumer that starts while its stream is being made waits for it`, async () => {
    await using clients = await openMillrace(1, { transitionMs: 20 })
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: 'young', ShardCount: 1 }))
    const { seen, factory, until } = collector()
    const consumer = new Consumer(clients, { ...options, streamName: 'young', retrieval }, factory)
    await consumer.start()
    const record = { StreamName: 'young', PartitionKey: 'k', Data: Buffer.from('first') }
    await clients.kinesis.send(new PutRecordCommand(record))
    await until(1)
    assert.deepEqual([...seen.keys()], ['first'])
    await consumer.stop()
  })

  test(`${retrieval}: the children of a split shard are processed after it`, async () => {
    await using clients = await openMillrace(1)
    const { seen, events, factory, until } = collector()
    const consumer = new Consumer(clients, { ...options, retrieval }, factory)
    await clients.put(0, 100)
    await consumer.start()
    await clients.split('shardId-000000000000')
    await clients.put(100, 100)
    await until(200)
    await consumer.stop()
    assert.deepEqual(new Set(seen.values()), new Set([1]))
    assert.deepEqual(events.slice(0, 2), ['initialize shardId-000000000000', 'ended shardId-000000000000'])
    assert.equal((await clients.row('app', keyOfLease('shardId-000000000000')))?.checkpoint?.S, 'SHARD_END')
  })
}

test('a loop gets the records of all shards, checkpoints where it says, and leaves with what is done', async () => {
  await using clients = await openMillrace(2)
  await clients.put(0, 50)
  const seen = new Map<string, number>()
  const read = async (count: number) => {
    let left = count
    for await (const record of new Consumer(clients, options).records()) {
      const text = Buffer.from(record.data).toString()
      seen.set(text, (seen.get(text) ?? 0) + 1)
      if (left % 10 === 0) assert.equal(await record.checkpoint(), true)
      if (--left === 0) break
    }
  }
  await read(30)
  // The record at which the loop was left is not done: it comes once more.
  await read(21)
  assert.equal(seen.size, 50)
  assert.equal([...seen.values()].filter((count) => count > 1).length, 1)
})
