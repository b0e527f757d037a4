import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { docs, observed, sdk, unverified } from './harness/cases.ts'
import { base64, firstShard, Kinesis } from './harness/kinesis.ts'
import { notOnAws } from './harness/target.ts'

const kinesis = new Kinesis()

const half = `${2n ** 127n}`
const split = { ShardToSplit: firstShard, NewStartingHashKey: half }

async function splitInHalf(StreamName: string) {
  await kinesis.call('SplitShard', { StreamName, ...split })
  await kinesis.active(StreamName)
}

sdk('the children of a split name their parent, divide its range, and have the next numbers', async (t) => {
  const { name } = await kinesis.stream(t)
  await splitInHalf(name)
  const [parent, left, right] = await kinesis.shards(name)
  assert.ok(parent.SequenceNumberRange.EndingSequenceNumber)
  assert.deepEqual(
    [left, right].map(({ ShardId, ParentShardId, HashKeyRange }) => [ShardId, ParentShardId, HashKeyRange]),
    [
      ['shardId-000000000001', firstShard, { StartingHashKey: '0', EndingHashKey: `${2n ** 127n - 1n}` }],
      ['shardId-000000000002', firstShard, { StartingHashKey: half, EndingHashKey: `${2n ** 128n - 1n}` }],
    ],
  )
})

observed('a split shard cannot be split again', async (t) => {
  const { name } = await kinesis.stream(t)
  await splitInHalf(name)
  assertError(
    await kinesis.ask('SplitShard', { StreamName: name, ...split }),
    'InvalidArgumentException',
    /^Shard shardId-000000000000 in stream \S+ under account \d{12} has already been merged or split, and thus is not/,
  )
})

observed('a split point at the edge of the range is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  for (const NewStartingHashKey of ['0', '1', `${2n ** 128n - 1n}`])
    assertError(
      await kinesis.ask('SplitShard', { StreamName: name, ...split, NewStartingHashKey }),
      'InvalidArgumentException',
      /^NewStartingHashKey \d+ used in SplitShard\(\) on shard .* is not both greater than one plus the shard's/,
    )
})

observed('merged shards must be adjacent, in either order', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 3 })
  const merge = (ShardToMerge: string, AdjacentShardToMerge: string) =>
    kinesis.ask('MergeShards', { StreamName: name, ShardToMerge, AdjacentShardToMerge })
  assertError(
    await merge('shardId-000000000000', 'shardId-000000000002'),
    'InvalidArgumentException',
    /are not an adjacent pair of shards eligible for merging$/,
  )
  assert.equal((await merge('shardId-000000000001', 'shardId-000000000000')).status, 200)
  await kinesis.active(name)
  const merged = (await kinesis.shards(name)).at(-1)
  assert.deepEqual(
    new Set([merged.ParentShardId, merged.AdjacentParentShardId]),
    new Set(['shardId-000000000000', 'shardId-000000000001']),
  )
})

docs('a reader at the end of a closed shard gets its children and no further iterator', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'a')
  const iterator = await kinesis.iterator(name)
  await splitInHalf(name)
  const end = await kinesis.call('GetRecords', { ShardIterator: iterator })
  assert.equal(end.Records.length, 1)
  const last = end.NextShardIterator ? await kinesis.call('GetRecords', { ShardIterator: end.NextShardIterator }) : end
  assert.equal(last.NextShardIterator ?? null, null)
  assert.deepEqual(
    last.ChildShards.map(({ ShardId, ParentShards }: { ShardId: string; ParentShards: string[] }) => [
      ShardId,
      ParentShards,
    ]),
    [
      ['shardId-000000000001', [firstShard]],
      ['shardId-000000000002', [firstShard]],
    ],
  )
})

docs('a reader through a split and a merge gets every record once', async (t) => {
  const { name } = await kinesis.stream(t)
  const put = async (from: number) => {
    const Records = Array.from({ length: 50 }, (_, i) => ({ Data: base64(`${from + i}`), PartitionKey: `${i}` }))
    const { FailedRecordCount } = await kinesis.call('PutRecords', { StreamName: name, Records })
    assert.equal(FailedRecordCount, 0)
  }
  await put(0)
  await splitInHalf(name)
  await put(50)
  const children = { ShardToMerge: 'shardId-000000000001', AdjacentShardToMerge: 'shardId-000000000002' }
  await kinesis.call('MergeShards', { StreamName: name, ...children })
  await kinesis.active(name)
  await put(100)
  const seen: string[] = []
  for (const { ShardId } of await kinesis.shards(name))
    seen.push(...(await kinesis.read(await kinesis.iterator(name, 'TRIM_HORIZON', { ShardId }))))
  assert.equal(seen.length, 150)
  assert.equal(new Set(seen).size, 150)
})

/**
 * Reads each shard to its end and then its children, once all their parents are read, until `wanted` records have come;
 * gives the data by partition key, in the order in which they came.
 */
