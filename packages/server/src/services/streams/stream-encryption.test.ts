import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EncryptionContext, type KeyRefusal, KeyRefused, type LogKeys } from '../../core/ports/keys.ts'
import type { LogOptions } from '../../storage/log.ts'
import { MemoryLog } from '../../storage/memory/memory-log.ts'
import { streamsFixture } from './fixture.ts'
import { dataKeyLifeMs } from './stream-keys.ts'

const hourMs = 3_600_000
const key = { StreamName: 's', EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }

/** Keys that only count, and refuse when they are told to. */
class CountedKeys implements LogKeys {
  readonly made: { keyId: string; owner: string; context: EncryptionContext }[] = []
  readonly kept = new Set<number>()
  refusal: KeyRefusal | undefined

  async create(keyId: string, owner: string, context: EncryptionContext) {
    await this.#answer()
    const dataKey = this.made.push({ keyId, owner, context })
    this.kept.add(dataKey)
    return { dataKey, keyArn: `arn:${keyId}` }
  }

  allow(): undefined | Promise<void> {
    return this.refusal ? this.#answer() : undefined
  }

  async remove(dataKey: number): Promise<void> {
    this.kept.delete(dataKey)
  }

  async forget(owner: string): Promise<void> {
    for (const [i, made] of this.made.entries()) if (made.owner === owner) this.kept.delete(i + 1)
  }

  async #answer(): Promise<void> {
    if (this.refusal) throw new KeyRefused(this.refusal, 'the words of the key service')
  }
}

/** What each log was told of data keys. */
class WatchedLog extends MemoryLog {
  readonly dataKeys = new Map<string, number | undefined>()

