import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { atTimestamp, type Checkpoint, latest, trimHorizon } from './checkpoint.ts'
import { HeldLease } from './held-lease.ts'
import { isFinished, type Lease, newLease, readerOf } from './lease.ts'
import { isStillRead, missingLeases, removableLeases } from './lease-plan.ts'
import { type LeaseTable, LeaseTableMissing } from './lease-table.ts'
import { chooseLeases, LeaseView } from './lease-taking.ts'
import type { InitialPosition, Settings } from './options.ts'
import type { ChildShard } from './page-queue.ts'
import type { RecordProcessorFactory } from './record-processor.ts'
import { ShardConsumer, type ShardOutcome } from './shard-consumer.ts'
import type { ShardReader } from './shard-reader.ts'
import { listShards, type StreamId } from './stream.ts'
import { Wake } from './wake.ts'

export type WorkerParts = {
  readonly kinesis: KinesisClient
  readonly stream: StreamId
  readonly table: LeaseTable
  readonly reader: ShardReader
  readonly settings: Settings
  readonly processorFactory: RecordProcessorFactory
}

/**
 * One worker of an application: three loops, whatever the number of its leases. One renews them, one looks at the table and
 * takes its share, one compares leases with shards when it is this worker's turn. Each lease it gets is a ShardConsumer.
 */
export class Worker {
  readonly #parts: WorkerParts
  readonly #settings: Settings
  readonly #table: LeaseTable
  readonly #view: LeaseView
  readonly #running = new Map<string, { readonly consumer: ShardConsumer; readonly done: Promise<void> }>()
  readonly #stopping = new AbortController()
  readonly #stopped = new AbortController()
  readonly #takeSoon: Wake
  readonly #looked: Wake
  #lostLeases = 0
  #failure: { readonly error: unknown } | undefined
  #onFailure = () => {}

  constructor(parts: WorkerParts) {
    const { settings, table } = parts
    this.#parts = parts
    this.#settings = settings
    this.#table = table
    this.#view = new LeaseView(settings.failoverTimeMs)
    this.#takeSoon = new Wake(settings.clock)
    this.#looked = new Wake(settings.clock)
  }

