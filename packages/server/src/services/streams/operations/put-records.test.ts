import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RecordLog, RunOutcomes, StorageBusy, StorageFailed } from '../../../storage/log.ts'
import { awsLimits } from '../limits.ts'
import { completeResharding } from '../resharding.ts'
import { reshardingFixture } from '../resharding-fixture.ts'
import { changed, logIdOf } from '../stream.ts'

const record = (PartitionKey: string, text = '') => ({ PartitionKey, Data: Buffer.from(text) })
const half = 2n ** 127n

// biome-ignore lint/suspicious/noExplicitAny: outputs of every shape
type Call = (name: string, input: unknown) => Promise<any>

async function readAll(call: Call, ShardId: string) {
  const { ShardIterator } = await call('GetShardIterator', {
    StreamName: 's',
    ShardId,
    ShardIteratorType: 'TRIM_HORIZON',
  })
  const { Records } = await call('GetRecords', { ShardIterator })
  return Records as { PartitionKey?: string; Data: Uint8Array; SequenceNumber: string }[]
}

test('a record goes to the shard of its hash key, and comes back with key, data and sequence number', async () => {
  const { call } = await reshardingFixture({ shardCount: 2 })
  const { FailedRecordCount, Records } = await call('PutRecords', {
    StreamName: 's',
    Records: [
      { ...record('naïve', 'upper'), ExplicitHashKey: `${half}` },
      { ...record('b', 'lower'), ExplicitHashKey: `${half - 1n}` },
      { ...record('c', 'upper again'), ExplicitHashKey: `${2n * half - 1n}` },
    ],
  })
  assert.equal(FailedRecordCount, 0)
  assert.deepEqual(
    Records.map(({ ShardId }: { ShardId: string }) => ShardId),
    ['shardId-000000000001', 'shardId-000000000000', 'shardId-000000000001'],
  )
  const upper = await readAll(call, 'shardId-000000000001')
  assert.deepEqual(
    upper.map(({ PartitionKey, Data, SequenceNumber }) => [PartitionKey, Buffer.from(Data).toString(), SequenceNumber]),
    [
      ['naïve', 'upper', Records[0].SequenceNumber],
      ['c', 'upper again', Records[2].SequenceNumber],
    ],
  )
})

test('without PartitionKey a record is refused, and nothing of the request is written', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  await assert.rejects(call('PutRecords', { StreamName: 's', Records: [record('a'), { Data: Buffer.of() }] }), {
    code: 'ValidationException',
    message:
      "1 validation error detected: Value null at 'records.2.member.partitionKey' failed to satisfy constraint: " +
      'Member must not be null',
  })
  assert.deepEqual(await readAll(call, '0'), [])
})

test('an AUTO stream needs no key, gives none back, and spreads records over its shards', async () => {
  const { call, context } = await reshardingFixture({ shardCount: 4 })
  await context.streams.update('s', (s) => changed(s, { mode: 'ON_DEMAND', distributionStrategy: 'AUTO' }))
  const { Records } = await call('PutRecords', { StreamName: 's', Records: Array(8).fill({ Data: Buffer.from('x') }) })
  const shardIds = Records.map(({ ShardId }: { ShardId: string }) => ShardId)
  assert.equal(new Set(shardIds.slice(0, 4)).size, 4)
  assert.equal((await readAll(call, shardIds[0]))[0]!.PartitionKey, undefined)
})

test('key and data together may fill the stream’s record size, and not a byte more', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  const full = { PartitionKey: 'key', Data: Buffer.alloc(1024 * 1024 - 3) }
  await call('PutRecord', { StreamName: 's', ...full })
  await assert.rejects(call('PutRecord', { StreamName: 's', ...full, PartitionKey: 'keys' }), {
    code: 'ValidationException',
  })
})

test('a request of more than 10 MiB is refused whole', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  const Records = Array.from({ length: 11 }, () => ({ PartitionKey: 'k', Data: Buffer.alloc(1_000_000) }))
  await assert.rejects(call('PutRecords', { StreamName: 's', Records }), { code: 'InvalidArgumentException' })
})

