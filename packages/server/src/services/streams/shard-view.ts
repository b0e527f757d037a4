import { endingSequenceNumberOf, startingSequenceNumberOf } from './sequence-number.ts'
import { type Shard, shardIdOf } from './stream.ts'

/** A shard as AWS shows it. What is absent of it (parents, the end of an open shard) is absent on the wire. */
export const shardView = (shard: Shard) => ({
  ShardId: shardIdOf(shard.index),
  ...(shard.parentIndex !== undefined && { ParentShardId: shardIdOf(shard.parentIndex) }),
  ...(shard.adjacentParentIndex !== undefined && { AdjacentParentShardId: shardIdOf(shard.adjacentParentIndex) }),
  HashKeyRange: {
    StartingHashKey: shard.startingHashKey.toString(),
    EndingHashKey: shard.endingHashKey.toString(),
  },
  SequenceNumberRange: {
    StartingSequenceNumber: startingSequenceNumberOf(shard),
    ...(shard.closedAtMs !== undefined && { EndingSequenceNumber: endingSequenceNumberOf(shard) }),
  },
})

/** The index that a shard id means, as AWS reads it: `shardId-000000000012`, `x-12` and `12`; undefined if none. */
export function parseShardId(text: string): number | undefined {
  const digits = text.includes('-') ? text.split('-')[1]! : text
  if (!/^\d+$/.test(digits)) return undefined
  const index = Number(digits)
  return index < 2 ** 31 ? index : undefined
}
