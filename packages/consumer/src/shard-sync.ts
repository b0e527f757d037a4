import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { Clock } from '@millrace/ports'
import { atTimestamp, type Checkpoint, latest, trimHorizon } from './checkpoint.ts'
import { inParallel, tableCallsAtOnceMax } from './in-parallel.ts'
import { isFinished, type Lease, newLease } from './lease.ts'
import { isStillRead, missingLeases, removableLeases } from './lease-plan.ts'
import type { LeaseTable } from './lease-table.ts'
import type { InitialPosition, Settings } from './options.ts'
import type { ChildShard } from './page-queue.ts'
import { listShards, type StreamId } from './stream.ts'

/** How often a stream that is being made is looked at. */
const streamPollMs = 200

/** Holds the lease table against the stream's shards. */
export class ShardSync {
  readonly #kinesis: KinesisClient
  readonly #stream: StreamId
  readonly #table: LeaseTable
  readonly #start: Checkpoint

  constructor(kinesis: KinesisClient, stream: StreamId, table: LeaseTable, { initialPosition }: Settings) {
    this.#kinesis = kinesis
    this.#stream = stream
    this.#table = table
    this.#start = checkpointOf(initialPosition)
  }

  /** Waits, as KCL does, while the stream is being made. Rejects when there is none. */
  async untilStreamIsMade(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await listShards(this.#kinesis, this.#stream)
        return
      } catch (error) {
        if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
      }
      await clock.sleep(streamPollMs, signal)
    }
  }

  /** Creates the leases that are missing. True when there were any. */
  async createMissing(): Promise<boolean> {
    const { missing } = await this.#compare()
    return missing > 0
  }

  /** Creates what is missing, and removes the leases of shards that are finished and followed. True when any were missing. */
  async keepUp(): Promise<boolean> {
    const { shards, leases, missing } = await this.#compare()
    // Not one more after one that could not be removed: a parent must never outlive its child.
    for (const leaseKey of removableLeases(shards, leases)) if (!(await this.#table.deleteFinished(leaseKey))) break
    return missing > 0
  }

  /** Whether `parentId`, a parent of the shard of `lease`, is finished; `seen` is its row by the last scan. */
  async isFinishedParent(parentId: string, lease: Lease, seen: Lease | undefined): Promise<boolean> {
    // The last scan may be older than the lease.
    const parent = seen ?? (await this.#table.get(parentId))
    if (parent) return isFinished(parent)
    // It was finished and removed, or never ours to read, or it has no lease yet, or somebody removed its row.
    const shards = await listShards(this.#kinesis, this.#stream)
    if (isStillRead(parentId, shards, await this.#table.list({ consistent: true }))) return false
    const listed = shards.find(({ shardId }) => shardId === parentId)
    // A finished parent is removed only when its children have begun. At LATEST, closed shards are none of ours.
    const hasBegun = lease.checkpoint.sequenceNumber !== trimHorizon.sequenceNumber
    if (!listed || hasBegun || this.#start === latest) return true
    await this.#table.create(newLease(parentId, this.#start, listed.parentShardIds, listed.hashKeyRange))
    return false
  }

  /** The shards that a split or a merge made of this one. */
  async childrenOf(parentId: string): Promise<readonly ChildShard[]> {
    const shards = await listShards(this.#kinesis, this.#stream)
    return shards.filter(({ parentShardIds }) => parentShardIds.includes(parentId))
  }

  async #compare() {
    // In this order: a lease may be younger than its shard.
    const shards = await listShards(this.#kinesis, this.#stream)
    const leases = await this.#table.list({ consistent: true })
    const missing = missingLeases(shards, leases, this.#start)
    await inParallel(missing, tableCallsAtOnceMax, async (lease) => {
      await this.#table.create(lease)
    })
    return { shards, leases, missing: missing.length }
  }
}

const checkpointOf = (position: InitialPosition): Checkpoint =>
  position === 'TRIM_HORIZON' ? trimHorizon : position === 'LATEST' ? latest : atTimestamp
