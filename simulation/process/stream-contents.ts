import { CallRefused, type KinesisCaller } from './kinesis-caller.ts'

/*
 * All that a stream holds, read as a client would: each shard from TRIM_HORIZON to its end.
 */

export type StreamContents = { readonly shards: readonly ShardContents[] }

export type ShardContents = Shard & { readonly shardId: string; readonly records: readonly FoundRecord[] }

export type FoundRecord = { readonly SequenceNumber: string; readonly Data: string; readonly PartitionKey: string }

export type Shard = {
  readonly ShardId: string
  readonly ParentShardId?: string
  readonly AdjacentParentShardId?: string
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string }
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string }
}

export async function readStream(caller: KinesisCaller, streamName: string): Promise<StreamContents> {
  const shards = await listShards(caller, streamName)
  return { shards: await Promise.all(shards.map((shard) => readShard(caller, streamName, shard))) }
}

export async function listShards(caller: KinesisCaller, streamName: string): Promise<readonly Shard[]> {
  return (await caller.call<{ Shards: Shard[] }>('ListShards', { StreamName: streamName })).Shards
}

export const isOpen = (shard: Shard) => shard.SequenceNumberRange.EndingSequenceNumber === undefined

export async function iteratorOf(
  caller: KinesisCaller,
  streamName: string,
  shardId: string,
  type: 'TRIM_HORIZON' | 'LATEST',
): Promise<string> {
  const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: type }
  return (await caller.call<{ ShardIterator: string }>('GetShardIterator', input)).ShardIterator
}

export type Page = {
  readonly Records: readonly FoundRecord[]
  readonly NextShardIterator?: string
  readonly MillisBehindLatest: number
}

async function readShard(caller: KinesisCaller, streamName: string, shard: Shard): Promise<ShardContents> {
  const records: FoundRecord[] = []
  let iterator: string | undefined = await iteratorOf(caller, streamName, shard.ShardId, 'TRIM_HORIZON')
  while (iterator !== undefined) {
    const page: Page = await caller.call<Page>('GetRecords', { ShardIterator: iterator })
    for (const record of page.Records) records.push(record)
    if (page.Records.length === 0 && page.MillisBehindLatest === 0 && isOpen(shard)) break
    iterator = page.NextShardIterator
  }
  return { ...shard, shardId: shard.ShardId, records }
}

/** Waits until a stream is ACTIVE. @throws Error after `withinMs` */
export async function whenActive(caller: KinesisCaller, streamName: string, withinMs = 10_000): Promise<void> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const { StreamDescriptionSummary: summary } = await caller.call<{
      StreamDescriptionSummary: { StreamStatus: string }
    }>('DescribeStreamSummary', { StreamName: streamName })
    if (summary.StreamStatus === 'ACTIVE') return
    if (performance.now() > untilMs) throw new Error(`${streamName} stays ${summary.StreamStatus}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Makes a stream and waits for it; one that is there already will do. */
export async function makeStream(caller: KinesisCaller, streamName: string, shardCount: number): Promise<void> {
  try {
    await caller.call('CreateStream', { StreamName: streamName, ShardCount: shardCount })
  } catch (error) {
    if (!(error instanceof CallRefused && error.code === 'ResourceInUseException')) throw error
  }
  await whenActive(caller, streamName)
}

const hashKeyEnd = 2n ** 128n

/**
 * What is wrong with a stream's shards, one sentence each: the open ones must have each hash key once, and a closed
 * one must end before its children begin and have them for all of its range.
 */
export function topologyFaults(shards: readonly Shard[]): string[] {
  const faults: string[] = []
  const range = ({ HashKeyRange }: Shard) =>
    [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)] as const
  const byId = new Map(shards.map((shard) => [shard.ShardId, shard]))
  let next = 0n
  for (const shard of shards.filter(isOpen).sort((a, b) => (range(a)[0] < range(b)[0] ? -1 : 1))) {
    const [start, end] = range(shard)
    if (start !== next) faults.push(`open shards leave or share hash keys between ${next} and ${start}`)
    next = end + 1n
  }
  if (next !== hashKeyEnd) faults.push(`open shards end at ${next}`)
  const covered = new Map<string, bigint>()
  for (const child of shards) {
    for (const parentId of [child.ParentShardId, child.AdjacentParentShardId]) {
      const parent = parentId === undefined ? undefined : byId.get(parentId)
      if (!parent) continue // it expired
      const ending = parent.SequenceNumberRange.EndingSequenceNumber
      if (ending === undefined) faults.push(`${parentId} is open and has the child ${child.ShardId}`)
      else if (BigInt(ending) >= BigInt(child.SequenceNumberRange.StartingSequenceNumber))
        faults.push(`${child.ShardId} begins before ${parentId} ends`)
      const [start, end] = range(child)
      const [parentStart, parentEnd] = range(parent)
      const shared = (end < parentEnd ? end : parentEnd) - (start > parentStart ? start : parentStart) + 1n
      covered.set(parent.ShardId, (covered.get(parent.ShardId) ?? 0n) + shared)
    }
  }
  for (const shard of shards.filter((one) => !isOpen(one))) {
    const [start, end] = range(shard)
    const children = covered.get(shard.ShardId)
    // The children of a long closed shard may have been split, closed and expired in turn, but never before it.
    if (children !== end - start + 1n) faults.push(`${shard.ShardId} is closed, and its children have another range`)
  }
  return faults
}
