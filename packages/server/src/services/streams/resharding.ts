import { hashKeyMax } from '@millrace/formats'
import { AwsError } from '../../core/aws-error.ts'
import type { StreamsContext } from './context.ts'
import { uniformRanges } from './shard-map.ts'
import { changed, isOpen, logIdOf, logOptionsOf, type PendingWork, type Shard, type Stream } from './stream.ts'

/*
 * A split, a merge and a round of scaling are one thing: some open shards are closed, and others take their ranges.
 *
 *   close the parents' logs     nothing more can land in them; whoever still tries looks again for the open shard
 *   create the children's logs  under indexes that nobody else gets, since only this work adds shards to the stream
 *   one change of the catalog   parents closed, children open
 *
 * Until the last step a crash leaves the catalog as it was, with the work still pending, and each step can be done
 * again. A record is in a parent or in a child, never in both: a child takes none before its parents are closed.
 */

type Range = Pick<Shard, 'startingHashKey' | 'endingHashKey'>

/** One or two neighbouring shards, and the two or one that take their place. */
export type Replacement = { readonly parents: readonly Shard[]; readonly ranges: readonly Range[] }

/** Does a due split, merge or round of scaling: `stream.pending` says which. Safe to do again after a crash. */
export async function completeResharding(context: StreamsContext, stream: Stream): Promise<void> {
  const { clock, durations, log, streams } = context
  const { pending } = stream
  if (!pending) return
  const replacements = replacementsOf(stream, pending)
  const firstIndex = nextShardIndex(stream)
  const successors: { parents: readonly Shard[]; closedAtMs: number; children: readonly Shard[] }[] = []
  let index = firstIndex
  for (const { parents, ranges } of replacements) {
    const closedAtMs = await closeLogs(context, stream, parents)
    const children = ranges.map((range) => childOf(parents, range, index++, closedAtMs))
    for (const child of children) await log.create(logIdOf(stream, child.index), logOptionsOf(stream))
    successors.push({ parents, closedAtMs, children })
  }

  const change = (newest: Stream): Stream => {
    // Another process was faster, or the stream is being deleted: what was decided here is void.
    if (newest.id !== stream.id || newest.pending?.kind !== pending.kind || nextShardIndex(newest) !== firstIndex)
      return newest
    const closedAt = new Map(successors.flatMap(({ parents, closedAtMs }) => parents.map((p) => [p.index, closedAtMs])))
    const kept = newest.shards.map((shard) => {
      const closedAtMs = closedAt.get(shard.index)
      return closedAtMs === undefined ? shard : { ...shard, closedAtMs }
    })
    const { pending: _, ...rest } = newest
    const settled = changed(rest as Stream, {
      status: 'ACTIVE',
      shards: [...kept, ...successors.flatMap(({ children }) => children)],
    })
    const goesOn = pending.kind === 'scale' && scalingRound(settled, pending.targetShardCount).length > 0
    if (!goesOn) return settled
    const dueAtMs = clock.nowMs() + durations.updateMs
    return changed(settled, { status: 'UPDATING', pending: { ...pending, dueAtMs } })
  }
  const result = await streams.update(stream.name, change).catch((error: unknown) => {
    if (error instanceof AwsError) return undefined // there is no such stream any more
    throw error
  })
  if (result?.id === stream.id && result.status !== 'DELETING') return
  // The stream was deleted meanwhile, and with it the logs that its catalog entry named: these it did not name.
  for (const { children } of successors) for (const child of children) await log.delete(logIdOf(stream, child.index))
}

/** The index that the next new shard gets: indexes are never given twice in the life of a stream. */
const nextShardIndex = ({ shards }: Stream) => shards.reduce((next, { index }) => Math.max(next, index + 1), 0)

