import type { StreamsContext } from './context.ts'
import { onlyProvisioned, shardLimitExceeded, shardNotFound, shardNotOpen, streamNotActive } from './faults.ts'
import { parseShardId } from './shard-view.ts'
import { isExpired, isOpen, type Shard, type Stream } from './stream.ts'

/* What a stream and its shards must be before they may be split, merged or scaled. */

/** @throws ValidationException on demand, ResourceInUseException unless ACTIVE */
export function checkMayReshard({ place }: StreamsContext, stream: Stream, operation: string): void {
  if (stream.mode === 'ON_DEMAND') throw onlyProvisioned(operation, stream.name, place.accountId)
  if (stream.status !== 'ACTIVE') throw streamNotActive(stream, place.accountId)
}

/** The open shard that an id means. @throws ResourceNotFoundException, InvalidArgumentException if it is closed */
export function openShardOf({ clock, place }: StreamsContext, stream: Stream, shardId: string): Shard {
  const index = parseShardId(shardId)
  const shard = stream.shards.find((candidate) => candidate.index === index)
  if (!shard || isExpired(stream, shard, clock.nowMs())) throw shardNotFound(shardId, stream.name, place.accountId)
  if (!isOpen(shard)) throw shardNotOpen(shard, stream.name, place.accountId)
  return shard
}

/** @throws LimitExceededException if the account may not have so many open shards more */
export function checkShardRoom(
  { limits, place, streams }: Pick<StreamsContext, 'limits' | 'place' | 'streams'>,
  additional: number,
): void {
  const current = streams.all().reduce((sum, stream) => sum + shardCountToBe(stream), 0)
  if (current + additional > limits.shardCountMax)
    throw shardLimitExceeded(place, current, limits.shardCountMax, additional)
}

/** Open shards of a stream, with those that are on their way. */
function shardCountToBe({ pending, shardMap }: Stream): number {
  const open = shardMap.openShards.length
  if (pending?.kind === 'split') return open + 1
  return pending?.kind === 'scale' ? Math.max(open, pending.targetShardCount) : open
}
