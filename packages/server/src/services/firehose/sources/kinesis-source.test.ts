import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregateBuilder } from '@millrace/formats'
import { silentLogger, systemRandom } from '@millrace/ports'
import { streamsFixture } from '../../streams/fixture.ts'
import { CheckpointStore } from '../delivery/checkpoint-store.ts'
import { Delivery } from '../delivery/delivery.ts'
import type { DeliveryRecord } from '../delivery/delivery-record.ts'
import { DeliveryFailed } from '../destinations/destination.ts'
import { S3Destination } from '../destinations/s3/s3-destination.ts'
import { s3WithDefaults } from '../settings/defaults.ts'
import { KinesisSource } from './kinesis-source.ts'

const streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
const hourMs = 3_600_000
const errors = new S3Destination(
  { objects: { async put() {} }, random: systemRandom, name: 'd' },
  s3WithDefaults({ RoleARN: '', BucketARN: '' } as Parameters<typeof s3WithDefaults>[0]),
)

/** A stream, and a delivery stream that reads it and keeps in mind what it delivers. */
async function readingFixture(
  options: { shardCount?: number; pollMs?: number; intervalMs?: number; sizeBytesMax?: number } = {},
) {
  const fixture = await streamsFixture()
  const { call, catalog, clock, service } = fixture
  await fixture.activeStream('s', options.shardCount ?? 1)
  const delivered: DeliveryRecord[] = []
  const counted: Record<string, number> = {}
  /** The destination is down from so many records on. */
  const state = { isDown: false, recordsMax: Number.POSITIVE_INFINITY }
  const faults: string[] = []
  const gone: [shardId: string, recordCount: number | undefined][] = []
  const checkpoints = new CheckpointStore(catalog)
  const parts = {
    ...{ clock, random: systemRandom, checkpoints },
    logger: { log: (level: string, message: string) => void (level === 'error' && faults.push(message)) },
    metrics: {
      record(metric: string, _: unknown, value: number) {
        counted[metric] = (counted[metric] ?? 0) + value
      },
      forget() {},
    },
  }
  const startMs = clock.nowMs()
  const start = () => {
    const streams = service.reader
    const source = new KinesisSource(
      { ...parts, streams, pollMs: options.pollMs ?? 0, onGone: (...told) => void gone.push(told) },
      { name: 'd', streamArn, startMs },
    )
    const limits = { sizeBytesMax: options.sizeBytesMax ?? 1024 * 1024, intervalMs: options.intervalMs ?? 1000 }
    const destination = {
      async deliver({ records }: { readonly records: readonly DeliveryRecord[] }) {
        if (state.isDown || delivered.length >= state.recordsMax) throw new DeliveryFailed('Test.Down', 'down')
        delivered.push(...records)
        return []
      },
      async close() {},
    }
    const delivery = new Delivery(parts, {
      ...{ name: 'd', id: 'id', version: 1, source, transforms: [], destination, metricPrefix: 'DeliveryToS3' },
      ...{ concurrentMax: 1, retryMs: 24 * hourMs, errorOutputType: 'processing-failed', ...limits },
      errors: { destination: errors, ...limits },
    })
    delivery.start()
    return delivery
  }
  const put = async (text: string, hashKey = '0') => {
    const record = { Data: Buffer.from(text), PartitionKey: 'k', ExplicitHashKey: hashKey }
    return (await call('PutRecord', { StreamName: 's', ...record })) as { ShardId: string; SequenceNumber: string }
  }
  const texts = () => delivered.map(({ data }) => Buffer.from(data).toString())
  const lanes = () =>
    Object.fromEntries(
      Object.entries(checkpoints.get('id')).map(([lane, next]) => [lane.replace(/^.*\/shardId-0*(?=.)/, ''), next]),
    )
  return { ...fixture, checkpoints, counted, delivered, faults, gone, lanes, put, start, state, texts }
}

const highest = `${2n ** 128n - 1n}`
const middle = `${2n ** 127n}`

test('what comes after the delivery stream is delivered, what came before is not', async () => {
  const { clock, put, start, texts } = await readingFixture({ shardCount: 2 })
  const delivery = start()
  await clock.advance(10)
  for (const text of ['a', 'b', 'c']) await put(text)
  await put('d', highest)
  await clock.advance(2000)
  assert.deepEqual(new Set(texts()), new Set(['a', 'b', 'c', 'd']))
  assert.equal(texts().length, 4)
  await delivery.stop()
})

test('records that were in the stream before are not delivered, though the delivery starts late', async () => {
  const before = await readingFixture()
  const { clock, put, service, checkpoints, texts, delivered } = before
  await put('old')
  await clock.advance(5)
  const startMs = clock.nowMs()
  await put('new')
  await clock.advance(60_000)
  const pages = new KinesisSource(
    { clock, logger: silentLogger, metrics: { record() {}, forget() {} }, streams: service.reader, pollMs: 0 },
    { name: 'd', streamArn, startMs },
  ).pages({}, new AbortController().signal)
  for await (const { records } of pages) {
    if (records.length === 0) continue
    assert.deepEqual(
      records.map(({ data }) => Buffer.from(data).toString()),
      ['new'],
    )
    break
  }
  assert.deepEqual([texts(), delivered, checkpoints.get('id')], [[], [], {}])
})