function replacementsOf(stream: Stream, pending: PendingWork): readonly Replacement[] {
  const open = (index: number) => stream.shards.find((shard) => shard.index === index && isOpen(shard))
  if (pending.kind === 'split') {
    const shard = open(pending.shardIndex)
    return shard ? [split(shard, pending.newStartingHashKey)] : []
  }
  if (pending.kind === 'merge') {
    const shard = open(pending.shardIndex)
    const adjacent = open(pending.adjacentIndex)
    return shard && adjacent ? [merge(shard, adjacent)] : []
  }
  return pending.kind === 'scale' ? scalingRound(stream, pending.targetShardCount) : []
}

const split = (shard: Shard, newStartingHashKey: bigint): Replacement => ({
  parents: [shard],
  ranges: [
    { startingHashKey: shard.startingHashKey, endingHashKey: newStartingHashKey - 1n },
    { startingHashKey: newStartingHashKey, endingHashKey: shard.endingHashKey },
  ],
})

/** The first becomes ParentShardId, the second AdjacentParentShardId; which lies lower does not matter. */
function merge(shard: Shard, adjacent: Shard): Replacement {
  const [lower, upper] = shard.startingHashKey < adjacent.startingHashKey ? [shard, adjacent] : [adjacent, shard]
  const range = { startingHashKey: lower.startingHashKey, endingHashKey: upper.endingHashKey }
  return { parents: [shard, adjacent], ranges: [range] }
}

/**
 * What one round can do towards `targetShardCount` equal shards; empty when they are there. Shards that cross a wanted
 * boundary are split at the middle one of those that they cross; neighbours whose boundary nobody wants are merged. Each
 * shard takes part once in a round. A split adds a wanted boundary and a merge removes an unwanted one, so it ends.
 */
export function scalingRound(stream: Stream, targetShardCount: number): Replacement[] {
  const wanted = uniformRanges(targetShardCount).map(({ startingHashKey }) => startingHashKey)
  const isWanted = new Set([...wanted, hashKeyMax + 1n])
  const round: Replacement[] = []
  const { openShards } = stream.shardMap
  let first = 0 // index in `wanted` of the first boundary behind the shard's start
  let unpaired: Shard | undefined
  for (const shard of openShards) {
    while (first < wanted.length && wanted[first]! <= shard.startingHashKey) first++
    let last = first
    while (last < wanted.length && wanted[last]! <= shard.endingHashKey) last++
    if (last > first) {
      round.push(split(shard, wanted[(first + last - 1) >> 1]!))
      unpaired = undefined
    } else if (unpaired) {
      round.push(merge(unpaired, shard))
      unpaired = undefined
    } else {
      unpaired = isWanted.has(shard.endingHashKey + 1n) ? undefined : shard
    }
  }
  return round
}

/** Closes the parents' logs. The time at which they count as closed: not before any of their records came. */
async function closeLogs({ clock, log }: StreamsContext, stream: Stream, parents: readonly Shard[]): Promise<number> {
  let closedAtMs = clock.nowMs()
  for (const parent of parents) {
    const logId = logIdOf(stream, parent.index)
    const { endOffset } = await log.close(logId)
    const [last] = endOffset > 0 ? await log.read(logId, endOffset - 1, { bytesMax: 1, entriesMax: 1 }) : []
    closedAtMs = Math.max(closedAtMs, parent.createdAtMs, last?.timestampMs ?? 0)
  }
  return closedAtMs
}

/**
 * The second of creation is the highest part of a sequence number: a child's is after its parents', so that all its
 * sequence numbers are above theirs, however fast one resharding follows the other and whatever the clock does.
 */
function childOf(parents: readonly Shard[], range: Range, index: number, closedAtMs: number): Shard {
  const afterParentsS = Math.max(...parents.map(({ createdAtMs }) => Math.floor(createdAtMs / 1000))) + 1
  const [parent, adjacentParent] = parents
  return {
    index,
    ...range,
    createdAtMs: Math.max(closedAtMs, afterParentsS * 1000),
    parentIndex: parent!.index,
    ...(adjacentParent && { adjacentParentIndex: adjacentParent.index }),
  }
}
