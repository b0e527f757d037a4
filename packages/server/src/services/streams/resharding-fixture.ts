import assert from 'node:assert/strict'
import { streamsFixture } from './fixture.ts'
import type { StreamsLimits } from './limits.ts'
import { completeResharding } from './resharding.ts'
import { logIdOf, type Stream } from './stream.ts'
import { activeStream } from './stream-fixture.ts'

/** For unit tests: an ACTIVE stream `s`, put into the catalog by hand, whose resharding the test completes itself. */
export async function reshardingFixture(options: { shardCount?: number; limits?: Partial<StreamsLimits> } = {}) {
  const fixture = await streamsFixture({ limits: options.limits ?? {} })
  const { clock, context } = fixture
  const stream = activeStream(options.shardCount ?? 2, { createdAtMs: clock.nowMs() })
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
