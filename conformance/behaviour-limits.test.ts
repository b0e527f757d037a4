import assert from 'node:assert/strict'
import { ManualClock } from 'millrace'
import { assertError } from './harness/answers.ts'
import { docs, observed } from './harness/cases.ts'
import { base64, firstShard, Kinesis, uniqueName } from './harness/kinesis.ts'
import { onlyLocal } from './harness/target.ts'

/* AWS's limits and times on a clock that the cases move: five minutes pass at once. */

const clock = new ManualClock()
const kinesis = new Kinesis({ limits: 'aws', clock, transitionMs: 10 })

async function stream(input = {}): Promise<string> {
  const name = uniqueName()
  await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1, ...input })
  await clock.advance(5000) // becomes ACTIVE, and every limit has room again
  return name
}

const rateExceeded = /^Rate exceeded for shard shardId-000000000000 in stream \S+ under account \d{12}\.$/
const entries = (count: number, bytes = 1) =>
  Array.from({ length: count }, () => ({ Data: Buffer.alloc(bytes).toString('base64'), PartitionKey: 'k' }))

docs(
  'a shard takes 1000 records a second, and PutRecords fails the others one by one in their places',
  async () => {
    const name = await stream()
    const put = (count: number) => kinesis.call('PutRecords', { StreamName: name, Records: entries(count) })
    assert.equal((await put(500)).FailedRecordCount, 0)
    assert.equal((await put(490)).FailedRecordCount, 0)
    const { FailedRecordCount, Records } = await put(20)
    assert.deepEqual([FailedRecordCount, Records.length], [10, 20])
    for (const failed of Records.slice(10)) {
      assert.equal(failed.ErrorCode, 'ProvisionedThroughputExceededException')
      assert.match(failed.ErrorMessage, rateExceeded)
      assert.deepEqual([failed.SequenceNumber, failed.ShardId], [undefined, undefined])
    }
    await clock.advance(1000)
    assert.equal((await put(500)).FailedRecordCount, 0)
  },
  onlyLocal,
)

observed(
  'PutRecord above the rate is ProvisionedThroughputExceededException with the shard named',
  async () => {
    const name = await stream()
    await kinesis.call('PutRecords', { StreamName: name, Records: entries(500) })
    await kinesis.call('PutRecords', { StreamName: name, Records: entries(500) })
    const answer = await kinesis.ask('PutRecord', { StreamName: name, PartitionKey: 'k', Data: base64('x') })
    assertError(answer, 'ProvisionedThroughputExceededException', rateExceeded)
  },
  onlyLocal,
)

docs(
  'a shard takes one mebibyte a second',
  async () => {
    const name = await stream()
    const { FailedRecordCount } = await kinesis.call('PutRecords', {
      StreamName: name,
      Records: entries(5, 256 * 1024 - 1),
    })
    assert.equal(FailedRecordCount, 1)
  },
  onlyLocal,
)

docs(
  'a shard answers five GetRecords a second',
  async () => {
    const name = await stream()
    const ShardIterator = await kinesis.iterator(name)
    for (let i = 0; i < 5; i++) await kinesis.call('GetRecords', { ShardIterator })
    assertError(
      await kinesis.ask('GetRecords', { ShardIterator }),
      'ProvisionedThroughputExceededException',
      rateExceeded,
    )
    await clock.advance(1000)
    await kinesis.call('GetRecords', { ShardIterator })
  },
  onlyLocal,
)

observed(
  'an iterator is good for five minutes, and expired after them',
  async () => {
    const name = await stream()
    const ShardIterator = await kinesis.iterator(name)
    await clock.advance(299_000)
    await kinesis.call('GetRecords', { ShardIterator })
    await clock.advance(2000)
    assertError(
      await kinesis.ask('GetRecords', { ShardIterator }),
      'ExpiredIteratorException',
      /^Iterator expired\. The iterator was created at time .* UTC \d{4} while right now it is .* which is further in the future than the tolerated delay of 300000 milliseconds\.$/,
    )
  },
  onlyLocal,
)

