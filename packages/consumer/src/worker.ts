import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { HeldLease } from './held-lease.ts'
import { inParallel, tableCallsAtOnceMax } from './in-parallel.ts'
import type { KclFleet } from './kcl-fleet.ts'
import { isFinished, type Lease, readerOf } from './lease.ts'
import { type LeaseTable, LeaseTableMissing } from './lease-table.ts'
import { chooseForgotten, chooseLeases, LeaseView } from './lease-taking.ts'
import type { Settings } from './options.ts'
import { PrefetchBudget } from './page-queue.ts'
import { RecordOpener } from './record-decryption.ts'
import type { RecordProcessorFactory } from './record-processor.ts'
import { ShardConsumer, type ShardOutcome } from './shard-consumer.ts'
import type { ShardReader } from './shard-reader.ts'
import { ShardSync } from './shard-sync.ts'
import type { StreamId } from './stream.ts'
import { Wake } from './wake.ts'

export type WorkerParts = {
  readonly kinesis: KinesisClient
  readonly stream: StreamId
  readonly table: LeaseTable
  readonly reader: ShardReader
  readonly settings: Settings
  readonly processorFactory: RecordProcessorFactory
  /** Workers of KCL 3 beside this one; undefined when they are not looked for. */
  readonly fleet: KclFleet | undefined
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
  readonly #sync: ShardSync
  readonly #budget: PrefetchBudget
  readonly #opener: RecordOpener | undefined
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
    this.#sync = new ShardSync(parts.kinesis, parts.stream, table, settings)
    this.#budget = new PrefetchBudget(settings.prefetchTotalBytesMax)
    const { encryption, streamName, clock } = settings
    this.#opener = encryption && new RecordOpener(encryption, streamName, clock)
    this.#takeSoon = new Wake(settings.clock)
    this.#looked = new Wake(settings.clock)
  }

  /** The shards that this worker has now. */
  get shardIds(): string[] {
    return [...this.#running.keys()].sort()
  }

  /** The table and the first leases. Rejects when they cannot be made; ends early, without them, at a `stop` meanwhile. */
  async prepare(): Promise<void> {
    await this.#sync.untilStreamIsMade(this.#settings.clock, this.#stopping.signal)
    await this.#parts.reader.prepare?.()
    await this.#table.ensure(this.#stopping.signal)
    if (this.#stopping.signal.aborted) return
    await this.#sync.createMissing()
    // Read once before anything is taken: a leader of KCL 3 may be there.
    await this.#table.list()
    await this.#parts.fleet?.look()
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
    const { fleet } = this.#parts
    if (fleet)
      loops.push(this.#loop('look for workers of KCL 3', fleetPollMs, this.#stopping.signal, () => fleet.look()))
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
    await this.#parts.fleet?.leave().catch((error) => this.#log('warn', 'Could not tell the leader of the end', error))
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
    const withThroughput = this.#parts.fleet?.wantsReports ?? false
    const fail = (error: unknown, leases: readonly HeldLease[]) => {
      failure = error
      for (const lease of leases) if (lease.unprovenMs > failoverTimeMs) lease.lose()
    }
    let alone = due
    if (due.length >= this.#settings.renewTogetherFrom) {
      alone = []
      await inParallel(chunksOf(due, renewalsTogetherMax), transactionsAtOnceMax, async (chunk) => {
        try {
          for (const lease of await HeldLease.renewTogether(this.#table, chunk, withThroughput)) alone.push(lease)
        } catch (error) {
          fail(error, chunk)
        }
      })
    }
    await inParallel(alone, tableCallsAtOnceMax, async (lease) => {
      try {
        await lease.renew(withThroughput)
      } catch (error) {
        fail(error, [lease])
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
    const { take, steal, counts } = this.#parts.fleet?.hasLeader
      ? chooseForgotten(seen, rules)
      : chooseLeases(seen, rules)
    // Rows that name this worker, though it does not have them: assigned to it, or left by an earlier life of its.
    const own = leases.filter(
      (lease) => readerOf(lease) === workerId && lease.checkpointOwner === undefined && !isFinished(lease),
    )
    let taken = 0
    await inParallel([...new Set([...own, ...take, ...steal])], tableCallsAtOnceMax, async (lease) => {
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
      budget: this.#budget,
      opener: this.#opener,
      processor: this.#parts.processorFactory({ shardId }),
      parentsFinished: (held, signal) => this.#parentsFinished(held, signal),
      findChildren: (parent) => this.#sync.childrenOf(parent),
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
    const isFinishedParent = (shardId: string) =>
      this.#sync.isFinishedParent(shardId, lease.lease, this.#view.get(shardId))
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

  /** Done by one worker at a time: the first by name of those who have leases. When two think so, nothing is done twice. */
  async #keepUp(): Promise<void> {
    const { clock, workerId } = this.#settings
    const others = this.#view.workers(clock.monotonicMs())
    if ([...others].some((other) => other < workerId)) return
    if (await this.#sync.keepUp()) this.#takeSoon.ring()
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

/** As KCL watches its state. */
const fleetPollMs = 10_000

/** DynamoDB's limit for a transaction. */
const renewalsTogetherMax = 100
const transactionsAtOnceMax = 4

function chunksOf<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size))
  return chunks
}
