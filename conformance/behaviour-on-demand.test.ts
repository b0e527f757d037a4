import assert from 'node:assert/strict'
import { ManualClock } from 'millrace'
import { assertError } from './harness/answers.ts'
import { docs, sdk, unverified } from './harness/cases.ts'
import { base64, firstShard, type Input, Kinesis, uniqueName } from './harness/kinesis.ts'
import { onlyLocal } from './harness/target.ts'

/*
 * The capacity of on-demand streams on a clock that the cases move: a month passes at once. Where a case has to send
 * what a stream takes in minutes, a kibibyte stands for a mebibyte.
 */

const clock = new ManualClock()
const kinesis = new Kinesis({ limits: 'aws', clock, transitionMs: 10 })

const small = { onDemandBytesInPerSecond: 4096, operationRates: false }
const capacityClock = new ManualClock()
const capacity = new Kinesis({ limits: small, clock: capacityClock, transitionMs: 10 })
const hotClock = new ManualClock()
const hot = new Kinesis({ limits: { ...small, shardBytesInPerSecond: 1024 }, clock: hotClock, transitionMs: 10 })

const onDemand = { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }
const minuteMs = 60_000
const dayMs = 24 * 3_600_000

async function make(on: Kinesis, time: ManualClock, input: Input = onDemand) {
  const name = uniqueName()
  await on.call('CreateStream', { StreamName: name, ...input })
  await time.advance(5000) // becomes ACTIVE, and every limit has room again
  const { StreamDescriptionSummary } = await on.call('DescribeStreamSummary', { StreamName: name })
  return { name, arn: StreamDescriptionSummary.StreamARN, summary: StreamDescriptionSummary }
}

/** A key in the middle of the `index`th quarter of all keys. */
const quarter = (index: number) => `${BigInt(2 * index + 1) * 2n ** 125n}`

const put = (on: Kinesis, StreamName: string, bytes: number, ExplicitHashKey = '0') =>
  on.ask('PutRecord', { StreamName, PartitionKey: 'k', Data: Buffer.alloc(bytes).toString('base64'), ExplicitHashKey })

docs(
  'a new on-demand stream has four open shards',
  async () => {
    const { summary } = await make(kinesis, clock)
    assert.deepEqual([summary.OpenShardCount, summary.StreamModeDetails.StreamMode], [4, 'ON_DEMAND'])
  },
  onlyLocal,
)

docs(
  'a new on-demand stream takes four mebibytes a second over its shards, and fails the other records',
  async () => {
    const { name } = await make(kinesis, clock)
    const Data = Buffer.alloc(512 * 1024 - 1).toString('base64')
    const Records = Array.from({ length: 12 }, (_, i) => ({ Data, PartitionKey: 'k', ExplicitHashKey: quarter(i % 4) }))
    for (let second = 0; second < 2; second++) {
      const { FailedRecordCount } = await kinesis.call('PutRecords', { StreamName: name, Records })
      assert.equal(FailedRecordCount, 4, `in second ${second}`)
      await clock.advance(1000)
    }
  },
  onlyLocal,
)

docs(
  'twice the peak is taken when the peak is 15 minutes old, and no more once it is 30 days old',
  async () => {
    const { name } = await make(capacity, capacityClock)
    // A record is taken whole, and paid for before the next one: each of these needs a minute at its rate.
    const fourKibibytesASecond = 240_000
    const doubled = 2 * fourKibibytesASecond
    async function takesDouble(): Promise<boolean> {
      assert.equal((await put(capacity, name, doubled)).status, 200)
      await capacityClock.advance(minuteMs)
      const next = await put(capacity, name, 1)
      await capacityClock.advance(5 * minuteMs)
      if (next.status !== 200) assertError(next, 'ProvisionedThroughputExceededException')
      return next.status === 200
    }
    for (let minute = 0; minute < 10; minute++) {
      assert.equal((await put(capacity, name, fourKibibytesASecond)).status, 200)
      await capacityClock.advance(minuteMs)
    }
    assert.equal(await takesDouble(), false)
    await capacityClock.advance(20 * minuteMs)
    assert.equal(await takesDouble(), true)
    await capacityClock.advance(31 * dayMs)
    assert.equal(await takesDouble(), false)
  },
  onlyLocal,
)

docs(
  'a shard above half of its rate is split within 15 minutes, and its reader goes on with the children',
  async () => {
    const { name } = await make(hot, hotClock)
    const isOpen = { ShardFilter: { Type: 'AT_LATEST' } }
    for (let minute = 0; minute < 17; minute++) {
      assert.equal((await put(hot, name, 36_000)).status, 200, `in minute ${minute}`)
      await hotClock.advance(minuteMs)
    }
    assert.equal((await put(hot, name, 1)).status, 200)
    await hotClock.advance(1000)
    const open = await hot.shards(name, isOpen)
    assert.deepEqual(
      open.map(({ ShardId, ParentShardId = '' }) => [ShardId, ParentShardId].map((id) => id.slice(-1)).join('<')),
      ['1<', '2<', '3<', '4<0', '5<0'],
    )
    const end = await hot.call('GetRecords', { ShardIterator: await hot.iterator(name) })
    assert.deepEqual([end.NextShardIterator, end.ChildShards.length], [undefined, 2])
  },
  onlyLocal,
)

docs(
  'a shard at less than half of its rate is not split',
  async () => {
    const { name } = await make(hot, hotClock)
    for (let minute = 0; minute < 40; minute++) {
      assert.equal((await put(hot, name, 24_000)).status, 200, `in minute ${minute}`)
      await hotClock.advance(minuteMs)
    }
    assert.equal((await hot.shards(name)).length, 4)
  },
  onlyLocal,
)

