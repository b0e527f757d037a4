import type { Json } from '../../storage/catalog.ts'
import { noDataKey } from '../../storage/data-key.ts'
import type { LogOptions } from '../../storage/log.ts'
import { ShardMap } from './shard-map.ts'

/*
 * A stream as the catalog keeps it. Values are never changed in place: a change makes a new one (see StreamStore).
 */

export type StreamStatus = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
export type StreamMode = 'PROVISIONED' | 'ON_DEMAND'
export type DistributionStrategy = 'USER_PARTITION_KEY' | 'AUTO'

/** One range of hash keys, and its history. Open until `closedAtMs` is set. */
export type Shard = {
  /** The number in `shardId-000000000012`; rises through the life of the stream. */
  readonly index: number
  /** First and last hash key, both included. */
  readonly startingHashKey: bigint
  readonly endingHashKey: bigint
  readonly createdAtMs: number
  readonly parentIndex?: number
  /** The second parent of a merged shard. */
  readonly adjacentParentIndex?: number
  readonly closedAtMs?: number
}

/** Work that waits for its time, after which the stream is ACTIVE again (or gone). Done by `lifecycle.ts`. */
export type PendingWork =
  | { readonly kind: 'create' | 'delete' | 'settle'; readonly dueAtMs: number }
  | {
      readonly kind: 'split'
      readonly dueAtMs: number
      readonly shardIndex: number
      readonly newStartingHashKey: bigint
    }
  | { readonly kind: 'merge'; readonly dueAtMs: number; readonly shardIndex: number; readonly adjacentIndex: number }
  | { readonly kind: 'scale'; readonly dueAtMs: number; readonly targetShardCount: number }
  /** Encryption begins, or goes on by another key; absent: it ends. */
  | { readonly kind: 'encrypt'; readonly dueAtMs: number; readonly encryption?: Encryption }

/** What records of a stream are encrypted by. */
export type Encryption = {
  /** The master key as it was named: it is told again. */
  readonly keyId: string
  /** What that meant when the data key was made. */
  readonly keyArn: string
  /** The number of the data key, which the shards' logs are sealed by. */
  readonly dataKey: number
  readonly madeMs: number
}

export type Stream = {
  /** Names the stream's logs; a stream that is deleted and made again gets another. Safe as a path. */
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  readonly status: StreamStatus
  readonly mode: StreamMode
  readonly shards: readonly Shard[]
  readonly retentionHours: number
  readonly tags: ReadonlyMap<string, string>
  /** Enhanced monitoring: CloudWatch metric names, without ALL. */
  readonly shardLevelMetrics: readonly string[]
  readonly maxRecordSizeKiB: number
  readonly warmThroughputMiBps?: number
  readonly distributionStrategy: DistributionStrategy
  /** The text that PutResourcePolicy brought. */
  readonly resourcePolicy?: string
  /** Absent: what comes in is not encrypted. */
  readonly encryption?: Encryption
  /** Data keys before that one, whose records may still be kept. */
  readonly retiredKeys?: readonly { readonly dataKey: number; readonly retiredMs: number }[]
  readonly pending?: PendingWork
  /** When UpdateShardCount and UpdateStreamMode were called within their windows: what their quotas count. */
  readonly countUpdatesMs: readonly number[]
  readonly modeUpdatesMs: readonly number[]
  readonly encryptionUpdatesMs?: readonly number[]
  /** Derived: the open shards by hash key. */
  readonly shardMap: ShardMap
}

export const shardIdOf = (index: number) => `shardId-${String(index).padStart(12, '0')}`

/** The log that holds a shard's records. */
export const logIdOf = (stream: Stream, shardIndex: number) => `stream/${stream.id}/${shardIndex}`

export const retentionMsOf = (stream: Stream) => stream.retentionHours * 3_600_000

/** What the log of each of its shards is told. */
export const logOptionsOf = (stream: Stream): LogOptions => ({
  retentionMs: retentionMsOf(stream),
  dataKey: stream.encryption?.dataKey ?? noDataKey,
})

export const isOpen = (shard: Shard) => shard.closedAtMs === undefined

/** A closed shard is gone from every list when the last of its records is. */
export const isExpired = (stream: Stream, shard: Shard, nowMs: number) =>
  shard.closedAtMs !== undefined && shard.closedAtMs + retentionMsOf(stream) <= nowMs

/** Makes a stream from all but what is derived. */
export const makeStream = (stored: Omit<Stream, 'shardMap'>): Stream => ({
  ...stored,
  shardMap: new ShardMap(stored.shards),
})

/** A changed copy. */
export const changed = (stream: Stream, change: Partial<Omit<Stream, 'shardMap'>>): Stream =>
  makeStream({ ...stream, ...change })

/** Stream → what the catalog holds: hash keys as decimal text, the map of tags as pairs. */
export function encodeStream({ shardMap: _, ...stream }: Stream): Json {
  return JSON.parse(
    JSON.stringify(stream, (_name, value) => {
      if (typeof value === 'bigint') return value.toString()
      return value instanceof Map ? [...value] : value
    }),
  ) as Json
}

export function decodeStream(value: Json): Stream {
  // biome-ignore lint/suspicious/noExplicitAny: the catalog gives back what encodeStream gave it
  const stored = value as any
  return makeStream({
    ...stored,
    shards: stored.shards.map((shard: Record<string, unknown>) => ({
      ...shard,
      startingHashKey: BigInt(shard.startingHashKey as string),
      endingHashKey: BigInt(shard.endingHashKey as string),
    })),
    tags: new Map(stored.tags),
    pending:
      stored.pending?.kind === 'split'
        ? { ...stored.pending, newStartingHashKey: BigInt(stored.pending.newStartingHashKey) }
        : stored.pending,
  })
}