test('children are read when all of their parents is delivered, and nothing is missed or repeated', async () => {
  const { call, clock, counted, faults, lanes, put, start, state, texts } = await readingFixture()
  const delivery = start()
  await clock.advance(10)
  state.isDown = true
  await put('1')
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle })
  await clock.advance(1000)
  for (const text of ['2', '3']) await put(text)
  await put('x2', highest)
  await clock.advance(60_000)
  assert.deepEqual(Object.keys(lanes()), ['0', 'stream'])
  assert.equal(counted['DataReadFromKinesisStream.Records'], 1, 'the children wait')
  state.isDown = false
  await clock.advance(200_000)
  const children = { ShardToMerge: 'shardId-000000000001', AdjacentShardToMerge: 'shardId-000000000002' }
  await call('MergeShards', { StreamName: 's', ...children })
  await clock.advance(1000)
  await put('4')
  await put('x4', highest)
  await clock.advance(5000)
  const all = texts()
  assert.equal(all.length, 6)
  for (const lane of [
    ['1', '2', '3', '4'],
    ['1', 'x2', 'x4'],
  ])
    assert.deepEqual(
      all.filter((text) => lane.includes(text)),
      lane,
    )
  assert.deepEqual({ ...lanes(), 3: '', stream: '' }, { 0: 'end', 1: 'end', 2: 'end', 3: '', stream: '' })
  await clock.advance(120_000)
  assert.deepEqual(faults, [], 'nobody reads on in a shard that was read to its end')
  await delivery.stop()
})

test('the last records of a shard do not wait for company: its children are waiting for them', async () => {
  const { call, clock, put, start, texts } = await readingFixture({ intervalMs: 900_000 })
  const delivery = start()
  await clock.advance(10)
  await put('1')
  await clock.advance(10)
  assert.deepEqual(texts(), [])
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle })
  await clock.advance(1000)
  assert.deepEqual(texts(), ['1'])
  await delivery.stop()
})

test('a restart goes on where it was, and a lane is forgotten when its shard is', async () => {
  const { call, clock, lanes, put, start, texts } = await readingFixture()
  const first = start()
  await clock.advance(10)
  await put('1')
  await clock.advance(2000)
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle })
  await clock.advance(2000)
  await first.stop()
  assert.equal(lanes()['0'], 'end')
  for (const text of ['2', '3']) await put(text)
  const second = start()
  await clock.advance(2000)
  assert.deepEqual(texts(), ['1', '2', '3'])
  await second.stop()
  await clock.advance(26 * hourMs)
  const third = start()
  await put('4')
  await clock.advance(2000)
  assert.deepEqual(new Set(Object.keys(lanes())), new Set(['1', 'stream']), 'of the other child nothing was ever read')
  assert.deepEqual(texts(), ['1', '2', '3', '4'])
  await third.stop()
})

test('records that expired before they were delivered are told of, once, and those behind them are delivered', async () => {
  const { clock, gone, put, start, texts } = await readingFixture()
  const first = start()
  await clock.advance(10)
  await put('0')
  await clock.advance(2000)
  await first.stop()
  for (const text of ['lost', 'lost']) await put(text)
  await clock.advance(25 * hourMs)
  await put('1')
  for (let life = 0; life < 2; life++) {
    const next = start()
    await clock.advance(2000)
    await next.stop()
  }
  assert.deepEqual(texts(), ['0', '1'])
  assert.deepEqual(gone, [['shardId-000000000000', 2]])
})

test('a shard that expired while nothing was delivered holds up nobody, and is told of', async () => {
  const { call, clock, gone, lanes, put, start, texts } = await readingFixture()
  const first = start()
  await clock.advance(10)
  await first.stop()
  await put('lost')
  await call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle })
  await clock.advance(26 * hourMs)
  await put('2')
  const second = start()
  await clock.advance(2000)
  assert.deepEqual(texts(), ['2'])
  assert.deepEqual(new Set(Object.keys(lanes())), new Set(['1', 'stream']))
  assert.deepEqual(gone, [['shardId-000000000000', undefined]])
  await second.stop()
})

test('a stream that is deleted and made again is read from its beginning, also when it was made meanwhile', async () => {
  const { activeStream, call, clock, checkpoints, put, start, texts } = await readingFixture()
  const remake = async () => {
    await call('DeleteStream', { StreamName: 's' })
    await clock.advance(2000)
    await activeStream('s')
  }
  const first = start()
  await clock.advance(10)
  await put('1')
  await clock.advance(2000)
  const { stream: before } = checkpoints.get('id')
  await remake()
  await put('2')
  await clock.advance(5000)
  assert.deepEqual(texts(), ['1', '2'])
  await first.stop()
  await remake()
  await put('3')
  const second = start()
  await clock.advance(2000)
  assert.deepEqual(texts(), ['1', '2', '3'])
  const { stream: after, ...lanes } = checkpoints.get('id')
  assert.notEqual(before, after)
  assert.deepEqual(Object.keys(lanes), [`${after}/shardId-000000000000`])
  await second.stop()
})