docs(
  'the mode of a stream is switched at most twice in 24 hours, and the shards stay',
  async () => {
    const { name, arn } = await make(kinesis, clock, { ShardCount: 2 })
    const to = (StreamMode: string) =>
      kinesis.ask('UpdateStreamMode', { StreamARN: arn, StreamModeDetails: { StreamMode } })
    for (const mode of ['ON_DEMAND', 'PROVISIONED']) {
      assert.equal((await to(mode)).status, 200)
      await clock.advance(1000)
    }
    assertError(await to('ON_DEMAND'), 'LimitExceededException')
    await clock.advance(dayMs)
    assert.equal((await to('ON_DEMAND')).status, 200)
    await clock.advance(1000)
    assert.equal((await kinesis.shards(name)).length, 2)
  },
  onlyLocal,
)

const byHand: readonly (readonly [operation: string, input: Input])[] = [
  ['SplitShard', { ShardToSplit: firstShard, NewStartingHashKey: '1000' }],
  ['MergeShards', { ShardToMerge: firstShard, AdjacentShardToMerge: 'shardId-000000000001' }],
  ['UpdateShardCount', { TargetShardCount: 8, ScalingType: 'UNIFORM_SCALING' }],
]
for (const [operation, input] of byHand)
  sdk(
    `${operation} of an on-demand stream is refused and changes nothing`,
    async () => {
      const { name } = await make(kinesis, clock)
      assertError(await kinesis.ask(operation, { StreamName: name, ...input }), 'ValidationException')
      await clock.advance(1000)
      assert.equal((await kinesis.shards(name)).length, 4)
    },
    onlyLocal,
  )

sdk(
  'an AUTO stream spreads records of one key over its shards, and goes by the key again when told',
  async () => {
    const { name, arn } = await make(kinesis, clock, { ...onDemand, RecordDistributionStrategy: 'AUTO' })
    async function shardsOf(count: number): Promise<number> {
      const Records = Array.from({ length: count }, () => ({ Data: base64('x'), PartitionKey: 'k' }))
      const answer = await kinesis.call('PutRecords', { StreamName: name, Records })
      return new Set(answer.Records.map(({ ShardId }: { ShardId: string }) => ShardId)).size
    }
    assert.equal(await shardsOf(20), 4)
    const input = { StreamARN: arn, RecordDistributionStrategy: 'USER_PARTITION_KEY' }
    await kinesis.call('UpdateStreamRecordDistributionStrategy', input)
    await clock.advance(1000)
    assert.equal(await shardsOf(20), 1)
    const keyless = await kinesis.ask('PutRecord', { StreamName: name, Data: base64('x') })
    assertError(keyless, 'ValidationException', /partitionKey/)
  },
  onlyLocal,
)

sdk(
  'warm throughput needs the commitment of the account, and brings the shards at once',
  async () => {
    const { name } = await make(kinesis, clock)
    const warm = { StreamName: name, WarmThroughputMiBps: 6 }
    const early = await kinesis.ask('UpdateStreamWarmThroughput', warm)
    assert.equal(early.status, 400, 'which exception AWS answers with is not known')
    const commit = (Status: string) =>
      kinesis.call('UpdateAccountSettings', { MinimumThroughputBillingCommitment: { Status } })
    await commit('ENABLED')
    assert.equal((await kinesis.call('UpdateStreamWarmThroughput', warm)).WarmThroughput.TargetMiBps, 6)
    await clock.advance(5000)
    const { StreamDescriptionSummary } = await kinesis.call('DescribeStreamSummary', { StreamName: name })
    const { OpenShardCount, StreamStatus, WarmThroughput } = StreamDescriptionSummary
    assert.deepEqual([OpenShardCount, StreamStatus], [6, 'ACTIVE'])
    assert.deepEqual(WarmThroughput, { TargetMiBps: 6, CurrentMiBps: 6 })
    await commit('DISABLED')
  },
  onlyLocal,
)

unverified(
  'a commitment that is ended early runs on until its first day is over',
  async () => {
    await clock.advance(2 * dayMs)
    const status = async (operation: string, input: Input = {}) =>
      (await kinesis.call(operation, input)).MinimumThroughputBillingCommitment.Status
    const commit = (Status: string) =>
      status('UpdateAccountSettings', { MinimumThroughputBillingCommitment: { Status } })
    assert.equal(await status('DescribeAccountSettings'), 'DISABLED')
    assert.equal(await commit('ENABLED'), 'ENABLED')
    assert.equal(await commit('DISABLED'), 'ENABLED_UNTIL_EARLIEST_ALLOWED_END')
    await clock.advance(dayMs)
    assert.equal(await status('DescribeAccountSettings'), 'DISABLED')
  },
  onlyLocal,
)

sdk(
  'warm throughput and a distribution strategy are refused on a provisioned stream',
  async () => {
    const { name, arn } = await make(kinesis, clock, { ShardCount: 1 })
    const warm = { StreamName: name, WarmThroughputMiBps: 6 }
    assertError(await kinesis.ask('UpdateStreamWarmThroughput', warm), 'InvalidArgumentException')
    const input = { StreamARN: arn, RecordDistributionStrategy: 'AUTO' }
    assertError(await kinesis.ask('UpdateStreamRecordDistributionStrategy', input), 'InvalidArgumentException')
  },
  onlyLocal,
)
