import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, LogNotFound } from '../../storage/log.ts'
import { streamsFixture } from './fixture.ts'
import { changed, logIdOf, retentionMsOf } from './stream.ts'

const hourMs = 3_600_000
const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

type Fixture = Awaited<ReturnType<typeof streamsFixture>>

const statusOf = ({ context }: Fixture, name = 's') => context.streams.find(name)?.status

/** A second process on the same storage and clock, as after a crash of the first. */
const reopened = async ({ clock, log, catalog }: Fixture) => {
  const fixture = await streamsFixture({ parts: { clock, log, catalog } })
  return { ...fixture, clock }
}

/** A promise that the test settles. */
function held<T = void>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Makes the next calls of one method fail, and counts all calls. */
function failing<Name extends string>(target: { [name in Name]: unknown }, name: Name, times: number) {
  const methods = target as Record<string, (...args: unknown[]) => unknown>
  const real = methods[name]!.bind(target)
  const calls = { count: 0 }
  methods[name] = async (...args) => {
    if (++calls.count <= times) throw new Error('the disk is away')
    return real(...args)
  }
  return calls
}

async function splitStream(fixture: Fixture) {
  await fixture.activeStream('s')
  await fixture.call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: '1000' })
  await fixture.clock.advance(50)
  assert.equal(statusOf(fixture), 'ACTIVE')
  return fixture.context.streams.get('s')
}

test('a stream is CREATING until its time has come, then ACTIVE with a log for each shard', async () => {
  const fixture = await streamsFixture()
  const { call, clock, context, log } = fixture
  await call('CreateStream', { StreamName: 's', ShardCount: 2 })
  await clock.advance(49)
  assert.equal(statusOf(fixture), 'CREATING')
  await clock.advance(1)
  assert.equal(statusOf(fixture), 'ACTIVE')
  const stream = context.streams.get('s')
  for (const index of [0, 1]) assert.deepEqual(await log.bounds(logIdOf(stream, index)), { start: 0, end: 0 })
  await fixture.service.stop()
})

test('a deleted stream takes its logs and consumers with it', async () => {
  const fixture = await streamsFixture()
  const { activeStream, call, catalog, clock, context, log } = fixture
  await activeStream('s')
  const stream = context.streams.get('s')
  await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c' })
  await call('DeleteStream', { StreamName: 's', EnforceConsumerDeletion: true })
  await clock.advance(50)
  assert.equal(statusOf(fixture), undefined)
  assert.deepEqual(catalog.list('consumer/'), [])
  await assert.rejects(log.bounds(logIdOf(stream, 0)), LogNotFound)
})

test('what was pending when the process ended is finished by the next one', async () => {
  const first = await streamsFixture()
  await first.activeStream('deleted')
  await first.activeStream('updated')
  await first.call('CreateStream', { StreamName: 'created', ShardCount: 1 })
  await first.call('DeleteStream', { StreamName: 'deleted' })
  await first.call('IncreaseStreamRetentionPeriod', { StreamName: 'updated', RetentionPeriodHours: 48 })
  await first.call('RegisterStreamConsumer', { StreamARN: StreamARN.replace(/s$/, 'updated'), ConsumerName: 'c' })
  await first.service.stop()
  await first.clock.advance(1000)
  assert.equal(statusOf(first, 'created'), 'CREATING')

  const next = await reopened(first)
  await next.clock.advance(0)
  assert.deepEqual(
    ['created', 'deleted', 'updated'].map((name) => statusOf(next, name)),
    ['ACTIVE', undefined, 'ACTIVE'],
  )
  assert.equal(next.context.consumers.ofStream(next.context.streams.get('updated'))[0]?.status, 'ACTIVE')
})

