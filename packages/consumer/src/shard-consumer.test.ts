import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregateBuilder } from '@millrace/formats'
import { ManualClock } from '@millrace/ports'
import { InvalidCheckpointError, LeaseLostError, type PreparedCheckpoint } from './checkpointer.ts'
import { Consumer } from './consumer.ts'
import { KinesisModel } from './kinesis-fixture.ts'
import { leaseOf } from './lease.ts'
import { MemoryLeaseTable } from './memory-lease-table-fixture.ts'
import type { ConsumerOptions } from './options.ts'
import type { RecordProcessor } from './record-processor.ts'

const shardId = 'shardId-000000000000'

/** One worker on one shard, by a clock that stands still. */
async function running(
  processor: Partial<RecordProcessor>,
  options: Partial<ConsumerOptions> = {},
  kinesis = new KinesisModel(1),
) {
  const clock = new ManualClock()
  const leaseTable = new MemoryLeaseTable()
  const consumer = new Consumer(
    { kinesis: kinesis.client(async () => {}), dynamodb: undefined as never, leaseTable },
    { applicationName: 'app', streamName: 's', workerId: 'me', clock, initialPosition: 'TRIM_HORIZON', ...options },
    () => ({ processRecords() {}, ...processor }),
  )
  await consumer.start()
  await clock.advance(1000)
  return { clock, consumer, kinesis, leaseTable, lease: () => leaseOf(leaseTable.items.get(shardId)!)! }
}

test('records whose processing throws come again until it does not', async () => {
  const tries: string[][] = []
  const all = await running({
    async processRecords({ records, checkpointer }) {
      tries.push(records.map(({ sequenceNumber }) => sequenceNumber))
      if (tries.length < 4) throw new Error('poison')
      await checkpointer.checkpoint()
    },
  })
  all.kinesis.put(0)
  await all.clock.advance(60_000)
  assert.deepEqual(tries, [['1000'], ['1000'], ['1000'], ['1000']])
  assert.equal(all.lease().checkpoint.sequenceNumber, '1000')
  await all.consumer.stop()
})

test("records are passed over, as KCL does, when the application says 'skip'", async () => {
  const seen: string[] = []
  const all = await running(
    {
      processRecords({ records }) {
        seen.push(...records.map(({ sequenceNumber }) => sequenceNumber))
        throw new Error('poison')
      },
    },
    { onProcessorError: async ({ attempt }) => (attempt < 2 ? 'retry' : 'skip') },
  )
  all.kinesis.put(0)
  await all.clock.advance(10_000)
  all.kinesis.put(0)
  await all.clock.advance(10_000)
  assert.deepEqual(seen, ['1000', '1000', '1001', '1001'])
  await all.consumer.stop()
})

test("a worker stops with the error when the application says 'stop', and checkpoints nothing of what failed", async () => {
  const all = await running(
    {
      processRecords() {
        throw new Error('poison')
      },
      shutdownRequested: ({ checkpointer }) => checkpointer.checkpoint(),
    },
    { onProcessorError: 'stop' },
  )
  all.kinesis.put(0)
  await all.clock.advance(10_000)
  await assert.rejects(all.consumer.finished(), /poison/)
  assert.deepEqual([all.lease().checkpoint.sequenceNumber, all.lease().leaseOwner], ['TRIM_HORIZON', undefined])
})

test('a stop does not checkpoint the records that are being tried again', async () => {
  const all = await running({
    async processRecords({ records, checkpointer }) {
      if (records[0]!.sequenceNumber === '1001') throw new Error('poison')
      await checkpointer.checkpoint()
    },
    shutdownRequested: ({ checkpointer }) => checkpointer.checkpoint(),
  })
  all.kinesis.put(0)
  await all.clock.advance(5000)
  all.kinesis.put(0)
  await all.clock.advance(5000)
  await all.consumer.stop()
  assert.equal(all.lease().checkpoint.sequenceNumber, '1000')
})