  override async create(logId: string, options: LogOptions): Promise<void> {
    this.dataKeys.set(logId.replace(/^.*\//, ''), options.dataKey)
    return super.create(logId, options)
  }

  override async configure(logId: string, options: Partial<LogOptions>): Promise<void> {
    this.dataKeys.set(logId.replace(/^.*\//, ''), options.dataKey)
    return super.configure(logId, options)
  }
}

async function fixture(options: Parameters<typeof streamsFixture>[0] = {}) {
  const keys = new CountedKeys()
  const plain = await streamsFixture()
  const log = new WatchedLog(plain.clock)
  const streams = await streamsFixture({ ...options, parts: { keys, log, clock: plain.clock } })
  const { clock } = plain
  const activeStream = async (name: string, shardCount = 1) => {
    await streams.call('CreateStream', { StreamName: name, ShardCount: shardCount })
    await clock.advance(1000)
  }
  const encrypted = async (shardCount = 1) => {
    await activeStream('s', shardCount)
    await streams.call('StartStreamEncryption', key)
    await clock.advance(1000)
  }
  const settled = async (operation: string, input: object) => {
    await streams.call(operation, input)
    await clock.advance(1000)
  }
  const records = async (shardIndex = 0) => {
    const ShardId = `shardId-00000000000${shardIndex}`
    const input = { StreamName: 's', ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    const { ShardIterator } = await streams.call('GetShardIterator', input)
    return (await streams.call('GetRecords', { ShardIterator })).Records
  }
  const put = (PartitionKey = 'p') =>
    streams.call('PutRecord', { StreamName: 's', Data: Buffer.from('d'), PartitionKey })
  return { ...streams, clock, keys, log, activeStream, encrypted, settled, records, put }
}

test('encryption is there once the stream is ACTIVE again, with the key as it was named, and not before', async () => {
  const { call, clock, keys, activeStream, log } = await fixture()
  await activeStream('s', 2)
  const summary = async () => (await call('DescribeStreamSummary', { StreamName: 's' })).StreamDescriptionSummary
  await call('StartStreamEncryption', key)
  const during = await summary()
  assert.deepEqual([during.StreamStatus, during.EncryptionType, during.KeyId], ['UPDATING', 'NONE', undefined])
  await clock.advance(1000)
  const after = await summary()
  assert.deepEqual([after.StreamStatus, after.EncryptionType, after.KeyId], ['ACTIVE', 'KMS', key.KeyId])
  assert.deepEqual([...log.dataKeys.values()], [1, 1])
  assert.deepEqual(keys.made[0]!.context, { 'aws:kinesis:arn': 'arn:aws:kinesis:us-east-1:000000000000:stream/s' })
})

test('each record says how it was stored, and each answer how it is stored', async () => {
  const { call, settled, put, records, activeStream } = await fixture()
  await activeStream('s')
  assert.equal((await put()).EncryptionType, undefined)
  await settled('StartStreamEncryption', key)
  assert.equal((await put()).EncryptionType, 'KMS')
  const batch = { StreamName: 's', Records: [{ Data: Buffer.from('d'), PartitionKey: 'p' }] }
  assert.equal((await call('PutRecords', batch)).EncryptionType, 'KMS')
  await settled('StopStreamEncryption', key)
  assert.equal((await put()).EncryptionType, undefined)
  assert.deepEqual(
    (await records()).map((record: { EncryptionType?: string }) => record.EncryptionType),
    [undefined, 'KMS', 'KMS', undefined],
  )
})

test('shards that come later are sealed by the same key, whatever makes them', async () => {
  const { settled, encrypted, log } = await fixture()
  await encrypted()
  const NewStartingHashKey = (2n ** 127n).toString()
  await settled('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey })
  await settled('UpdateShardCount', { StreamName: 's', TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' })
  await settled('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 48 })
  assert.ok(log.dataKeys.size > 5)
  assert.deepEqual(new Set(log.dataKeys.values()), new Set([1]))
  await settled('StopStreamEncryption', key)
  assert.deepEqual(new Set(log.dataKeys.values()), new Set([0]))
})

test('each refusal of the key service is an exception of its own, for puts and for reads', async () => {
  const { call, keys, encrypted, put, records } = await fixture()
  await encrypted()
  await put()
  const expected = {
    'access denied': 'KMSAccessDeniedException',
    disabled: 'KMSDisabledException',
    'invalid state': 'KMSInvalidStateException',
    'not found': 'KMSNotFoundException',
    'opt-in required': 'KMSOptInRequired',
    throttled: 'KMSThrottlingException',
    unreachable: 'InternalFailure',
  } as const
  for (const [refusal, code] of Object.entries(expected)) {
    keys.refusal = refusal as KeyRefusal
    const message = refusal === 'unreachable' ? 'Internal Service Failure' : 'the words of the key service'
    await assert.rejects(put(), { code, message })
    await assert.rejects(records(), { code })
    await assert.rejects(call('StartStreamEncryption', key), { code })
    assert.equal((await call('DescribeStream', { StreamName: 's' })).StreamDescription.StreamStatus, 'ACTIVE')
  }
  keys.refusal = undefined
  assert.equal((await records()).length, 1)
})

test('a key that is refused does not keep records from their readers that are not encrypted', async () => {
  const { keys, settled, put, records, activeStream } = await fixture()
  await activeStream('s')
  await put()
  await settled('StartStreamEncryption', key)
  keys.refusal = 'disabled'
  assert.equal((await records()).length, 1)
})

test('a stream takes another key 25 times a day', async () => {
  const { call, clock, settled, activeStream } = await fixture({ limits: { encryptionUpdatesPerDay: 25 } })
  await activeStream('s')
  for (let i = 0; i < 25; i++) await settled(i % 3 === 2 ? 'StopStreamEncryption' : 'StartStreamEncryption', key)
  for (const operation of ['StartStreamEncryption', 'StopStreamEncryption'])
    await assert.rejects(call(operation, key), { code: 'LimitExceededException' })
  await clock.advance(24 * hourMs)
  await settled('StartStreamEncryption', key)
})

test('a data key is replaced after a day, and forgotten when its last records are past the retention', async () => {
  const { clock, keys, encrypted, log } = await fixture()
  await encrypted()
  await clock.advance(dataKeyLifeMs)
  assert.deepEqual([...log.dataKeys.values()], [2])
  assert.deepEqual([...keys.kept], [1, 2])
  await clock.advance(3 * dataKeyLifeMs)
  assert.ok(!keys.kept.has(1), 'a day of retention and one more are over')
  assert.ok(keys.kept.has(log.dataKeys.values().next().value!))
})

test('a stream goes on with its old data key while there is no new one to be had', async () => {
  const { clock, context, keys, encrypted, put } = await fixture()
  await encrypted()
  await clock.advance(dataKeyLifeMs / 2)
  keys.refusal = 'throttled'
  await clock.advance(dataKeyLifeMs)
  assert.equal(context.streams.get('s').encryption?.dataKey, 1)
  keys.refusal = undefined
  await put()
  await clock.advance(300_000)
  assert.equal(context.streams.get('s').encryption?.dataKey, 2)
})

test('a stream that is deleted takes its data keys along', async () => {
  const { keys, encrypted, settled } = await fixture()
  await encrypted()
  await settled('StartStreamEncryption', { ...key, KeyId: 'alias/other' })
  assert.deepEqual([...keys.kept], [1, 2])
  await settled('DeleteStream', { StreamName: 's' })
  assert.deepEqual([...keys.kept], [])
})

test('what was begun goes on after a crash', async () => {
  const { call, catalog, clock, keys, log, activeStream, service } = await fixture()
  await activeStream('s')
  await call('StartStreamEncryption', key)
  await service.stop()
  const again = await streamsFixture({ parts: { catalog, clock, keys, log } })
  await clock.advance(1000)
  assert.equal(again.context.streams.get('s').encryption?.dataKey, 1)
  assert.deepEqual([...log.dataKeys.values()], [1])
})
