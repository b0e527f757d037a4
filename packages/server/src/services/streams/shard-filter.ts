import { invalidArgument } from '../../core/aws-error.ts'
import { enumeration, optional, structure, timestamp, type ValueOf } from '../../core/shapes.ts'
import { shardId } from './members.ts'
import { isExpired, isOpen, retentionMsOf, type Shard, type Stream } from './stream.ts'

/** AWS's ShardFilter. */
export const shardFilter = structure({
  Type: enumeration(
    'AFTER_SHARD_ID',
    'AT_TRIM_HORIZON',
    'FROM_TRIM_HORIZON',
    'AT_LATEST',
    'AT_TIMESTAMP',
    'FROM_TIMESTAMP',
  ),
  ShardId: optional(shardId),
  Timestamp: optional(timestamp()),
})

export type ShardFilter = ValueOf<typeof shardFilter>

/** Each type has the member that it needs, and none that it does not know. @throws InvalidArgumentException */
export function checkShardFilter({ Type, ShardId, Timestamp }: ShardFilter): void {
  const takesShardId = Type === 'AFTER_SHARD_ID'
  const takesTimestamp = Type === 'AT_TIMESTAMP' || Type === 'FROM_TIMESTAMP'
  if (takesShardId !== (ShardId !== undefined))
    throw invalidArgument(`ShardFilter type ${Type} ${takesShardId ? 'requires' : 'does not allow'} a ShardId.`)
  if (takesTimestamp !== (Timestamp !== undefined))
    throw invalidArgument(`ShardFilter type ${Type} ${takesTimestamp ? 'requires' : 'does not allow'} a Timestamp.`)
}

/** The shards of a stream, by index, that a filter lets through. AFTER_SHARD_ID is the page's business, not ours. */
export function filteredShards(
  stream: Stream,
  { Type, Timestamp }: Pick<ShardFilter, 'Type' | 'Timestamp'>,
  nowMs: number,
): Shard[] {
  const shards = [...stream.shards].sort((a, b) => a.index - b.index)
  const kept = shards.filter((shard) => !isExpired(stream, shard, nowMs))
  if (Type === 'FROM_TRIM_HORIZON' || Type === 'AFTER_SHARD_ID') return kept
  if (Type === 'AT_LATEST') return kept.filter(isOpen)
  const opened = new Map(shards.map((shard) => [shard, openedAfterMs(stream, shard)]))
  // A shard that was closed at `nowMs` less the retention is expired: what is left begins a millisecond later, and not
  // before the stream had shards. An earlier timestamp means this horizon, as it does for an iterator.
  const firstMs = Math.min(...opened.values()) + 1
  const horizonMs = Math.max(nowMs - retentionMsOf(stream) + 1, firstMs)
  const atMs = Math.max(Timestamp?.getTime() ?? horizonMs, horizonMs)
  const notYetClosed = kept.filter(({ closedAtMs }) => closedAtMs === undefined || closedAtMs >= atMs)
  return Type === 'FROM_TIMESTAMP' ? notYetClosed : notYetClosed.filter((shard) => opened.get(shard)! < atMs)
}

/**
 * The last millisecond in which a shard was not there yet. A child follows its parents without a gap (its creation in
 * AWS's sense, the one in its sequence numbers, may be up to a second later), so that at any time the shards of a stream
 * hold each hash key once.
 */
function openedAfterMs(stream: Stream, { createdAtMs, parentIndex }: Shard): number {
  if (parentIndex === undefined) return createdAtMs - 1
  // A parent that is not listed any more was closed before the horizon.
  return stream.shards.find(({ index }) => index === parentIndex)?.closedAtMs ?? Number.NEGATIVE_INFINITY
}