  /** The shards that this worker has now. */
  get shardIds(): string[] {
    return [...this.#running.keys()].sort()
  }

  /** The table and the first leases. Rejects when they cannot be made. */
  async prepare(): Promise<void> {
    await this.#parts.reader.prepare?.()
    await this.#table.ensure(this.#stopping.signal)
    await this.#createMissing()
  }

  /** Works until `stop`. Rejects with the processor's error when the application chose to stop for it. */
  async run(): Promise<void> {
    const failed = new Promise<void>((resolve) => {
      this.#onFailure = resolve
    })
    const loops = [
      this.#loop('renew leases', this.#settings.failoverTimeMs / 3, this.#stopped.signal, () => this.#renewAll()),
      this.#loop(
        'take leases',
        this.#settings.takeIntervalMs,
        this.#stopping.signal,
        () => this.#takeShare(),
        this.#takeSoon,
      ),
      this.#loop('compare leases with shards', this.#settings.shardSyncIntervalMs, this.#stopping.signal, () =>
        this.#keepUp(),
      ),
    ]
    await Promise.race([failed, Promise.all(loops)])
    if (this.#failure) await this.stop()
    await Promise.all(loops)
    if (this.#failure) throw this.#failure.error
  }

  /** Lets the processors finish what they have, and gives the leases up. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const waiting = new AbortController()
    const all = Promise.all([...this.#running.values()].map(({ done }) => done))
    await Promise.race([all, this.#settings.clock.sleep(this.#settings.shutdownTimeoutMs, waiting.signal)])
    waiting.abort()
    for (const [shardId, { consumer }] of this.#running) {
      this.#log('error', 'A processor did not come to an end; its lease is given up all the same', undefined, {
        shardId,
      })
      await consumer.lease.release().catch(() => consumer.lease.lose())
    }
    this.#stopped.abort()
  }

  async #loop(
    what: string,
    everyMs: number,
    until: AbortSignal,
    work: () => Promise<void>,
    wake?: Wake,
  ): Promise<void> {
    const { clock } = this.#settings
    while (!until.aborted) {
      const startedMs = clock.monotonicMs()
      try {
        await work()
      } catch (error) {
        if (until.aborted) return
        this.#log('warn', `Could not ${what}; it is tried again`, error)
        if (error instanceof LeaseTableMissing) await this.#createTable()
      }
      const restMs = Math.max(everyMs - (clock.monotonicMs() - startedMs), everyMs / 10)
      await (wake ? wake.sleep(restMs, until) : clock.sleep(restMs, until))
    }
  }

  async #createTable(): Promise<void> {
    await this.#table
      .ensure(this.#stopping.signal)
      .catch((error) => this.#log('warn', 'Could not create the lease table', error))
  }

  async #renewAll(): Promise<void> {
    const { clock, failoverTimeMs, metrics, workerId } = this.#settings
    const dimensions = { Operation: 'RenewAllLeases', WorkerIdentifier: workerId }
    const startedMs = clock.monotonicMs()
    // A checkpoint is a renewal as well: a busy shard need not be renewed each time.
    const due = [...this.#running.values()]
      .map(({ consumer }) => consumer.lease)
      .filter((lease) => !lease.lost.aborted && lease.unprovenMs > failoverTimeMs / 6)
    let failure: unknown
    await inParallel(due, renewalsAtOnceMax, async (lease) => {
      try {
        await lease.renew()
      } catch (error) {
        failure = error
        if (lease.unprovenMs > failoverTimeMs) lease.lose()
      }
    })
    metrics.record('CurrentLeases', dimensions, this.#running.size, 'Count')
    metrics.record('LostLeases', dimensions, this.#lostLeases, 'Count')
    metrics.record('Time', dimensions, clock.monotonicMs() - startedMs, 'Milliseconds')
    metrics.record('Success', dimensions, failure === undefined ? 1 : 0, 'Count')
    this.#lostLeases = 0
    if (failure !== undefined) throw failure
  }

  async #takeShare(): Promise<void> {
    const { clock, workerId, failoverTimeMs, leasesMax, leasesToStealMax, random } = this.#settings
    const leases = await this.#table.list()
    this.#view.update(leases, clock.monotonicMs())
    this.#looked.ring()
    const nowMs = clock.monotonicMs()
    const seen = this.#view.all()
    const rules = { workerId, nowMs, failoverTimeMs, leasesMax, stealMax: leasesToStealMax, random }
    const { take, steal, counts } = chooseLeases(seen, rules)
    // Rows that name this worker, though it does not have them: assigned to it, or left by an earlier life of its.
    const own = leases.filter(
      (lease) => readerOf(lease) === workerId && lease.checkpointOwner === undefined && !isFinished(lease),
    )
    let taken = 0
    await inParallel([...new Set([...own, ...take, ...steal])], renewalsAtOnceMax, async (lease) => {
      if (await this.#take(lease)) taken++
    })
    this.#recordTaking(counts, taken)
  }

  async #take(seen: Lease): Promise<boolean> {
    const { clock, workerId } = this.#settings
    if (this.#stopping.signal.aborted || this.#running.has(seen.leaseKey)) return false
    const sentMs = clock.monotonicMs()
    const written = await this.#table.take(seen, workerId)
    if (!written.done || this.#stopping.signal.aborted || this.#running.has(seen.leaseKey)) return false
    this.#begin(new HeldLease(this.#table, clock, workerId, written.lease, sentMs))
    return true
  }

  #begin(lease: HeldLease): void {
    const { shardId } = lease
    const consumer = new ShardConsumer(lease, {
      table: this.#table,
      reader: this.#parts.reader,
      settings: this.#settings,
      processor: this.#parts.processorFactory({ shardId }),
      parentsFinished: (held, signal) => this.#parentsFinished(held, signal),
      findChildren: (parent) => this.#findChildren(parent),
      stopping: this.#stopping.signal,
    })
    const done = consumer.run().then(
      (outcome) => this.#finish(consumer, outcome),
      (error) => this.#finish(consumer, 'failed', error),
    )
    this.#running.set(shardId, { consumer, done })
  }

  #finish(consumer: ShardConsumer, outcome: ShardOutcome, error = consumer.failure): void {
    consumer.lease.lose()
    this.#running.delete(consumer.lease.shardId)
    if (outcome === 'lost') this.#lostLeases++
    if (outcome === 'failed') {
      this.#failure ??= { error }
      this.#onFailure()
    }
    this.#log(outcome === 'failed' ? 'error' : 'info', `Shard ${outcome}`, error, { shardId: consumer.lease.shardId })
    // Its children are free now.
    if (outcome === 'ended') this.#takeSoon.ring()
  }

  async #parentsFinished(lease: HeldLease, signal: AbortSignal): Promise<void> {
    const isFinishedParent = async (shardId: string): Promise<boolean> => {
      // The last scan may be older than the lease.
      const parent = this.#view.get(shardId) ?? (await this.#table.get(shardId))
      if (parent) return isFinished(parent)
      // It was finished and removed, or never ours to read, or it has no lease yet, or somebody removed its row.
      const shards = await listShards(this.#parts.kinesis, this.#parts.stream)
      if (isStillRead(shardId, shards, await this.#table.list({ consistent: true }))) return false
      const start = checkpointOf(this.#settings.initialPosition)
      const listed = shards.find((shard) => shard.shardId === shardId)
      // A finished parent is removed only when its children have begun. At LATEST, closed shards are none of ours.
      const hasBegun = lease.lease.checkpoint.sequenceNumber !== trimHorizon.sequenceNumber
      if (!listed || hasBegun || start === latest) return true
      await this.#table.create(newLease(shardId, start, listed.parentShardIds, listed.hashKeyRange))
      this.#takeSoon.ring()
      return false
    }
    while (!signal.aborted) {
      try {
        const finished = await Promise.all(lease.lease.parentShardIds.map(isFinishedParent))
        if (finished.every(Boolean)) return
      } catch (error) {
        this.#log('warn', "Cannot see whether a shard's parents are finished; it is tried again", error)
      }
      await this.#looked.sleep(this.#settings.takeIntervalMs, signal)
    }
  }

  async #findChildren(parentId: string): Promise<readonly ChildShard[]> {
    const shards = await listShards(this.#parts.kinesis, this.#parts.stream)
    return shards.filter(({ parentShardIds }) => parentShardIds.includes(parentId))
  }

  /** Done by one worker at a time: the first by name of those who have leases. When two think so, nothing is done twice. */
  async #keepUp(): Promise<void> {
    const { clock, workerId } = this.#settings
    const others = this.#view.workers(clock.monotonicMs())
    if ([...others].some((other) => other < workerId)) return
    const { shards, leases } = await this.#createMissing()
    // Not one more after one that could not be removed: a parent must never outlive its child.
    for (const leaseKey of removableLeases(shards, leases)) if (!(await this.#table.deleteFinished(leaseKey))) return
  }

  async #createMissing() {
    const shards = await listShards(this.#parts.kinesis, this.#parts.stream)
    const leases = await this.#table.list({ consistent: true })
    const missing = missingLeases(shards, leases, checkpointOf(this.#settings.initialPosition))
    await inParallel(missing, renewalsAtOnceMax, async (lease) => {
      await this.#table.create(lease)
    })
    if (missing.length > 0) this.#takeSoon.ring()
    return { shards, leases }
  }

  #recordTaking(counts: ReturnType<typeof chooseLeases>['counts'], taken: number): void {
    const { metrics, workerId } = this.#settings
    const dimensions = { Operation: 'TakeLeases', WorkerIdentifier: workerId }
    const values = {
      TotalLeases: counts.total,
      ExpiredLeases: counts.expired,
      NumWorkers: counts.workers,
      NeededLeases: counts.needed,
      LeaseSpillover: counts.spillover,
      VeryOldLeases: counts.veryOld,
      TakenLeases: taken,
    }
    for (const [name, value] of Object.entries(values)) metrics.record(name, dimensions, value, 'Count')
  }

  #log(
    level: 'info' | 'warn' | 'error',
    message: string,
    error?: unknown,
    facts: Readonly<Record<string, unknown>> = {},
  ): void {
    const { logger, workerId } = this.#settings
    logger.log(level, message, { workerId, ...facts, ...(error !== undefined && { error: String(error) }) })
  }
}

/** KCL's maxLeaseRenewalThreads. */
const renewalsAtOnceMax = 20

const checkpointOf = (position: InitialPosition): Checkpoint =>
  position === 'TRIM_HORIZON' ? trimHorizon : position === 'LATEST' ? latest : atTimestamp

/** Rejects with the first failure, when all are done. */
async function inParallel<T>(
  values: readonly T[],
  atOnceMax: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const lane = async () => {
    while (next < values.length) {
      try {
        await work(values[next++]!)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, values.length) }, lane))
  if (failure) throw failure.error
}
