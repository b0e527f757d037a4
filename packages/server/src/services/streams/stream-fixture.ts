import { uniformRanges } from './shard-map.ts'
import { makeStream, type Stream } from './stream.ts'

/** For unit tests: the provisioned stream `s` of equal shards, ACTIVE, as CreateStream leaves it; `change` is what else it is. */
export const activeStream = (shardCount: number, change: Partial<Omit<Stream, 'shards' | 'shardMap'>> = {}): Stream => {
  const { createdAtMs = 0 } = change
  return makeStream({
    id: 'an-id',
    name: 's',
    createdAtMs,
    status: 'ACTIVE',
    mode: 'PROVISIONED',
    shards: uniformRanges(shardCount).map((range, index) => ({ index, ...range, createdAtMs })),
    retentionHours: 24,
    tags: new Map(),
    shardLevelMetrics: [],
    maxRecordSizeKiB: 1024,
    distributionStrategy: 'USER_PARTITION_KEY',
    countUpdatesMs: [],
    modeUpdatesMs: [],
    ...change,
  })
}
