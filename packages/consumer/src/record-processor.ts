import type { UserRecord } from '@millrace/formats'
import type { Checkpoint } from './checkpoint.ts'
import type { Checkpointer } from './checkpointer.ts'

export type InitializationInput = {
  readonly shardId: string
  /** Where processing begins: after this place. */
  readonly checkpoint: Checkpoint
  /** What the last owner had prepared and did not commit. */
  readonly pendingCheckpoint: Checkpoint | undefined
  readonly pendingCheckpointState: Uint8Array | undefined
}

export type ProcessRecordsInput = {
  readonly shardId: string
  /** In the order of the shard. Never empty. */
  readonly records: readonly UserRecord[]
  readonly checkpointer: Checkpointer
  /** How far the end of these records is behind the end of the shard, in milliseconds. */
  readonly millisBehindLatest: number
}

export type ShardInput = { readonly shardId: string; readonly checkpointer: Checkpointer }

/**
 * What an application does with one shard: KCL's ShardRecordProcessor. One is made for each shard that the worker gets, and
 * its methods are called one after the other, never two at a time.
 */
export interface RecordProcessor {
  initialize?(input: InitializationInput): Promise<void> | void
  /** The next records come when it has returned. When it throws, `onProcessorError` decides. */
  processRecords(input: ProcessRecordsInput): Promise<void> | void
  /** Another worker has the shard now: a checkpoint is not possible any more. */
  leaseLost?(input: { readonly shardId: string }): Promise<void> | void
  /** The shard was split or merged, and all of it is processed. Must checkpoint; without this method it is done for you. */
  shardEnded?(input: ShardInput): Promise<void> | void
  /** The worker stops, or gives this shard away: the last chance to checkpoint. */
  shutdownRequested?(input: ShardInput): Promise<void> | void
}

export type RecordProcessorFactory = (shard: { readonly shardId: string }) => RecordProcessor
