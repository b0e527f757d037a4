import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventStream } from '../../../core/operation.ts'
import { withObjects } from '../../../core/rows-fixture.ts'
import { awsLimits } from '../limits.ts'
import { reshardingFixture } from '../resharding-fixture.ts'
import type { SubscribeToShardEvent } from '../shard-push.ts'

/** An event with its records as objects. */
type Pushed = Omit<SubscribeToShardEvent, 'Records'> & { readonly Records: readonly { readonly Data: Uint8Array }[] }

const streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

async function fanOutFixture(options: Parameters<typeof reshardingFixture>[0] = {}) {
  const fixture = await reshardingFixture({ shardCount: 1, ...options })
  const { call, clock } = fixture
  const { Consumer } = await call('RegisterStreamConsumer', { StreamARN: streamArn, ConsumerName: 'c' })
  await clock.advance(50)
  const ConsumerARN: string = Consumer.ConsumerARN

  async function subscribe(StartingPosition: object = { Type: 'LATEST' }, signal?: AbortSignal) {
    const input = { ConsumerARN, ShardId: 'shardId-000000000000', StartingPosition }
    const { events }: EventStream = await call('SubscribeToShard', input, signal)
    const iterator = events[Symbol.asyncIterator]()
    return async (): Promise<Pushed | undefined> => {
      const { done, value } = await iterator.next()
      return done ? undefined : (withObjects(value.SubscribeToShardEvent) as Pushed)
    }
  }
  const put = (text: string) => call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from(text) })
  return { ...fixture, ConsumerARN, subscribe, put }
}

const textsOf = (event: Pushed | undefined) => event?.Records.map(({ Data }) => Buffer.from(Data).toString()).join()

test('records are pushed as they come, without any time passing', async () => {
  const { clock, put, subscribe } = await fanOutFixture()
  await put('before')
  const next = await subscribe()
  const event = next()
  await clock.advance(0)
  const { SequenceNumber } = await put('after')
  const pushed = await event
  assert.equal(textsOf(pushed), 'after')
  assert.equal(pushed?.ContinuationSequenceNumber, SequenceNumber)
  assert.equal(pushed?.MillisBehindLatest, 0)
})

test('reading goes on AFTER_SEQUENCE_NUMBER of any ContinuationSequenceNumber, also of an event without records', async () => {
  const { clock, put, subscribe } = await fanOutFixture()
  const first = await subscribe()
  const heartbeat = first()
  await clock.advance(5000)
  const empty = await heartbeat
  assert.deepEqual(empty?.Records, [])
  await put('a')
  const second = await subscribe({ Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: empty?.ContinuationSequenceNumber })
  const event = await second()
  assert.equal(textsOf(event), 'a')
  await put('b')
  await clock.advance(5000)
  const third = await subscribe({ Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: event?.ContinuationSequenceNumber })
  assert.equal(textsOf(await third()), 'b')
})

test('the other positions begin where they say', async () => {
  const { clock, put, subscribe } = await fanOutFixture()
  const { SequenceNumber } = await put('a')
  await clock.advance(1000)
  const Timestamp = new Date(clock.nowMs())
  await put('b')
  assert.equal(textsOf(await (await subscribe({ Type: 'TRIM_HORIZON' }))()), 'a,b')
  await clock.advance(5000)
  assert.equal(textsOf(await (await subscribe({ Type: 'AT_TIMESTAMP', Timestamp }))()), 'b')
  await clock.advance(5000)
  assert.equal(textsOf(await (await subscribe({ Type: 'AT_SEQUENCE_NUMBER', SequenceNumber }))()), 'a,b')
  await assert.rejects(subscribe({ Type: 'AT_TIMESTAMP' }), { code: 'InvalidArgumentException' })
})

test('a second call within five seconds is refused; a later one takes over, and the first ends by ResourceInUse', async () => {
  const { clock, put, subscribe } = await fanOutFixture()
  const first = await subscribe()
  const waiting = first()
  waiting.catch(() => {})
  await clock.advance(4999)
  await assert.rejects(subscribe(), { code: 'ResourceInUseException' })
  await clock.advance(1)
  await waiting // the heartbeat
  const ended = assert.rejects(first(), { code: 'ResourceInUseException' })
  const second = await subscribe()
  await ended
  await put('a')
  assert.equal(textsOf(await second()), 'a')
})

