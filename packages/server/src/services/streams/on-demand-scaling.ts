import { AwsError } from '../../core/aws-error.ts'
import type { StreamsContext } from './context.ts'
import { checkShardRoom } from './reshard-checks.ts'
import { changed, isOpen, type PendingWork, type Stream } from './stream.ts'

const mebibyte = 1024 * 1024

/**
 * Gives on-demand streams the shards that they need: hot shards are split in the middle, one after the other, and a
 * stream gets as many equal shards as its warm throughput needs. It has no timer of its own: traffic tells which shards
 * are hot, and a stream that becomes ACTIVE again is looked at once more. Returns how to stop.
 */
export function startOnDemandScaling(context: StreamsContext): () => void {
  const { logger, onDemand, streams } = context
  /** By stream id: the shards that are to be split, hottest first. */
  const hotShards = new Map<string, readonly number[]>()

  const look = (name: string) => {
    const stream = streams.find(name)
    if (stream?.mode !== 'ON_DEMAND' || stream.status !== 'ACTIVE') return
    scale(context, stream, hotShards).catch((error: unknown) => {
      const level = error instanceof AwsError ? 'warn' : 'error'
      logger.log(level, 'an on-demand stream could not be given more shards', { stream: name, error: `${error}` })
    })
  }
  const stops = [
    onDemand.watchHotShards((stream, indexes) => {
      hotShards.set(stream.id, indexes)
      look(stream.name)
    }),
    streams.watch(look),
  ]
  for (const { name } of streams.all()) look(name)
  return () => {
    for (const stop of stops) stop()
  }
}

/** Begins what an ACTIVE stream needs next, if anything. @throws LimitExceededException, StorageFailed */
async function scale(
  context: StreamsContext,
  { id, name, shards }: Stream,
  hotShards: Map<string, readonly number[]>,
): Promise<void> {
  const hot = hotShards.get(id) ?? []
  hotShards.delete(id)
  const [next, ...rest] = hot.filter((index) => shards.some((shard) => shard.index === index && isOpen(shard)))
  if (rest.length > 0) hotShards.set(id, rest)
  await context.streams.inTurn(() =>
    context.streams.update(name, (newest) => {
      if (newest.id !== id || newest.mode !== 'ON_DEMAND' || newest.status !== 'ACTIVE') return newest
      const pending =
        warmUp(context, newest) ?? (next === undefined ? undefined : splitInTheMiddle(context, newest, next))
      return pending ? changed(newest, { status: 'UPDATING', pending }) : newest
    }),
  )
}

function warmUp({ clock, limits, streams, place }: StreamsContext, stream: Stream): PendingWork | undefined {
  const wanted = Math.ceil(((stream.warmThroughputMiBps ?? 0) * mebibyte) / limits.shardBytesInPerSecond)
  const current = stream.shardMap.openShards.length
  if (wanted <= current) return undefined
  checkShardRoom({ limits, streams, place }, wanted - current)
  return { kind: 'scale', dueAtMs: clock.nowMs(), targetShardCount: wanted }
}

function splitInTheMiddle(context: StreamsContext, stream: Stream, index: number): PendingWork | undefined {
  const shard = stream.shards.find((candidate) => candidate.index === index && isOpen(candidate))
  if (!shard || shard.endingHashKey - shard.startingHashKey < 2n || !context.onDemand.hasUseForShards(stream))
    return undefined
  checkShardRoom(context, 1)
  const newStartingHashKey = (shard.startingHashKey + shard.endingHashKey + 1n) / 2n
  return { kind: 'split', dueAtMs: context.clock.nowMs(), shardIndex: shard.index, newStartingHashKey }
}