test('a checkpoint is a place that was given out, and never goes back', async () => {
  const faults: unknown[] = []
  const attempt = async (work: Promise<unknown>) => void (await work.catch((error) => faults.push(error)))
  const all = await running({
    async processRecords({ records, checkpointer }) {
      await attempt(checkpointer.checkpoint('999999'))
      await attempt(checkpointer.checkpoint('not a number'))
      await attempt(checkpointer.checkpoint('SHARD_END'))
      await checkpointer.checkpoint(records[1])
      await attempt(checkpointer.checkpoint(records[0]))
      await checkpointer.checkpoint(records[1]!.sequenceNumber)
    },
  })
  for (let i = 0; i < 3; i++) all.kinesis.put(0)
  await all.clock.advance(5000)
  assert.equal(faults.length, 4)
  assert.ok(faults.every((fault) => fault instanceof InvalidCheckpointError))
  assert.equal(all.lease().checkpoint.sequenceNumber, '1001')
  await all.consumer.stop()
})

test('a prepared checkpoint is told to the next owner until it is committed', async () => {
  const told: unknown[] = []
  let prepared: PreparedCheckpoint | undefined
  const processor: RecordProcessor = {
    initialize: ({ checkpoint, pendingCheckpoint, pendingCheckpointState }) => {
      told.push([checkpoint.sequenceNumber, pendingCheckpoint?.sequenceNumber, pendingCheckpointState?.[0]])
    },
    async processRecords({ checkpointer }) {
      prepared = await checkpointer.prepareCheckpoint(undefined, Uint8Array.of(7))
    },
  }
  const all = await running(processor)
  all.kinesis.put(0)
  await all.clock.advance(5000)
  await all.consumer.stop()
  await assert.rejects(prepared!.commit(), LeaseLostError)
  assert.deepEqual(
    [all.lease().checkpoint.sequenceNumber, all.lease().pendingCheckpoint?.sequenceNumber],
    ['TRIM_HORIZON', '1000'],
  )

  const next = new Consumer(
    { kinesis: all.kinesis.client(async () => {}), dynamodb: undefined as never, leaseTable: all.leaseTable },
    { applicationName: 'app', streamName: 's', clock: all.clock, initialPosition: 'TRIM_HORIZON' },
    () => processor,
  )
  await next.start()
  await all.clock.advance(5000)
  await prepared!.commit()
  assert.deepEqual(told, [
    ['TRIM_HORIZON', undefined, undefined],
    ['TRIM_HORIZON', '1000', 7],
  ])
  assert.deepEqual([all.lease().checkpoint.sequenceNumber, all.lease().pendingCheckpoint], ['1000', undefined])
  await next.stop()
})

test('reading goes on within an aggregate, behind the user record of the checkpoint', async () => {
  const kinesis = new KinesisModel(1)
  const builder = new AggregateBuilder()
  for (const name of ['a', 'b', 'c', 'd']) builder.add('k', undefined, Buffer.from(name), 1e6)
  kinesis.open[0]!.records.push({ SequenceNumber: '500', Data: builder.finish(), PartitionKey: 'a' })
  const seen: string[] = []
  const processor: Partial<RecordProcessor> = {
    async processRecords({ records, checkpointer }) {
      seen.push(...records.map(({ data, subSequenceNumber }) => `${Buffer.from(data)}${subSequenceNumber}`))
      if (seen.length === 4) await checkpointer.checkpoint(records[1])
    },
  }
  const all = await running(processor, {}, kinesis)
  await all.clock.advance(5000)
  assert.deepEqual(all.lease().checkpoint, { sequenceNumber: '500', subSequenceNumber: 1 })
  await all.consumer.stop()
  const next = new Consumer(
    { kinesis: kinesis.client(async () => {}), dynamodb: undefined as never, leaseTable: all.leaseTable },
    { applicationName: 'app', streamName: 's', clock: all.clock },
    () => processor as RecordProcessor,
  )
  await next.start()
  await all.clock.advance(5000)
  assert.deepEqual(seen, ['a0', 'b1', 'c2', 'd3', 'c2', 'd3'])
  await next.stop()
})

