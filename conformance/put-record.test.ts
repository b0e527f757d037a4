import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { assertError } from './harness/answers.ts'
import { docs, observed, sdk, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { firstShard, Kinesis } from './harness/kinesis.ts'
import { boolean, data, hashKey, partitionKey, sequenceNumber, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'PutRecord', {
  required: { Data: data },
  optional: {
    StreamName: streamName,
    StreamARN: streamArn,
    PartitionKey: partitionKey,
    ExplicitHashKey: hashKey,
    SequenceNumberForOrdering: sequenceNumber,
    DryRun: boolean,
  },
  findsStream: 'StreamName',
})

sdk('PutRecord answers shard and sequence number, and no EncryptionType on a plain stream', async (t) => {
  const { name } = await kinesis.stream(t)
  const answer = await kinesis.put(name, 'hello')
  assert.deepEqual(new Set(Object.keys(answer)), new Set(['SequenceNumber', 'ShardId']))
  assert.equal(answer.ShardId, firstShard)
})

observed('sequence numbers have 56 digits in the range of version 2, and rise within a shard', async (t) => {
  const { name } = await kinesis.stream(t)
  let last = 0n
  for (let i = 0; i < 5; i++) {
    const { SequenceNumber } = await kinesis.put(name, `${i}`)
    assert.match(SequenceNumber, /^49\d{54}$/)
    const number = BigInt(SequenceNumber)
    assert.ok(number > last && number > 2n ** 185n && number < 3n * 2n ** 184n)
    assert.equal(number & 0xfn, 2n, 'the last digit is the version')
    last = number
  }
})

docs('a record goes to the shard whose range holds the MD5 of its key', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 3 })
  const shards = await kinesis.shards(name)
  for (const PartitionKey of ['a', 'b', 'c', 'zürich', '日本', 'x'.repeat(256)]) {
    const hash = BigInt(`0x${createHash('md5').update(PartitionKey).digest('hex')}`)
    const { ShardId } = await kinesis.put(name, 'x', { PartitionKey })
    const { HashKeyRange } = shards.find((shard) => shard.ShardId === ShardId)
    assert.ok(BigInt(HashKeyRange.StartingHashKey) <= hash && hash <= BigInt(HashKeyRange.EndingHashKey))
  }
})

docs('an ExplicitHashKey goes before the key', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 2 })
  const shards = [`${0n}`, `${2n ** 127n - 1n}`, `${2n ** 127n}`, `${2n ** 128n - 1n}`]
  const found = []
  for (const ExplicitHashKey of shards) found.push((await kinesis.put(name, 'x', { ExplicitHashKey })).ShardId.at(-1))
  assert.deepEqual(found, ['0', '0', '1', '1'])
})

observed('an ExplicitHashKey of 2^128 is outside the range', async (t) => {
  const { name } = await kinesis.stream(t)
  const input = { StreamName: name, Data: '', PartitionKey: 'k', ExplicitHashKey: `${2n ** 128n}` }
  assertError(
    await kinesis.ask('PutRecord', input),
    'InvalidArgumentException',
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${2n ** 128n}`,
  )
})

observed('a record may be empty', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, '')
  assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), [''])
})

docs('a record of one mebibyte with its key is taken, a byte more is not', async (t) => {
  const { name } = await kinesis.stream(t)
  const input = (bytes: number) => ({
    StreamName: name,
    PartitionKey: 'k',
    Data: Buffer.alloc(bytes).toString('base64'),
  })
  assert.equal((await kinesis.ask('PutRecord', input(1_048_575))).status, 200)
  assertError(await kinesis.ask('PutRecord', input(1_048_576)), 'ValidationException')
})

docs('MaxRecordSizeInKiB lets larger records in', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 1, MaxRecordSizeInKiB: 2048 })
  const Data = Buffer.alloc(2_000_000, 7).toString('base64')
  assert.equal((await kinesis.ask('PutRecord', { StreamName: name, PartitionKey: 'k', Data })).status, 200)
})

observed('DryRun on a request that would succeed says so and writes nothing', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await kinesis.ask('PutRecord', { StreamName: name, Data: '', PartitionKey: 'k', DryRun: true }),
    'DryRunOperationException',
    'DryRunOperation validation succeeded while calling PutRecord operation.: Request would have succeeded, but ' +
      'DryRun flag is set.',
  )
  assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), [])
})

sdk('a PartitionKey must be there unless the stream distributes by itself', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(await kinesis.ask('PutRecord', { StreamName: name, Data: '' }), 'ValidationException', /partitionKey/)
})

observed('a SequenceNumberForOrdering that was given out is taken, and the answer is above it', async (t) => {
  const { name } = await kinesis.stream(t)
  const { SequenceNumber } = await kinesis.put(name, 'a')
  const next = await kinesis.put(name, 'b', { SequenceNumberForOrdering: SequenceNumber })
  assert.ok(BigInt(next.SequenceNumber) > BigInt(SequenceNumber))
})

observed('a SequenceNumberForOrdering of an unknown version is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  const { SequenceNumber } = await kinesis.put(name, 'a')
  const SequenceNumberForOrdering = `${BigInt(SequenceNumber) + 1n}`
  const input = { StreamName: name, Data: '', PartitionKey: 'k', SequenceNumberForOrdering }
  assertError(await kinesis.ask('PutRecord', input), 'InvalidArgumentException', /^ExclusiveMinimumSequenceNumber /)
})

unverified('StreamName and StreamARN may both be sent when they agree', async (t) => {
  const { name, arn } = await kinesis.stream(t)
  await kinesis.put(name, 'a', { StreamARN: arn })
  const disagreeing = { StreamName: 'other', StreamARN: arn, Data: '', PartitionKey: 'k' }
  assertError(await kinesis.ask('PutRecord', disagreeing), 'InvalidArgumentException')
})
