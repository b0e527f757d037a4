import { KeyRefused } from '../../core/ports/keys.ts'
import { type EntryBlock, LogNotFound, type ReadLimits } from '../../storage/log.ts'
import type { StreamsContext } from './context.ts'
import { streamNotFound } from './faults.ts'
import { countedBytes, isEncryptedAt } from './record-codec.ts'
import type { ShardPosition } from './shard-iterator.ts'
import { ShardRecords } from './shard-records.ts'
import { isOpen, logIdOf, type Shard, type Stream, shardIdOf } from './stream.ts'
import { askKey, keyRefused } from './stream-keys.ts'

/* What GetRecords and SubscribeToShard read of a shard. */

export type ShardPage = {
  readonly records: ShardRecords
  /** Keys and data, in bytes. */
  readonly sizeBytes: number
  /** Where the next page begins. */
  readonly nextOffset: number
  /** How far the last record is behind now; 0 when nothing is left to read. */
  readonly behindMs: number
  /** Nothing is left to read for now. */
  readonly isCaughtUp: boolean
  /** A closed shard that was read to its end: nothing will come any more. */
  readonly isAtEnd: boolean
}

/**
 * Reads a page. `position.shard` must be as the catalog has it now: the end of a closed shard is told by it.
 * @throws ResourceNotFoundException if the stream is gone, KMS…Exception where its key may not be used
 */
export async function readShard(
  context: StreamsContext,
  { stream, shard, offset }: ShardPosition,
  limits: ReadLimits,
  signal?: AbortSignal,
): Promise<ShardPage> {
  const { clock, log, place } = context
  const logId = logIdOf(stream, shard.index)
  try {
    const before = await log.bounds(logId)
    const blocks = await log.read(logId, offset, limits, signal)
    if (stream.encryption && blocks.some(isEncrypted)) await askKey(context, stream.encryption)
    const { start, end } = await log.bounds(logId)
    let sizeBytes = 0
    // Where there should be records and none came, they are lost by damage: reading goes on behind them.
    let nextOffset = Math.max(offset, start, blocks.length === 0 ? before.end : 0)
    let lastTimestampMs = clock.nowMs()
    for (const { positions, firstOffset, timestampMs } of blocks) {
      const count = positions.length - 1
      sizeBytes += countedBytes(positions[count]! - positions[0]!, count)
      nextOffset = firstOffset + count
      lastTimestampMs = timestampMs
    }
    const isCaughtUp = nextOffset >= end
    return {
      records: new ShardRecords(shard, blocks),
      sizeBytes,
      nextOffset,
      behindMs: isCaughtUp ? 0 : Math.max(0, clock.nowMs() - lastTimestampMs),
      isCaughtUp,
      isAtEnd: isCaughtUp && !isOpen(shard),
    }
  } catch (error) {
    if (error instanceof LogNotFound) throw streamNotFound(stream.name, place.accountId)
    if (error instanceof KeyRefused) throw keyRefused(error, context.logger)
    throw error
  }
}

/** All of a block came by one put. */
const isEncrypted = ({ bytes, positions }: EntryBlock) => isEncryptedAt(bytes, positions[0]!)

/** The shards that took a closed one's place: what a reader goes on with. */
export const childShardsOf = ({ shards }: Stream, { index }: Shard) =>
  shards
    .filter(({ parentIndex, adjacentParentIndex }) => parentIndex === index || adjacentParentIndex === index)
    .map(({ index: child, parentIndex, adjacentParentIndex, startingHashKey, endingHashKey }) => ({
      ShardId: shardIdOf(child),
      ParentShards: [parentIndex, adjacentParentIndex]
        .filter((parent) => parent !== undefined)
        .map((parent) => shardIdOf(parent)),
      HashKeyRange: { StartingHashKey: startingHashKey.toString(), EndingHashKey: endingHashKey.toString() },
    }))
