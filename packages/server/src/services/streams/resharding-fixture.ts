import assert from 'node:assert/strict'
import { streamsFixture } from './fixture.ts'
import type { StreamsLimits } from './limits.ts'
import { completeResharding } from './resharding.ts'
import { uniformRanges } from './shard-map.ts'
import { logIdOf, makeStream, type Stream } from './stream.ts'

/** For unit tests: an ACTIVE stream `s`, put into the catalog by hand, whose resharding the test completes itself. */
export async function reshardingFixture(options: { shardCount?: number; limits?: Partial<StreamsLimits> } = {}) {
  const fixture = await streamsFixture({ limits: options.limits ?? {} })
  const { clock, context } = fixture
  const stream = makeStream({
    id: 'id-of-s',
    name: 's',
    createdAtMs: clock.nowMs(),
    status: 'ACTIVE',
    mode: 'PROVISIONED',
    shards: uniformRanges(options.shardCount ?? 2).map((range, index) => ({
      index,
      ...range,
      createdAtMs: clock.nowMs(),
    })),
    retentionHours: 24,
    tags: new Map(),
    shardLevelMetrics: [],
    maxRecordSizeKiB: 1024,
    distributionStrategy: 'USER_PARTITION_KEY',
    countUpdatesMs: [],
    modeUpdatesMs: [],
  })
  await context.streams.create(stream)
  for (const { index } of stream.shards) await context.log.create(logIdOf(stream, index), { retentionMs: 86_400_000 })
  const current = () => context.streams.get('s')
  /** Does what is due, as the lifecycle would, until the stream is at rest. */
  async function settle() {
    for (let round = 0; current().pending; round++) {
      assert(round < 20, 'resharding ends')
      await completeResharding(context, current())
      await clock.advance(50)
    }
  }
  return { ...fixture, current, settle, openRanges: () => openRangesOf(current()) }
}

export const openRangesOf = (stream: Stream) =>
  stream.shardMap.openShards.map(({ startingHashKey, endingHashKey }) => [startingHashKey, endingHashKey])