test('a shard is not finished before shardEnded has checkpointed', async () => {
  let calls = 0
  const all = await running({
    async shardEnded({ checkpointer }) {
      if (++calls === 3) await checkpointer.checkpoint()
    },
  })
  all.kinesis.split(0)
  await all.clock.advance(1500)
  assert.equal(all.lease().checkpoint.sequenceNumber, 'TRIM_HORIZON')
  await all.clock.advance(10_000)
  assert.deepEqual([calls, all.lease().checkpoint.sequenceNumber], [3, 'SHARD_END'])
  assert.deepEqual(all.lease().childShardIds, ['shardId-000000000001', 'shardId-000000000002'])
  await all.consumer.stop()
})

test('a worker whose lease was taken tells leaseLost, and checkpoints nothing', async () => {
  const events: unknown[] = []
  const all = await running({
    async processRecords({ checkpointer }) {
      await checkpointer.checkpoint().catch((error) => events.push(error.name))
    },
    leaseLost: () => void events.push('leaseLost'),
    shutdownRequested: () => void events.push('shutdownRequested'),
  })
  await all.leaseTable.take(all.lease(), 'other')
  all.kinesis.put(0)
  await all.clock.advance(1500)
  assert.deepEqual(events, ['LeaseLostError', 'leaseLost'])
  assert.deepEqual([all.lease().checkpoint.sequenceNumber, all.lease().leaseOwner], ['TRIM_HORIZON', 'other'])
  await all.consumer.stop()
})

test('a lease that is lost while initialize() runs is let go of, and can be taken again', async () => {
  const events: string[] = []
  let initialized = () => {}
  const all = await running({
    initialize: () =>
      new Promise<void>((resolve) => {
        initialized = resolve
      }),
    leaseLost: () => void events.push('leaseLost'),
    processRecords: ({ records }) => void events.push(...records.map(({ sequenceNumber }) => sequenceNumber)),
  })
  await all.leaseTable.take(all.lease(), 'other')
  all.kinesis.put(0)
  await all.clock.advance(10_000)
  initialized()
  await all.clock.advance(100)
  assert.deepEqual([events, all.consumer.shardIds], [['leaseLost'], []])
  await all.clock.advance(30_000)
  initialized()
  await all.clock.advance(2000)
  assert.deepEqual([events, all.consumer.shardIds], [['leaseLost', '1000'], [shardId]])
  await all.consumer.stop()
})

test('a consumer that is stopped while its table is made comes to an end, without an error', async () => {
  const leaseTable = new MemoryLeaseTable()
  const clock = new ManualClock()
  leaseTable.exists = false
  leaseTable.ensure = (signal) => clock.sleep(60_000, signal)
  const consumer = new Consumer(
    { kinesis: new KinesisModel(1).client(async () => {}), dynamodb: undefined as never, leaseTable },
    { applicationName: 'app', streamName: 's', clock },
    () => ({ processRecords() {} }),
  )
  const starting = consumer.start()
  await consumer.stop()
  await starting
  await consumer.finished()
})

test('a processor that does not come to an end holds a stop up for the shutdown time, and its lease is given up', async () => {
  const all = await running({ processRecords: () => new Promise(() => {}) }, { shutdownTimeoutMs: 5000 })
  all.kinesis.put(0)
  await all.clock.advance(2000)
  let stopped = false
  const stopping = all.consumer.stop().then(() => {
    stopped = true
  })
  await all.clock.advance(4000)
  assert.deepEqual([stopped, all.lease().leaseOwner], [false, 'me'])
  await all.clock.advance(2000)
  await stopping
  assert.equal(all.lease().leaseOwner, undefined)
})

test('wrong options are told by their name', () => {
  const make = (options: Partial<ConsumerOptions>) => () =>
    new Consumer({} as never, { applicationName: 'app', streamName: 's', ...options }, () => ({ processRecords() {} }))
  assert.throws(make({ failoverTimeMs: 0 }), /^RangeError: failoverTimeMs must be from 100/)
  assert.throws(make({ recordsPerReadMax: 10_001 }), /recordsPerReadMax/)
  assert.throws(make({ streamArn: 'arn:aws:kinesis:us-east-1:1:stream/s' }), /streamName or streamArn/)
  assert.throws(make({ applicationName: '' }), /applicationName/)
})