async function follow(name: string, wanted: number): Promise<Map<string, string[]>> {
  const begun = new Set([firstShard])
  const ended = new Set<string>()
  const seen = new Map<string, string[]>()
  let reading = [{ shardId: firstShard, iterator: await kinesis.iterator(name) }]
  let count = 0
  const readOn = async () => {
    const next: typeof reading = []
    for (const { shardId, iterator } of reading) {
      const page = await kinesis.call('GetRecords', { ShardIterator: iterator, Limit: 7 })
      for (const { PartitionKey, Data } of page.Records) {
        seen.set(PartitionKey, [...(seen.get(PartitionKey) ?? []), Buffer.from(Data, 'base64').toString()])
        count++
      }
      if (page.NextShardIterator) next.push({ shardId, iterator: page.NextShardIterator })
      else ended.add(shardId)
      for (const { ShardId, ParentShards } of page.ChildShards ?? [])
        if (!begun.has(ShardId) && ParentShards.every((parent: string) => ended.has(parent))) {
          begun.add(ShardId)
          next.push({ shardId: ShardId, iterator: await kinesis.iterator(name, 'TRIM_HORIZON', { ShardId }) })
        }
    }
    reading = next
    return count >= wanted ? true : undefined
  }
  await kinesis.until(readOn)
  await readOn() // once more, for what would be a repetition
  return seen
}

docs(
  'readers that follow ChildShards while the count changes get every record once, and in order for each key',
  async (t) => {
    const { name } = await kinesis.stream(t)
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`)
    const roundsMin = 12
    let isResharding = true
    async function reshard() {
      try {
        for (const TargetShardCount of [2, 3, 5, 3, 2]) {
          await kinesis.call('UpdateShardCount', { StreamName: name, TargetShardCount, ScalingType: 'UNIFORM_SCALING' })
          await kinesis.active(name)
        }
      } finally {
        isResharding = false
      }
    }
    async function write(): Promise<string[]> {
      const rounds: string[] = []
      while (isResharding || rounds.length < roundsMin) {
        const Data = base64(`${rounds.length}`)
        const Records = keys.map((PartitionKey) => ({ Data, PartitionKey }))
        const { FailedRecordCount } = await kinesis.call('PutRecords', { StreamName: name, Records })
        assert.equal(FailedRecordCount, 0)
        rounds.push(`${rounds.length}`)
      }
      return rounds
    }
    const reading = follow(name, roundsMin * keys.length)
    const [rounds, early] = await Promise.all([write(), reading, reshard()])
    const all = await follow(name, rounds.length * keys.length)
    for (const key of keys) {
      assert.deepEqual(all.get(key), rounds, key)
      const meanwhile = early.get(key) ?? []
      assert.deepEqual(meanwhile, rounds.slice(0, meanwhile.length), key)
    }
    assert.ok((await kinesis.shards(name)).length > 8, 'the count changed again and again')
  },
  notOnAws,
)

docs('UpdateShardCount goes to at most twice and at least half', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 4 })
  const update = (TargetShardCount: number) =>
    kinesis.ask('UpdateShardCount', { StreamName: name, TargetShardCount, ScalingType: 'UNIFORM_SCALING' })
  assertError(await update(9), 'LimitExceededException', /double/)
  assertError(await update(1), 'LimitExceededException', /half/)
  const { body } = await update(6)
  assert.deepEqual([body.CurrentShardCount, body.TargetShardCount], [4, 6])
  await kinesis.active(name)
  const open = await kinesis.shards(name, { ShardFilter: { Type: 'AT_LATEST' } })
  const sizes = open.map(
    ({ HashKeyRange: { StartingHashKey, EndingHashKey } }) => BigInt(EndingHashKey) - BigInt(StartingHashKey),
  )
  assert.equal(open.length, 6)
  for (const size of sizes) assert.ok(size > 2n ** 128n / 7n && size < 2n ** 128n / 5n)
})

unverified(
  'an on-demand stream is not split by hand',
  async (t) => {
    const { name } = await kinesis.stream(t, { StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
    assert.equal((await kinesis.shards(name)).length, 4)
    assertError(await kinesis.ask('SplitShard', { StreamName: name, ...split }), 'ValidationException')
  },
  notOnAws,
)

sdk('ListShards filters: AT_LATEST the open ones, FROM_TRIM_HORIZON all, AFTER_SHARD_ID the later ones', async (t) => {
  const { name } = await kinesis.stream(t)
  await splitInHalf(name)
  const ids = async (filter: Record<string, unknown>) =>
    (await kinesis.shards(name, { ShardFilter: filter })).map(({ ShardId }) => ShardId.at(-1)).join('')
  assert.equal(await ids({ Type: 'AT_LATEST' }), '12')
  assert.equal(await ids({ Type: 'FROM_TRIM_HORIZON' }), '012')
  assert.equal(await ids({ Type: 'AT_TRIM_HORIZON' }), '0')
  assert.equal(await ids({ Type: 'AFTER_SHARD_ID', ShardId: 'shardId-000000000001' }), '2')
})

docs('ListShards pages by a token that excludes the stream name', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 3 })
  const first = await kinesis.call('ListShards', { StreamName: name, MaxResults: 2 })
  assert.equal(first.Shards.length, 2)
  const second = await kinesis.call('ListShards', { NextToken: first.NextToken })
  assert.deepEqual([second.Shards.length, second.NextToken], [1, undefined])
  const both = await kinesis.ask('ListShards', { StreamName: name, NextToken: first.NextToken })
  assertError(both, 'InvalidArgumentException')
})