test('an ExplicitHashKey above 2^128 - 1 is refused', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  await assert.rejects(
    call('PutRecord', { StreamName: 's', ...record('k'), ExplicitHashKey: `${2n ** 128n}` }),
    /must be in the range: \[0, 2\^128-1\]/,
  )
})

test('above 1,000 records a second the rest of a request is throttled, record by record and in order', async () => {
  const { call, clock, counted } = await reshardingFixture({ shardCount: 1, limits: awsLimits })
  const put = () => call('PutRecords', { StreamName: 's', Records: Array.from({ length: 400 }, () => record('k')) })
  await put()
  await put()
  const { FailedRecordCount, Records } = await put()
  assert.equal(FailedRecordCount, 200)
  assert.ok(Records[199].SequenceNumber)
  assert.deepEqual(Records[200], {
    ErrorCode: 'ProvisionedThroughputExceededException',
    ErrorMessage: 'Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.',
  })
  assert.equal(counted.find(({ metric }) => metric === 'WriteProvisionedThroughputExceeded')?.value, 200)
  assert.equal((await readAll(call, '0')).length, 1000)
  await clock.advance(1000)
  assert.equal((await put()).FailedRecordCount, 0)
})

test('a throttled PutRecord fails as a whole, and bytes count with their keys', async () => {
  const { call } = await reshardingFixture({ shardCount: 1, limits: awsLimits })
  await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.alloc(1024 * 1024 - 1) })
  await assert.rejects(call('PutRecord', { StreamName: 's', ...record('k') }), {
    code: 'ProvisionedThroughputExceededException',
  })
})

test('DryRun checks and writes nothing', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  await assert.rejects(call('PutRecords', { StreamName: 's', Records: [record('k')], DryRun: true }), {
    code: 'DryRunOperationException',
  })
  await assert.rejects(call('PutRecord', { StreamName: 's', ...record('k'), DryRun: true }), /while calling PutRecord /)
  assert.deepEqual(await readAll(call, '0'), [])
})

test('SequenceNumberForOrdering may be any earlier number, and none from the future', async () => {
  const { call } = await reshardingFixture({ shardCount: 1 })
  const put = (SequenceNumberForOrdering?: string) =>
    call('PutRecord', { StreamName: 's', ...record('k'), SequenceNumberForOrdering })
  const { SequenceNumber } = await put()
  const second = await put(SequenceNumber)
  assert.ok(BigInt(second.SequenceNumber) > BigInt(SequenceNumber))
  await put('0')
  const inAnHour = BigInt(second.SequenceNumber) + (3600n << 36n)
  await assert.rejects(put(`${inAnHour + (5n << 80n)}`), /^InvalidArgumentException: ExclusiveMinimumSequenceNumber /)
})

test('SequenceNumberForOrdering may be that of a record which came before the clock went back', async () => {
  const { call, clock } = await reshardingFixture({ shardCount: 1 })
  const put = (SequenceNumberForOrdering?: string) =>
    call('PutRecord', { StreamName: 's', ...record('k'), SequenceNumberForOrdering })
  const { SequenceNumber } = await put()
  clock.setWallClock(clock.nowMs() - 10_000)
  const next = await put(SequenceNumber)
  assert.ok(BigInt(next.SequenceNumber) > BigInt(SequenceNumber))
  await assert.rejects(put(`${BigInt(SequenceNumber) + (5n << 80n)}`), { code: 'InvalidArgumentException' })
})

test('records whose shard was closed meanwhile wait for its children, keep their order, and none is lost', async () => {
  const { call, clock, context, current } = await reshardingFixture({ shardCount: 1 })
  await call('SplitShard', { StreamName: 's', ShardToSplit: '0', NewStartingHashKey: `${half}` })
  await context.log.close(logIdOf(current(), 0))
  const Records = ['1', '2', '3', '4'].map((text, i) => ({
    ...record(text, text),
    ExplicitHashKey: i % 2 ? `${half}` : '0',
  }))
  const put = call('PutRecords', { StreamName: 's', Records })
  await clock.advance(0)
  await completeResharding(context, current())
  const { FailedRecordCount } = await put
  assert.equal(FailedRecordCount, 0)
  const texts = async (shardId: string) =>
    (await readAll(call, shardId)).map(({ Data }) => Buffer.from(Data).toString()).join()
  assert.deepEqual([await texts('0'), await texts('1'), await texts('2')], ['', '1,3', '2,4'])
})

