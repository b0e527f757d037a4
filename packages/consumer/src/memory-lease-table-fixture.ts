import { type Checkpoint, isShardEnd } from './checkpoint.ts'
import { type Item, itemOf, type Lease, leaseOf } from './lease.ts'
import { type LeaseTable, LeaseTableMissing, type Pending, type Renewal, type Written } from './lease-table.ts'

/** The lease table in memory, for models with a manual clock. Rows are kept as DynamoDB's items. */
export class MemoryLeaseTable implements LeaseTable {
  readonly items = new Map<string, Item>()
  exists = true
  writes = 0

  async ensure(_signal: AbortSignal): Promise<void> {
    this.exists = true
  }

  async list(): Promise<Lease[]> {
    this.#door()
    return [...this.items.values()].flatMap((item) => leaseOf(item) ?? [])
  }

  async get(leaseKey: string): Promise<Lease | undefined> {
    this.#door()
    const item = this.items.get(leaseKey)
    return item && leaseOf(item)
  }

  async create(lease: Lease): Promise<boolean> {
    this.#door()
    if (this.items.has(lease.leaseKey)) return false
    this.#put(lease)
    return true
  }

  async take(seen: Lease, owner: string): Promise<Written> {
    const isSwitch = seen.leaseOwner !== undefined && seen.leaseOwner !== owner
    return this.#change(
      seen,
      (now) => now.leaseOwner === seen.leaseOwner,
      (now) => ({
        leaseOwner: owner,
        checkpointOwner: undefined,
        ownerSwitchesSinceCheckpoint: now.ownerSwitchesSinceCheckpoint + (isSwitch ? 1 : 0),
      }),
    )
  }

  async renew(held: Lease, throughputKBps?: number): Promise<Written> {
    return this.#change(
      held,
      (now) => now.checkpointOwner === held.checkpointOwner,
      () => (throughputKBps === undefined ? {} : { throughputKBps }),
    )
  }

  async renewTogether(held: readonly Renewal[]): Promise<boolean[]> {
    const renewed = await Promise.all(held.map(({ lease, throughputKBps }) => this.renew(lease, throughputKBps)))
    return renewed.map(({ done }) => done)
  }

  async checkpoint(held: Lease, checkpoint: Checkpoint, pending?: Pending | null): Promise<Written> {
    return this.#change(
      held,
      () => true,
      () => ({
        checkpoint,
        ownerSwitchesSinceCheckpoint: 0,
        ...(pending !== undefined && {
          pendingCheckpoint: pending?.checkpoint,
          pendingCheckpointState: pending?.state,
        }),
      }),
    )
  }

  async setChildren(held: Lease, childShardIds: readonly string[]): Promise<Written> {
    return this.#change(
      held,
      () => true,
      () => ({ childShardIds }),
    )
  }

  async release(held: Lease): Promise<Written> {
    return this.#change(
      held,
      (now) => now.leaseOwner === held.leaseOwner && now.checkpointOwner === held.checkpointOwner,
      (now) => ({
        leaseOwner: held.checkpointOwner === undefined ? undefined : now.leaseOwner,
        checkpointOwner: undefined,
        ownerSwitchesSinceCheckpoint: now.ownerSwitchesSinceCheckpoint + (held.checkpointOwner === undefined ? 0 : 1),
      }),
    )
  }

  async deleteFinished(leaseKey: string): Promise<boolean> {
    this.#door()
    const lease = await this.get(leaseKey)
    return lease !== undefined && isShardEnd(lease.checkpoint) && this.items.delete(leaseKey)
  }

  #change(seen: Lease, condition: (now: Lease) => boolean, change: (now: Lease) => Partial<Lease>): Written {
    this.#door()
    const item = this.items.get(seen.leaseKey)
    const now = item && leaseOf(item)
    if (!now || now.leaseCounter !== seen.leaseCounter || !condition(now)) return { done: false, found: now }
    const lease = { ...now, ...change(now), leaseCounter: now.leaseCounter + 1 }
    this.#put(lease)
    return { done: true, lease }
  }

  #put(lease: Lease): void {
    this.writes++
    this.items.set(lease.leaseKey, itemOf(lease))
  }

  #door(): void {
    if (!this.exists) throw new LeaseTableMissing('The lease table does not exist.')
  }
}
