import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamPage, StreamSource } from '../../core/ports/streams.ts'
import { streamsFixture } from './fixture.ts'

const firstShard = 'shardId-000000000000'
const never = new AbortController().signal
const arnOf = (name: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`

/** Reads of a stream with one shard. */
async function readerFixture(options: Parameters<typeof streamsFixture>[0] = {}) {
  const fixture = await streamsFixture(options)
  await fixture.activeStream('s')
  const { reader } = fixture.service
  const put = (data: string, key = 'k') =>
    fixture.call('PutRecord', { StreamName: 's', Data: Buffer.from(data), PartitionKey: key })
  const read = (source: StreamSource, after: string, more: { waitMs?: number; recordsMax?: number } = {}) =>
    reader.read(source, firstShard, after, { bytesMax: 1024 * 1024, recordsMax: 10, waitMs: 0, ...more }, never)
  return { ...fixture, reader, put, read, source: reader.find(arnOf('s'))! }
}

const textsOf = ({ records }: StreamPage) => records.map(({ data }) => Buffer.from(data).toString())

test('records come with what GetRecords says of them, and reading goes on behind the last', async () => {
  const { clock, put, read, reader, source } = await readerFixture()
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  const { SequenceNumber } = await put('a', 'schlüssel')
  await put('b')
  const page = await read(source, start, { recordsMax: 1 })
  assert.deepEqual(page.records, [
    {
      sequenceNumber: SequenceNumber,
      partitionKey: 'schlüssel',
      data: page.records[0]!.data,
      offset: 0,
      arrivedAtMs: clock.nowMs(),
    },
  ])
  assert.deepEqual(textsOf(page), ['a'])
  const next = await read(source, page.after)
  assert.deepEqual(textsOf(next), ['b'])
  assert.equal(next.isAtEnd, false)
  assert.deepEqual(textsOf(await read(source, next.after)), [])
})

test('LATEST and AT_TIMESTAMP are sequence numbers, and mean the same place later', async () => {
  const { clock, put, read, reader, source } = await readerFixture()
  await put('old')
  const latest = await reader.position(source, firstShard, { type: 'LATEST' })
  await clock.advance(1000)
  const timestampMs = clock.nowMs()
  await put('new')
  const atTimestamp = await reader.position(source, firstShard, { type: 'AT_TIMESTAMP', timestampMs })
  assert.deepEqual(textsOf(await read(source, latest)), ['new'])
  assert.deepEqual(textsOf(await read(source, atTimestamp)), ['new'])
})

test('a page tells how many records were gone before it, once', async () => {
  const { clock, put, read, reader, source } = await readerFixture()
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  for (const text of ['a', 'b', 'c']) await put(text)
  const first = await read(source, start, { recordsMax: 1 })
  assert.deepEqual([textsOf(first), first.goneCount], [['a'], undefined])
  await clock.advance(25 * 3_600_000)
  const empty = await read(source, first.after)
  assert.deepEqual([textsOf(empty), empty.goneCount], [[], 2])
  await put('d')
  for (const [after, goneCount] of [
    [empty.after, undefined],
    [first.after, 2],
  ] as const) {
    const page = await read(source, after)
    assert.deepEqual([textsOf(page), page.goneCount], [['d'], goneCount])
  }
})

test('a read that waits ends with the first record', async () => {
  const { clock, put, read, reader, source } = await readerFixture()
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  const waiting = read(source, start, { waitMs: 60_000 })
  await clock.advance(30_000)
  await put('here')
  assert.deepEqual(textsOf(await waiting), ['here'])
})

test('a closed shard tells its end, and its children name it as parent', async () => {
  const { call, clock, put, read, reader, source } = await readerFixture()
  await put('a')
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  await call('SplitShard', { StreamName: 's', ShardToSplit: firstShard, NewStartingHashKey: '17' })
  await clock.advance(1000)
  const page = await read(source, start)
  assert.deepEqual([textsOf(page), page.isAtEnd], [['a'], true])
  assert.deepEqual(
    reader.shards(source).map(({ isOpen, parentShardIds }) => [isOpen, parentShardIds]),
    [
      [false, []],
      [true, [firstShard]],
      [true, [firstShard]],
    ],
  )
})

test('a stream that was made again is another source, and the old one is gone', async () => {
  const { activeStream, call, clock, read, reader, source } = await readerFixture()
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  await call('DeleteStream', { StreamName: 's' })
  await clock.advance(1000)
  assert.equal(reader.find(arnOf('s')), undefined)
  await activeStream('s')
  assert.notEqual(reader.find(arnOf('s'))!.streamId, source.streamId)
  assert.deepEqual(reader.shards(source), [])
  await assert.rejects(read(source, start), { code: 'ResourceNotFoundException' })
})

test('an ARN of another account, another region or another service names nothing', async () => {
  const { reader } = await readerFixture()
  assert.ok(reader.find(arnOf('s')))
  for (const arn of [
    arnOf('s').replace('000000000000', '111111111111'),
    arnOf('s').replace('us-east-1', 'us-west-2'),
    arnOf('s').replace('kinesis', 'firehose'),
    `${arnOf('s')}/consumer/nobody:1`,
    'rubbish',
  ])
    assert.equal(reader.find(arn), undefined, arn)
})

test('reads of a shared shard wait for the calls that the shard allows', async () => {
  const { clock, read, reader, source } = await readerFixture({ limits: { shardReadsPerSecond: 5 } })
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  let answered = 0
  for (let i = 0; i < 12; i++) void read(source, start).then(() => answered++)
  await clock.advance(0)
  assert.equal(answered, 5)
  await clock.advance(1000)
  assert.equal(answered, 10)
})

test('a read that the limits of its shard made wait says how often', async () => {
  const { clock, read, reader, source } = await readerFixture({ limits: { shardReadsPerSecond: 1 } })
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  assert.equal((await read(source, start)).throttledCount, undefined)
  const waiting = read(source, start)
  await clock.advance(1000)
  assert.equal((await waiting).throttledCount, 5)
})

test('a consumer reads with a throughput of its own, and holds the subscription to the shard', async () => {
  const limits = { shardReadsPerSecond: 1, consumerBytesOutPerSecond: 1024 }
  const { call, clock, put, read, reader } = await readerFixture({ limits })
  const { Consumer } = await call('RegisterStreamConsumer', { StreamARN: arnOf('s'), ConsumerName: 'c' })
  await clock.advance(1000)
  const source = reader.find(Consumer.ConsumerARN)!
  assert.equal(source.consumerName, 'c')
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  await put('x'.repeat(3000))
  assert.equal((await read(source, start)).records.length, 1)
  await assert.rejects(
    call('SubscribeToShard', {
      ConsumerARN: Consumer.ConsumerARN,
      ShardId: firstShard,
      StartingPosition: { Type: 'LATEST' },
    }),
    { code: 'ResourceInUseException' },
  )
  let isAnswered = false
  void read(source, start).then(() => {
    isAnswered = true
  })
  await clock.advance(1000)
  assert.equal(isAnswered, false, 'it still pays for three seconds of records')
  await clock.advance(2000)
  assert.equal(isAnswered, true)
})

test('who takes the subscription away holds up the other, who takes it back after five seconds', async () => {
  const { call, clock, read, reader, put } = await readerFixture()
  const { Consumer } = await call('RegisterStreamConsumer', { StreamARN: arnOf('s'), ConsumerName: 'c' })
  await clock.advance(1000)
  const source = reader.find(Consumer.ConsumerARN)!
  const start = await reader.position(source, firstShard, { type: 'TRIM_HORIZON' })
  await read(source, start)
  await put('a')
  await clock.advance(5000)
  const position = { Type: 'LATEST' }
  await call('SubscribeToShard', { ConsumerARN: Consumer.ConsumerARN, ShardId: firstShard, StartingPosition: position })
  const reading = read(source, start)
  await clock.advance(5000)
  assert.deepEqual(textsOf(await reading), ['a'])
})