test('work that a crash cut off after the logs and before the catalog is done again', async () => {
  for (const operation of ['create', 'delete'] as const) {
    const first = await streamsFixture()
    if (operation === 'delete') await first.activeStream('s', 2)
    else await first.call('CreateStream', { StreamName: 's', ShardCount: 2 })
    if (operation === 'delete') await first.call('DeleteStream', { StreamName: 's' })
    const change = operation === 'create' ? 'put' : 'delete'
    const real = first.catalog[change]
    failing(first.catalog, change, Number.POSITIVE_INFINITY)
    await first.clock.advance(50)
    await first.service.stop()
    first.catalog[change] = real as never
    const next = await reopened(first)
    await next.clock.advance(0)
    assert.equal(statusOf(next), operation === 'create' ? 'ACTIVE' : undefined, operation)
  }
})

test('storage that fails once is asked again a second later', async () => {
  const fixture = await streamsFixture()
  const { call, clock, log } = fixture
  const calls = failing(log, 'create', 1)
  await call('CreateStream', { StreamName: 's', ShardCount: 1 })
  await clock.advance(50)
  assert.deepEqual([calls.count, statusOf(fixture)], [1, 'CREATING'])
  await clock.advance(999)
  assert.equal(calls.count, 1)
  await clock.advance(1)
  assert.deepEqual([calls.count, statusOf(fixture)], [2, 'ACTIVE'])
})

test('a consumer that changes does not bring the retry of another one forward', async () => {
  const { activeStream, call, clock, context } = await streamsFixture()
  await activeStream('s')
  const calls = { count: 0 }
  const complete = context.consumers.complete.bind(context.consumers)
  context.consumers.complete = async (consumer) => {
    if (consumer.name === 'failing' && ++calls.count <= 1) throw new Error('the disk is away')
    return complete(consumer)
  }
  const register = (ConsumerName: string) => call('RegisterStreamConsumer', { StreamARN, ConsumerName })
  await register('failing')
  await clock.advance(50)
  assert.equal(calls.count, 1)
  await register('other')
  await clock.advance(500)
  assert.equal(calls.count, 1)
  const stream = context.streams.get('s')
  assert.equal(context.consumers.find(stream, 'other')?.status, 'ACTIVE')
  await clock.advance(500)
  assert.equal(context.consumers.find(stream, 'failing')?.status, 'ACTIVE')
})

test('storage that hangs for one stream does not hold up another, and stop waits for it', async () => {
  const fixture = await streamsFixture()
  const { call, clock, context, log, service } = fixture
  const disk = held()
  const create = log.create.bind(log)
  await call('CreateStream', { StreamName: 'hanging', ShardCount: 1 })
  const slow = logIdOf(context.streams.get('hanging'), 0)
  log.create = async (logId, options) => {
    if (logId === slow) await disk.promise
    return create(logId, options)
  }
  await clock.advance(50)
  await call('CreateStream', { StreamName: 's', ShardCount: 1 })
  await clock.advance(50)
  assert.deepEqual([statusOf(fixture, 'hanging'), statusOf(fixture)], ['CREATING', 'ACTIVE'])
  let isStopped = false
  const stopped = service.stop().then(() => {
    isStopped = true
  })
  await clock.advance(0)
  assert.equal(isStopped, false)
  disk.resolve()
  await stopped
  assert.equal(statusOf(fixture, 'hanging'), 'ACTIVE')
})

test('a stream that is deleted while it is being made leaves no log behind', async () => {
  const fixture = await streamsFixture()
  const { call, clock, context, log } = fixture
  const disk = held()
  const create = log.create.bind(log)
  log.create = async (logId, options) => {
    await disk.promise
    return create(logId, options)
  }
  await call('CreateStream', { StreamName: 's', ShardCount: 1 })
  const stream = context.streams.get('s')
  await clock.advance(50)
  await call('DeleteStream', { StreamName: 's' })
  await clock.advance(1000)
  assert.equal(statusOf(fixture), 'DELETING')
  disk.resolve()
  await clock.advance(0)
  assert.equal(statusOf(fixture), undefined)
  await assert.rejects(log.bounds(logIdOf(stream, 0)), LogNotFound)
})

