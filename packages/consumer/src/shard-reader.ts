import type { Checkpoint } from './checkpoint.ts'
import type { PageQueue } from './page-queue.ts'

/** Reads one shard, by whichever way, into a queue. */
export interface ShardReader {
  /** What must be there before anything is read. Rejects when it cannot be made. */
  prepare?(): Promise<void>
  /**
   * Reads from `from` on (its record included) until the shard ends or `signal` aborts; then it resolves, and never rejects:
   * what fails is tried again for as long as it takes. Waits for room in the queue before it reads.
   */
  read(shardId: string, from: Checkpoint, queue: PageQueue, signal: AbortSignal): Promise<void>
}

/** Where a read goes on: as GetShardIterator and SubscribeToShard take it. */
export type ReadPosition = {
  readonly Type: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER' | 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  readonly SequenceNumber?: string
  readonly Timestamp?: Date
}

/**
 * The place of a checkpoint. Its record is read once more, for it may be an aggregate of which only the first records were
 * processed; `timestamp` is what the application was given to begin at.
 */
export function positionOf({ sequenceNumber }: Checkpoint, timestamp: Date | undefined): ReadPosition {
  if (sequenceNumber === 'TRIM_HORIZON' || sequenceNumber === 'LATEST') return { Type: sequenceNumber }
  if (sequenceNumber === 'AT_TIMESTAMP')
    return timestamp ? { Type: sequenceNumber, Timestamp: timestamp } : { Type: 'TRIM_HORIZON' }
  return { Type: 'AT_SEQUENCE_NUMBER', SequenceNumber: sequenceNumber }
}

export const after = (sequenceNumber: string): ReadPosition => ({
  Type: 'AFTER_SEQUENCE_NUMBER',
  SequenceNumber: sequenceNumber,
})

/**
 * Where to go on after an error. Who began at LATEST goes on from the time when he did, by his own clock; to a server whose
 * clock is far behind, that is a time to come, which it refuses.
 */
export function positionAfter(error: unknown, position: ReadPosition, from: Checkpoint): ReadPosition {
  const isRefused = error instanceof Error && error.name === 'InvalidArgumentException'
  return isRefused && position.Type === 'AT_TIMESTAMP' && from.sequenceNumber === 'LATEST'
    ? { Type: 'LATEST' }
    : position
}
