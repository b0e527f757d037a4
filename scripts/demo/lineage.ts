import { type ChildShard, type KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis'

/**
 * Reads a stream shard by shard, parents before children: that is what keeps the order of a key when its shard is split
 * or merged. `readShard` reads one shard to its end and returns the shards that follow it.
 */
export async function readLineage(
  client: KinesisClient,
  streamName: string,
  readShard: (shardId: string) => Promise<readonly ChildShard[]>,
): Promise<void> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }))
  const started = new Set<string>()
  const ended = new Set<string>()

  const read = async (shardId: string): Promise<void> => {
    if (started.has(shardId)) return
    started.add(shardId)
    const children = await readShard(shardId)
    ended.add(shardId)
    const ready = children.filter(({ ParentShards }) => ParentShards?.every((parent) => ended.has(parent)))
    await Promise.all(ready.map(({ ShardId }) => read(ShardId!)))
  }
  await Promise.all(shards.filter(({ ParentShardId }) => !ParentShardId).map(({ ShardId }) => read(ShardId!)))
}