test('a subscription ends after five minutes', async () => {
  const { clock, subscribe } = await fanOutFixture()
  const next = await subscribe()
  let heartbeats = 0
  let isOver = false
  const read = (async () => {
    while (await next()) heartbeats++
    isOver = true
  })()
  await clock.advance(299_000)
  assert.equal(isOver, false)
  await clock.advance(1000)
  await read
  assert.ok(heartbeats >= 59 && heartbeats <= 60, `${heartbeats} heartbeats`)
})

test('at the end of a closed shard the last event names the children, and the stream ends', async () => {
  const { call, clock, put, subscribe, settle } = await fanOutFixture()
  await put('a')
  const next = await subscribe({ Type: 'TRIM_HORIZON' })
  assert.equal(textsOf(await next()), 'a')
  const last = next()
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: `${2n ** 127n}` })
  await clock.advance(100)
  await settle()
  const event = await last
  assert.deepEqual(event?.Records, [])
  assert.deepEqual(
    event?.ChildShards?.map(({ ShardId }) => ShardId),
    ['shardId-000000000001', 'shardId-000000000002'],
  )
  assert.equal('ContinuationSequenceNumber' in event!, false)
  assert.equal(await next(), undefined)
})

test('a consumer gets 2 MiB of a shard each second, whatever lies ready', async () => {
  const limits = { ...awsLimits, shardBytesInPerSecond: Number.POSITIVE_INFINITY }
  const { call, clock, subscribe } = await fanOutFixture({ limits })
  const Data = Buffer.alloc(512 * 1024 - 1)
  for (let i = 0; i < 20; i++) await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data })
  const next = await subscribe({ Type: 'TRIM_HORIZON' })
  let received = 0
  const read = (async () => {
    for (let event = await next(); event && received < 20; event = received < 20 ? await next() : undefined)
      received += event.Records.length
  })()
  await clock.advance(0)
  assert.equal(received, 4)
  await clock.advance(1000)
  assert.ok(received >= 6 && received <= 10, `${received} records after a second`)
  await clock.advance(4000)
  await read
  assert.equal(received, 20)
})

test('what a client does not take is not read', async () => {
  const { context, put, subscribe } = await fanOutFixture()
  let reads = 0
  const { log } = context
  const read = log.read.bind(log)
  log.read = (...parameters) => {
    reads++
    return read(...parameters)
  }
  for (const text of ['a', 'b', 'c']) await put(text)
  const next = await subscribe({ Type: 'TRIM_HORIZON' })
  assert.equal(reads, 0)
  await next()
  await put('d')
  assert.equal(reads, 1)
})

test('the deletion of the consumer ends its subscription by ResourceNotFound', async () => {
  const { call, ConsumerARN, subscribe } = await fanOutFixture()
  const ended = assert.rejects((await subscribe())(), { code: 'ResourceNotFoundException' })
  await call('DeregisterStreamConsumer', { ConsumerARN })
  await ended
})

test('it ends quietly when the client goes away or the server stops', async () => {
  const { clock, service, subscribe } = await fanOutFixture()
  const leaving = new AbortController()
  const waiting = (await subscribe({ Type: 'LATEST' }, leaving.signal))()
  await clock.advance(0)
  leaving.abort()
  assert.equal(await waiting, undefined)
  await clock.advance(5000)
  const other = (await subscribe())()
  await clock.advance(0)
  await service.stop()
  assert.equal(await other, undefined)
})

test('only an ACTIVE consumer may subscribe', async () => {
  const { call } = await fanOutFixture()
  const { Consumer } = await call('RegisterStreamConsumer', { StreamARN: streamArn, ConsumerName: 'new' })
  const input = { ConsumerARN: Consumer.ConsumerARN, ShardId: '0', StartingPosition: { Type: 'LATEST' } }
  await assert.rejects(call('SubscribeToShard', input), { code: 'ResourceInUseException' })
  await assert.rejects(call('SubscribeToShard', { ...input, ConsumerARN: `${streamArn}/consumer/none:1` }), {
    code: 'ResourceNotFoundException',
  })
})

test('events are counted for the consumer', async () => {
  const { counted, put, subscribe } = await fanOutFixture()
  await put('abc')
  await (await subscribe({ Type: 'TRIM_HORIZON' }))()
  const bytes = counted.find(({ metric }) => metric === 'SubscribeToShardEvent.Bytes')
  assert.deepEqual([bytes?.value, bytes?.dimensions], [4, { StreamName: 's', ConsumerName: 'c' }])
})