test('a stream that is gone when its work is done is no failure', async () => {
  const logged: string[] = []
  const fixture = await streamsFixture({ parts: { logger: { log: (_level, message) => void logged.push(message) } } })
  const { activeStream, call, clock, context, log } = fixture
  await activeStream('s')
  const configure = log.configure.bind(log)
  log.configure = async (logId, options) => {
    await configure(logId, options)
    await context.streams.remove(context.streams.get('s'))
  }
  await call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 48 })
  await clock.advance(5000)
  assert.equal(statusOf(fixture), undefined)
  assert.deepEqual(logged, [])
})

test('a closed shard and its log are gone once its last record is past the retention', async () => {
  const fixture = await streamsFixture()
  const { clock, context, log } = fixture
  const stream = await splitStream(fixture)
  await log.append(logIdOf(stream, 1), batchOf([Buffer.from('kept open')]))
  await clock.advance(24 * hourMs - 51)
  assert.equal(context.streams.get('s').shards.length, 3)
  await clock.advance(51)
  assert.deepEqual(
    context.streams.get('s').shards.map(({ index }) => index),
    [1, 2],
  )
  await assert.rejects(log.bounds(logIdOf(stream, 0)), LogNotFound)
})

test('a clock that is set a year ahead takes no record of a closed shard along', async () => {
  const fixture = await streamsFixture()
  const { clock, context, log } = fixture
  await fixture.activeStream('s')
  await fixture.call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from('kept') })
  await fixture.call('SplitShard', {
    StreamName: 's',
    ShardToSplit: 'shardId-000000000000',
    NewStartingHashKey: String(2n ** 127n),
  })
  await clock.advance(50)
  const before = clock.nowMs()
  clock.setWallClock(before + 365 * 24 * hourMs)
  await clock.advance(2 * hourMs)
  clock.setWallClock(before + 2 * hourMs)
  const stream = context.streams.get('s')
  assert.deepEqual(await log.bounds(logIdOf(stream, 0)), { start: 0, end: 1 })
  assert.equal(stream.shards.length, 3)
  await clock.advance(24 * hourMs)
  assert.deepEqual(await log.bounds(logIdOf(stream, 0)), { start: 1, end: 1 })
})

test('a closed shard whose log went in a crash goes when the settings change, and the stream is ACTIVE', async () => {
  const fixture = await streamsFixture()
  const { call, clock, context, log } = fixture
  const stream = await splitStream(fixture)
  await log.delete(logIdOf(stream, 0))
  await call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 48 })
  await clock.advance(50)
  assert.equal(statusOf(fixture), 'ACTIVE')
  assert.deepEqual(
    context.streams.get('s').shards.map(({ index }) => index),
    [1, 2],
  )
})

test('work that came while other work was being done is not lost', async () => {
  const fixture = await streamsFixture()
  const { activeStream, call, clock, context, log } = fixture
  await activeStream('s')
  const configure = log.configure.bind(log)
  const disk = held()
  log.configure = async (logId, options) => {
    await disk.promise
    return configure(logId, options)
  }
  await call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 48 })
  await clock.advance(50)
  await context.streams.update('s', (stream) => changed(stream, { tags: new Map([['a', 'b']]) }))
  disk.resolve()
  await clock.advance(0)
  const stream = context.streams.get('s')
  assert.deepEqual([stream.status, [...stream.tags], retentionMsOf(stream)], ['ACTIVE', [['a', 'b']], 48 * hourMs])
})

test('nothing is done after stop', async () => {
  const fixture = await streamsFixture()
  await fixture.call('CreateStream', { StreamName: 's', ShardCount: 1 })
  await fixture.service.stop()
  await fixture.clock.advance(hourMs)
  assert.equal(statusOf(fixture), 'CREATING')
})