test('a shard that stays closed for ten seconds fails its records only', async () => {
  const { call, clock, context, current } = await reshardingFixture({ shardCount: 2 })
  await context.log.close(logIdOf(current(), 0))
  const put = call('PutRecords', {
    StreamName: 's',
    Records: ['0', `${half}`].map((ExplicitHashKey) => ({ ...record('k'), ExplicitHashKey })),
  })
  await clock.advance(10_000)
  const { FailedRecordCount, Records } = await put
  assert.equal(FailedRecordCount, 1)
  assert.deepEqual(Records[0], { ErrorCode: 'InternalFailure', ErrorMessage: 'Internal Service Failure' })
  assert.ok(Records[1].SequenceNumber)
})

function failAppends(log: { appendRuns: RecordLog['appendRuns'] }, error: Error): void {
  log.appendRuns = async ({ logs }) => {
    const outcomes = new RunOutcomes(logs.length)
    for (const run of logs.keys()) outcomes.fail(run, error)
    return outcomes
  }
}

test('a failure of storage is InternalFailure: for the record in PutRecords, 500 for PutRecord', async () => {
  const { call, context } = await reshardingFixture({ shardCount: 1 })
  failAppends(context.log, new StorageFailed('the disk is gone'))
  const { Records } = await call('PutRecords', { StreamName: 's', Records: [record('k')] })
  assert.deepEqual(Records, [{ ErrorCode: 'InternalFailure', ErrorMessage: 'Internal Service Failure' }])
  await assert.rejects(call('PutRecord', { StreamName: 's', ...record('k') }), { code: 'InternalFailure', status: 500 })
})

test('while too much waits for the disk, records are throttled: SDKs wait and try again', async () => {
  const { call, context, counted } = await reshardingFixture({ shardCount: 1 })
  failAppends(context.log, new StorageBusy())
  const { FailedRecordCount, Records } = await call('PutRecords', { StreamName: 's', Records: [record('k')] })
  assert.equal(FailedRecordCount, 1)
  assert.equal(Records[0].ErrorCode, 'ProvisionedThroughputExceededException')
  assert.equal(counted.find(({ metric }) => metric === 'WriteProvisionedThroughputExceeded')?.value, 1)
  await assert.rejects(call('PutRecord', { StreamName: 's', ...record('k') }), {
    code: 'ProvisionedThroughputExceededException',
    status: 400,
  })
})

test('a stream that is being made takes no records yet', async () => {
  const { call, context } = await reshardingFixture({ shardCount: 1 })
  await context.streams.update('s', (stream) => changed(stream, { status: 'CREATING' }))
  await assert.rejects(call('PutRecord', { StreamName: 's', ...record('k') }), {
    message: 'Stream s under account 000000000000 not found.',
  })
})

test('one request counts once: its bytes, records and failures', async () => {
  const { call, counted, context } = await reshardingFixture({ shardCount: 1 })
  await context.streams.update('s', (stream) => changed(stream, { shardLevelMetrics: ['IncomingBytes'] }))
  await call('PutRecords', { StreamName: 's', Records: [record('k', '12'), record('kk', '1')] })
  const values = Object.fromEntries(
    counted.map(({ metric, dimensions, value }) => [metric + (dimensions.ShardId ?? ''), value]),
  )
  assert.equal(values.IncomingBytes, 6)
  assert.equal(values.IncomingRecords, 2)
  assert.equal(values['IncomingBytesshardId-000000000000'], 6)
  assert.equal(values['IncomingRecordsshardId-000000000000'], undefined)
  assert.equal(values['PutRecords.SuccessfulRecords'], 2)
  assert.equal(values['PutRecords.FailedRecords'], 0)
})