test('aggregates are taken apart, a corrupt one is a record, and each record has an id that a restart does not change', async () => {
  const { call, clock, delivered, start, state } = await readingFixture()
  const aggregate = new AggregateBuilder()
  for (const text of ['a', 'b']) aggregate.add(`key-${text}`, undefined, Buffer.from(text), 1000)
  const bytes = Buffer.from(aggregate.finish())
  const corrupt = Buffer.from(bytes)
  corrupt[10]! ^= 1
  const put = async (Data: Buffer) =>
    (await call('PutRecord', { StreamName: 's', Data, PartitionKey: 'k' })).SequenceNumber as string
  state.isDown = true
  const first = start()
  await clock.advance(10)
  const numbers = [await put(bytes), await put(corrupt), await put(Buffer.from('plain'))]
  await clock.advance(2000)
  await first.stop()
  state.isDown = false
  const second = start()
  await clock.advance(2000)
  await second.stop()
  const shardId = 'shardId-000000000000'
  const origin = (place: number, subSequenceNumber: number, partitionKey: string) => ({
    ...{ shardId, sequenceNumber: numbers[place], subSequenceNumber, partitionKey },
  })
  assert.deepEqual(
    delivered.map(({ origin }) => origin),
    [origin(0, 0, 'key-a'), origin(0, 1, 'key-b'), origin(1, 0, 'k'), origin(2, 0, 'k')],
  )
  assert.deepEqual(
    delivered.map(({ data }) => Buffer.from(data).toString('latin1')),
    ['a', 'b', corrupt.toString('latin1'), 'plain'],
  )
  assert.equal(delivered[1]!.recordId, `${shardId}${'0'.repeat(72)}${numbers[0]}${'0'.repeat(11)}1`)
  assert.equal(new Set(delivered.map(({ recordId }) => recordId)).size, 4)
})

test('an aggregate of very many records comes in several pages, and all of them count as one', async () => {
  const { call, clock, lanes, start, state, texts } = await readingFixture({ sizeBytesMax: 10_000 })
  const aggregate = new AggregateBuilder()
  const all = Array.from({ length: 25_000 }, (_, i) => `${i}`)
  for (const text of all) aggregate.add('k', undefined, Buffer.from(text), 1_000_000)
  state.recordsMax = 12_000
  const first = start()
  await clock.advance(10)
  await call('PutRecord', { StreamName: 's', Data: aggregate.finish(), PartitionKey: 'k' })
  const { 0: before } = lanes()
  await clock.advance(2000)
  assert.ok(texts().length > 12_000 && texts().length < 25_000)
  assert.equal(lanes()[0], before)
  await first.stop()
  state.recordsMax = Number.POSITIVE_INFINITY
  const second = start()
  await clock.advance(10_000)
  assert.deepEqual(texts().slice(-25_000), all)
  assert.notEqual(lanes()[0], before)
  await second.stop()
})

test('a destination that is down costs no memory, however many shards there are', async () => {
  const { call, clock, put, start, state, texts } = await readingFixture({ shardCount: 4 })
  const delivery = start()
  await clock.advance(10)
  state.isDown = true
  const keys = [0n, 1n, 2n, 3n].map((quarter) => `${quarter * 2n ** 126n}`)
  const large = 'x'.repeat(500_000)
  for (let i = 0; i < 25; i++) for (const key of keys) await put(`${i} ${key} ${large}`, key)
  await clock.advance(60_000)
  assert.ok(delivery.heldBytes < 18 * 1024 * 1024, `${delivery.heldBytes}`)
  state.isDown = false
  await clock.advance(300_000)
  for (const key of keys)
    assert.deepEqual(
      texts()
        .map((text) => text.split(' '))
        .filter(([, of]) => of === key)
        .map(([i]) => Number(i)),
      Array.from({ length: 25 }, (_, i) => i),
    )
  await delivery.stop()
  await call('DeleteStream', { StreamName: 's' })
})

test('what is read is counted, and shards are asked once each second', async () => {
  const { clock, counted, put, start } = await readingFixture({ pollMs: 1000 })
  const delivery = start()
  await clock.advance(10)
  for (let i = 0; i < 10; i++) {
    await put('four')
    await clock.advance(500)
  }
  await clock.advance(2000)
  assert.equal(counted['DataReadFromKinesisStream.Records'], 10)
  assert.equal(counted['DataReadFromKinesisStream.Bytes'], 40)
  assert.ok('KinesisMillisBehindLatest' in counted)
  await delivery.stop()
})
