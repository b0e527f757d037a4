import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import type { Producer } from './producer.ts'

export type Split = { readonly shardId: string; readonly atMs: number; readonly hottestKeys: readonly string[] }

/** How long the hot shards throttle before the remedy comes: long enough to be seen. */
const watchMs = 8_000
/** A shard with more than this still to take, in seconds at its limit, is worth a split. */
const backlogSecondsMin = 12
const shardRecordsPerSecond = 1_000

/** Where a partition key goes: its MD5 as a number. */
const hashKeyOf = (key: string) => BigInt(`0x${createHash('md5').update(key).digest('hex')}`)

/**
 * The remedy for a hot shard, while everything runs: splits each shard that throttled and has much left to take, at the
 * hash key that halves what its keys still have to send. (A single hot key cannot be split: it needs another key.)
 */
export async function splitHotShards(
  client: KinesisClient,
  streamName: string,
  producer: Producer,
  signal: AbortSignal,
): Promise<Split[]> {
  const startedAtMs = performance.now()
  await sleep(watchMs, undefined, { signal }).catch(() => undefined)
  const splits: Split[] = []
  if (signal.aborted) return splits
  const { Shards: shards = [] } = await client.send(
    new ListShardsCommand({ StreamName: streamName, ShardFilter: { Type: 'AT_LATEST' } }),
  )
  for (const shard of shards) {
    if (!producer.throttlesByShard.has(shard.ShardId!)) continue
    const keys = keysOf(shard, producer.backlog())
    const backlog = keys.reduce((sum, { count }) => sum + count, 0)
    const middle = middleOf(keys, backlog)
    if (backlog < backlogSecondsMin * shardRecordsPerSecond || middle === undefined) continue
    await client.send(
      new SplitShardCommand({
        StreamName: streamName,
        ShardToSplit: shard.ShardId,
        NewStartingHashKey: middle.toString(),
      }),
    )
    const hottestKeys = keys
      .toSorted((a, b) => b.count - a.count)
      .slice(0, 3)
      .map(({ key }) => key)
    splits.push({ shardId: shard.ShardId!, atMs: performance.now() - startedAtMs, hottestKeys })
    await active(client, streamName)
  }
  return splits
}

type KeyCount = { readonly key: string; readonly hashKey: bigint; readonly count: number }

/** The keys of a shard with their counts, in the order of their hash keys. */
function keysOf(shard: Shard, backlog: Map<string, number>): KeyCount[] {
  const start = BigInt(shard.HashKeyRange!.StartingHashKey!)
  const end = BigInt(shard.HashKeyRange!.EndingHashKey!)
  return [...backlog]
    .map(([key, count]) => ({ key, count, hashKey: hashKeyOf(key) }))
    .filter(({ hashKey }) => hashKey >= start && hashKey <= end)
    .sort((a, b) => (a.hashKey < b.hashKey ? -1 : 1))
}

/** The hash key at which the upper half begins: between two keys, as near to the middle of the load as they allow. */
function middleOf(keys: readonly KeyCount[], total: number): bigint | undefined {
  let below = 0
  let best: { hashKey: bigint; distance: number } | undefined
  for (const [i, { count, hashKey }] of keys.entries()) {
    const distance = Math.abs(below - total / 2)
    if (i > 0 && (!best || distance < best.distance)) best = { hashKey, distance }
    below += count
  }
  return best?.hashKey
}

async function active(client: KinesisClient, streamName: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }))
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
    await sleep(20)
  }
}
