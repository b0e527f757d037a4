import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { assertError } from './harness/answers.ts'
import { observed, sdk } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { firstShard, type Input, Kinesis } from './harness/kinesis.ts'
import { boolean, iteratorType, sequenceNumber, shardId, streamArn, streamName, timestamp } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'GetShardIterator', {
  required: { ShardId: shardId, ShardIteratorType: iteratorType },
  optional: {
    StreamName: streamName,
    StreamARN: streamArn,
    StartingSequenceNumber: sequenceNumber,
    Timestamp: timestamp,
    DryRun: boolean,
  },
  findsStream: 'StreamName',
  notFound: /^Shard shardId-\d{12} in stream conformance-nowhere under account \d{12} does not exist$/,
})

const ask = (StreamName: string, ShardIteratorType: string, more: Input = {}) =>
  kinesis.ask('GetShardIterator', { StreamName, ShardId: firstShard, ShardIteratorType, ...more })

observed('a sequence number with TRIM_HORIZON or LATEST, or none where one is needed, is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  const rule =
    'Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) ' +
    'TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified '
  const { SequenceNumber: StartingSequenceNumber } = await kinesis.put(name, 'a')
  for (const type of ['TRIM_HORIZON', 'LATEST'])
    assertError(
      await ask(name, type, { StartingSequenceNumber }),
      'InvalidArgumentException',
      `${rule}${type} and also a StartingSequenceNumber.`,
    )
  for (const type of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'])
    assertError(await ask(name, type), 'InvalidArgumentException', `${rule}${type} and no StartingSequenceNumber.`)
})

observed('a sequence number of another shard is refused with both shards named', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 2 })
  const { SequenceNumber } = await kinesis.put(name, 'a', { ExplicitHashKey: `${2n ** 128n - 1n}` })
  assertError(
    await ask(name, 'AT_SEQUENCE_NUMBER', { StartingSequenceNumber: SequenceNumber }),
    'InvalidArgumentException',
    'Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in a call to a shard with ' +
      'shardId-000000000000',
  )
})

observed('a time in the future is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await ask(name, 'AT_TIMESTAMP', { Timestamp: Date.now() / 1000 + 3600 }),
    'InvalidArgumentException',
    /^The timestampInMillis parameter cannot be greater than the currentTimestampInMillis/,
  )
})

observed('AT_TIMESTAMP without a Timestamp is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(await ask(name, 'AT_TIMESTAMP'), 'InvalidArgumentException')
})

observed('a time before the first record reads from the first', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  assert.deepEqual(await kinesis.read(await kinesis.iterator(name, 'AT_TIMESTAMP', { Timestamp: 0 })), ['a'])
})

observed('AT_TIMESTAMP after the last record is answered, and reads nothing', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  await pause(20)
  const iterator = await kinesis.iterator(name, 'AT_TIMESTAMP', { Timestamp: (Date.now() - 1) / 1000 })
  assert.deepEqual(await kinesis.read(iterator), [])
})

observed('a shard that the stream does not have is not found', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await ask(name, 'LATEST', { ShardId: 'shardId-000000000005' }),
    'ResourceNotFoundException',
    /^Shard shardId-000000000005 in stream \S+ under account \d{12} does not exist$/,
  )
})

observed('a text that cannot be a shard id is not found in other words', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await ask(name, 'LATEST', { ShardId: 'nonsense' }),
    'ResourceNotFoundException',
    /^Could not find shard nonsense in stream \S+ under account \d{12}\.$/,
  )
})

observed('a shard may be named by its number alone', async (t) => {
  const { name } = await kinesis.stream(t)
  for (const ShardId of ['0', 'shardId-0', 'shard-000000000000'])
    assert.equal((await ask(name, 'LATEST', { ShardId })).status, 200, ShardId)
})

observed('an iterator is base64 of at most 512 characters', async (t) => {
  const { name } = await kinesis.stream(t)
  const iterator = await kinesis.iterator(name)
  assert.ok(iterator.length <= 512)
  assert.match(iterator, /^[A-Za-z0-9+/]+=*$/)
  assert.deepEqual([...Buffer.from(iterator, 'base64').subarray(0, 8)], [0, 0, 0, 0, 0, 0, 0, 1])
})

observed('AT and AFTER a sequence number begin at the record and behind it', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  const { SequenceNumber: StartingSequenceNumber } = await kinesis.put(name, 'b')
  await kinesis.put(name, 'c')
  const at = await kinesis.iterator(name, 'AT_SEQUENCE_NUMBER', { StartingSequenceNumber })
  const after = await kinesis.iterator(name, 'AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber })
  assert.deepEqual([await kinesis.read(at), await kinesis.read(after)], [['b', 'c'], ['c']])
})

observed("a shard's StartingSequenceNumber is a position although no record is there", async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  const [shard] = await kinesis.shards(name)
  const { StartingSequenceNumber } = shard.SequenceNumberRange
  const iterator = await kinesis.iterator(name, 'AT_SEQUENCE_NUMBER', { StartingSequenceNumber })
  assert.deepEqual(await kinesis.read(iterator), ['a'])
})

observed('LATEST sees only what comes after it', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  const iterator = await kinesis.iterator(name, 'LATEST')
  await kinesis.put(name, 'b')
  assert.deepEqual(await kinesis.read(iterator), ['b'])
})

sdk('DryRun gives no iterator', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(await ask(name, 'LATEST', { DryRun: true }), 'DryRunOperationException', /GetShardIterator operation/)
})
