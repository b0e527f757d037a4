import { type Checkpoint, latest, trimHorizon } from './checkpoint.ts'
import { isFinished, type Lease, newLease } from './lease.ts'
import type { ChildShard } from './page-queue.ts'
import type { ListedShard } from './stream.ts'

/** The lease of a child, which is read from its beginning: nothing of its parent's successor may be missed. */
export const leaseOfChild = (child: ChildShard): Lease =>
  newLease(child.shardId, trimHorizon, child.parentShardIds, child.hashKeyRange)

/**
 * The leases that are missing: of open shards that nobody would ever come to. An open shard without a lease is fine while
 * one of its ancestors is still being read, for its lease is created at the ancestor's end. When the ancestors are finished,
 * the nearest shard below them is read from its beginning. When none ever had a lease, as in an empty table, it is where the
 * application begins: at LATEST with the open shard itself, else with the oldest of its ancestors.
 *
 * `shards` must have been listed before `leases` were: a lease may be younger than its shard, but not the other way round.
 */
export function missingLeases(shards: readonly ListedShard[], leases: readonly Lease[], start: Checkpoint): Lease[] {
  const shardOf = new Map(shards.map((shard) => [shard.shardId, shard]))
  const leaseOf = new Map(leases.map((lease) => [lease.leaseKey, lease]))
  const missing = new Map<string, Lease>()
  const states = new Map<string, State>()

  const stateOf = (shardId: string): State => {
    const state = states.get(shardId) ?? find(shardId)
    states.set(shardId, state)
    return state
  }
  const find = (shardId: string): State => {
    states.set(shardId, 'unknown')
    const lease = leaseOf.get(shardId)
    if (lease) return isFinished(lease) ? 'finished' : 'read'
    const shard = shardOf.get(shardId)
    if (!shard) return 'unknown'
    const parents = shard.parentShardIds.map((id) => ({ id, state: stateOf(id) }))
    if (parents.every(({ state }) => state === 'unknown')) return 'unknown'
    // Of two shards that were merged, one is ours, and the other's row is gone.
    const lost =
      start === latest ? [] : parents.flatMap(({ id, state }) => (state === 'unknown' && shardOf.get(id)) || [])
    for (const parent of lost) begin(parent)
    if (lost.length === 0 && parents.every(({ state }) => state !== 'read')) missing.set(shardId, leaseOfChild(shard))
    return 'read'
  }
  // Where a sibling has a lease, the common parent was read: it is not begun again for a row that somebody removed.
  const wasRead = ancestorsOf(leases, shardOf)
  const begin = (shard: ListedShard): void => {
    const above = start === latest ? [] : shard.parentShardIds.flatMap((id) => shardOf.get(id) ?? [])
    const parents = above.filter(({ shardId }) => !wasRead.has(shardId))
    if (parents.length > 0) for (const parent of parents) begin(parent)
    else {
      const unread = shard.parentShardIds.filter((id) => !wasRead.has(id))
      missing.set(shard.shardId, newLease(shard.shardId, start, unread, shard.hashKeyRange))
    }
  }
  for (const shard of shards) if (shard.isOpen && stateOf(shard.shardId) === 'unknown') begin(shard)
  return [...missing.values()]
}

function ancestorsOf(leases: readonly Lease[], shardOf: ReadonlyMap<string, ListedShard>): Set<string> {
  const ancestors = new Set<string>()
  const climb = (parentShardIds: readonly string[]): void => {
    for (const id of parentShardIds) {
      if (ancestors.has(id)) continue
      ancestors.add(id)
      climb(shardOf.get(id)?.parentShardIds ?? [])
    }
  }
  for (const { parentShardIds } of leases) climb(parentShardIds)
  return ancestors
}

/** 'read': somebody reads the shard, or will when he comes to it. 'unknown': nothing leads there. */
type State = 'unknown' | 'read' | 'finished'

/**
 * Whether a shard, or one that leads to it, is still being read. A shard without a lease may get one yet: of two shards that
 * are merged, the one may end before the other, itself a child, has a lease.
 */
export function isStillRead(shardId: string, shards: readonly ListedShard[], leases: readonly Lease[]): boolean {
  const shardOf = new Map(shards.map((shard) => [shard.shardId, shard]))
  const leaseOf = new Map(leases.map((lease) => [lease.leaseKey, lease]))
  const find = (id: string): boolean => {
    const lease = leaseOf.get(id)
    return lease ? !isFinished(lease) : (shardOf.get(id)?.parentShardIds.some(find) ?? false)
  }
  return find(shardId)
}

/**
 * Finished leases that may be removed, in this order: those whose children are all being read, and those whose shard is
 * past its retention. A parent goes before its children: a child that is gone while its parent is there looks like a hole.
 */
export function removableLeases(shards: readonly ListedShard[], leases: readonly Lease[]): string[] {
  const listed = new Set(shards.map(({ shardId }) => shardId))
  const rows = new Map(leases.map((lease) => [lease.leaseKey, lease]))
  const isStarted = (shardId: string): boolean => {
    const child = rows.get(shardId)
    return child !== undefined && child.checkpoint.sequenceNumber !== trimHorizon.sequenceNumber
  }
  const removable: string[] = []
  for (let found = -1; found !== removable.length; ) {
    found = removable.length
    for (const lease of [...rows.values()]) {
      if (!isFinished(lease) || lease.parentShardIds.some((id) => rows.has(id))) continue
      const isFollowed = lease.childShardIds.length > 0 && lease.childShardIds.every(isStarted)
      if (!isFollowed && listed.has(lease.leaseKey)) continue
      removable.push(lease.leaseKey)
      rows.delete(lease.leaseKey)
    }
  }
  return removable
}
