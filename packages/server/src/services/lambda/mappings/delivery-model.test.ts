import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dataOf, type Event, lambdaFixture } from '../fixture.ts'

/*
 * Whatever happens to a stream, a mapping and its function, in any order: every record is delivered, those of a key in
 * their order, and none again but by a restart in the middle of a batch.
 */

const keys = ['a', 'b', 'c', 'd', 'e']

type Deed =
  | { readonly do: 'put'; readonly keys: readonly number[] }
  | { readonly do: 'split' | 'merge'; readonly pick: number }
  | { readonly do: 'fail'; readonly isFailing: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'restart' }
  | { readonly do: 'lanes'; readonly count: number }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), keys: fc.array(fc.nat(4), { minLength: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('split' as const, 'merge' as const), pick: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), isFailing: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lanes' as const), count: fc.integer({ min: 1, max: 4 }) }) },
)

test('every record is delivered, in the order of its key, through whatever happens', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), fc.integer({ min: 1, max: 7 }), live(t)),
    { numRuns: 25 },
  )
})

/** One life of a stream and a mapping. */
const live = (t: { after(done: () => Promise<void>): void }) => async (deeds: readonly Deed[], batchSize: number) => {
  const fixture = await lambdaFixture(t)
  const { call, clock, handle, lambda, map, putAll, restart } = fixture
  const done: string[] = []
  const put: string[] = []
  let isFailing = false
  handle((event: Event) => {
    if (isFailing) throw new Error()
    done.push(...dataOf(event))
  })
  const UUID = await map({ BatchSize: batchSize, BisectBatchOnFunctionError: batchSize % 2 === 0 })
  for (const one of deeds) {
    if (one.do === 'put') {
      const texts = one.keys.map((key, i) => `${keys[key]}:${put.length + i}`)
      put.push(...texts)
      await putAll(texts)
    } else if (one.do === 'split' || one.do === 'merge') await reshard(call, one)
    else if (one.do === 'fail') isFailing = one.isFailing
    else if (one.do === 'wait') await clock.advance(one.ms)
    else if (one.do === 'restart') await restart()
    else if (one.do === 'lanes') await lambda('UpdateEventSourceMapping', { UUID, ParallelizationFactor: one.count })
    await clock.advance(100)
  }
  isFailing = false
  await clock.advance(300_000)
  assert.deepEqual([...done].sort(), [...put].sort(), 'each once')
  for (const key of keys)
    assert.deepEqual(
      done.filter((text) => text.startsWith(key)),
      put.filter((text) => text.startsWith(key)),
    )
}

/** Splits an open shard in its middle, or merges it with the next; a stream that is busy is left alone. */
async function reshard(call: Awaited<ReturnType<typeof lambdaFixture>>['call'], one: Deed & { pick: number }) {
  const { Shards } = await call('ListShards', { StreamName: 's', ShardFilter: { Type: 'AT_LATEST' } })
  const open = Shards.map((shard: Event) => ({
    id: shard.ShardId,
    start: BigInt(shard.HashKeyRange.StartingHashKey),
    end: BigInt(shard.HashKeyRange.EndingHashKey),
  })).sort((a: Event, b: Event) => (a.start < b.start ? -1 : 1))
  const at = one.pick % open.length
  const other = open[at + 1]
  if (one.do === 'split') {
    const NewStartingHashKey = `${(open[at].start + open[at].end) / 2n}`
    await call('SplitShard', { StreamName: 's', ShardToSplit: open[at].id, NewStartingHashKey })
  } else if (other) {
    await call('MergeShards', { StreamName: 's', ShardToMerge: open[at].id, AdjacentShardToMerge: other.id })
  }
}