docs(
  'a ListShards token is good for 300 seconds',
  async () => {
    const name = await stream({ ShardCount: 2 })
    const { NextToken } = await kinesis.call('ListShards', { StreamName: name, MaxResults: 1 })
    await clock.advance(301_000)
    assertError(await kinesis.ask('ListShards', { NextToken }), 'ExpiredNextTokenException')
  },
  onlyLocal,
)

docs(
  'a record is gone when its retention has passed, and reading goes on behind it',
  async () => {
    const name = await stream()
    await kinesis.put(name, 'old')
    await clock.advance(23 * 3_600_000)
    await kinesis.put(name, 'young')
    assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), ['old', 'young'])
    await clock.advance(2 * 3_600_000)
    assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), ['young'])
  },
  onlyLocal,
)

docs(
  'MillisBehindLatest is the distance to the tip, and 0 when caught up',
  async () => {
    const name = await stream()
    await kinesis.put(name, 'a')
    await clock.advance(10_000)
    await kinesis.put(name, 'b')
    const ShardIterator = await kinesis.iterator(name)
    const first = await kinesis.call('GetRecords', { ShardIterator, Limit: 1 })
    assert.ok(first.MillisBehindLatest >= 10_000, `${first.MillisBehindLatest}`)
    const second = await kinesis.call('GetRecords', { ShardIterator: first.NextShardIterator })
    assert.equal(second.MillisBehindLatest, 0)
  },
  onlyLocal,
)

docs(
  'DescribeLimits answers once a second',
  async () => {
    await clock.advance(5000)
    await kinesis.call('DescribeLimits')
    assertError(await kinesis.ask('DescribeLimits', {}), 'LimitExceededException')
    await clock.advance(1000)
    await kinesis.call('DescribeLimits')
  },
  onlyLocal,
)

docs(
  'a stream passes through CREATING, and takes no records in it',
  async () => {
    const name = uniqueName()
    await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1 })
    const { StreamDescription } = await kinesis.call('DescribeStream', { StreamName: name })
    assert.deepEqual([StreamDescription.StreamStatus, StreamDescription.Shards], ['CREATING', []])
    const put = await kinesis.ask('PutRecord', { StreamName: name, PartitionKey: 'k', Data: '' })
    assert.ok(put.status === 400 && /^Resource/.test(put.body.__type), put.text)
    for (const ShardIteratorType of ['TRIM_HORIZON', 'LATEST'])
      assertError(
        await kinesis.ask('GetShardIterator', { StreamName: name, ShardId: firstShard, ShardIteratorType }),
        'ResourceNotFoundException',
        /^Shard shardId-000000000000 in stream .* does not exist$/,
      )
    await clock.advance(20)
    await kinesis.put(name, firstShard)
  },
  onlyLocal,
)

observed(
  'the shards of a stream are listed when it is ACTIVE or UPDATING',
  async () => {
    const name = uniqueName()
    await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1 })
    const refused = async (status: string) =>
      assertError(
        await kinesis.ask('ListShards', { StreamName: name }),
        'ResourceInUseException',
        new RegExp(`^Stream ${name} under account \\d{12} not ACTIVE or UPDATING, instead in state ${status}$`),
      )
    await refused('CREATING')
    await clock.advance(20)
    await kinesis.call('IncreaseStreamRetentionPeriod', { StreamName: name, RetentionPeriodHours: 48 })
    assert.equal((await kinesis.shards(name)).length, 1)
    await clock.advance(20)
    await kinesis.call('DeleteStream', { StreamName: name })
    await refused('DELETING')
  },
  onlyLocal,
)

observed(
  'a stream that is UPDATING is in use',
  async () => {
    const name = await stream()
    const split = { StreamName: name, ShardToSplit: firstShard, NewStartingHashKey: `${2n ** 127n}` }
    await kinesis.call('SplitShard', split)
    const answer = await kinesis.ask('SplitShard', split)
    assertError(answer, 'ResourceInUseException', /not ACTIVE, instead in state UPDATING$/)
    await clock.advance(20)
    assert.equal((await kinesis.shards(name)).length, 3)
  },
  onlyLocal,
)
