import { type KinesisClient, ListShardsCommand, type Shard } from '@aws-sdk/client-kinesis'
import type { ChildShard } from './page-queue.ts'

/** How calls name the stream. */
export type StreamId =
  | { readonly StreamName: string; readonly StreamARN?: undefined }
  | { readonly StreamARN: string; readonly StreamName?: undefined }

/** A shard as ListShards tells it. */
export type ListedShard = ChildShard & {
  /** It was not split or merged yet. */
  readonly isOpen: boolean
}

/** The stream's shards, open and closed, of all pages. */
export async function listShards(kinesis: KinesisClient, stream: StreamId): Promise<ListedShard[]> {
  const shards: ListedShard[] = []
  let NextToken: string | undefined
  do {
    const page = await kinesis.send(new ListShardsCommand(NextToken !== undefined ? { NextToken } : stream))
    for (const shard of page.Shards ?? []) shards.push(listedShardOf(shard))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return shards
}

const listedShardOf = (shard: Shard): ListedShard => ({
  shardId: shard.ShardId!,
  parentShardIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined),
  hashKeyRange: shard.HashKeyRange && {
    start: shard.HashKeyRange.StartingHashKey!,
    end: shard.HashKeyRange.EndingHashKey!,
  },
  isOpen: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
})
