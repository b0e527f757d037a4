import { deaggregateRecords, type HashKeyRange, hashKeyMax, type UserRecord } from '@millrace/formats'
import { anySignal } from '@millrace/ports'
import { Backoff } from './backoff.ts'
import { type Checkpoint, compareCheckpoints, isShardEnd } from './checkpoint.ts'
import { LeaseLostError, ShardCheckpointer } from './checkpointer.ts'
import type { HeldLease } from './held-lease.ts'
import { leaseOfChild } from './lease-plan.ts'
import type { LeaseTable } from './lease-table.ts'
import type { ProcessorErrorAction, Settings } from './options.ts'
import { type ChildShard, type Page, PageQueue, type PrefetchBudget } from './page-queue.ts'
import type { RecordOpener } from './record-decryption.ts'
import type { RecordProcessor } from './record-processor.ts'
import { ShardMetrics } from './shard-metrics.ts'
import type { ShardReader } from './shard-reader.ts'

/** Why a worker is done with a shard. */
export type ShardOutcome = 'ended' | 'lost' | 'given up' | 'failed'

export type ShardConsumerParts = {
  readonly table: LeaseTable
  readonly reader: ShardReader
  readonly settings: Settings
  readonly budget: PrefetchBudget
  /** Where records are encrypted. */
  readonly opener: RecordOpener | undefined
  readonly processor: RecordProcessor
  /** Resolves when all parents are finished, or `signal` aborts. */
  readonly parentsFinished: (lease: HeldLease, signal: AbortSignal) => Promise<void>
  /** The children of a shard whose end did not name them. */
  readonly findChildren: (shardId: string) => Promise<readonly ChildShard[]>
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

/** One shard from its lease to its end: parents first, then page by page through the processor, one call at a time. */
export class ShardConsumer {
  readonly lease: HeldLease
  readonly #parts: ShardConsumerParts
  readonly #checkpointer: ShardCheckpointer
  readonly #leave: AbortSignal
  readonly #metrics: ShardMetrics
  readonly #range: HashKeyRange | undefined
  readonly #begin: Checkpoint
  #passedBegin = false
  /** What made the worker stop, when the application said so. */
  failure: unknown

  constructor(lease: HeldLease, parts: ShardConsumerParts) {
    this.lease = lease
    this.#parts = parts
    this.#begin = lease.lease.checkpoint
    this.#checkpointer = new ShardCheckpointer(lease, this.#begin)
    this.#leave = anySignal([lease.lost, lease.wantedElsewhere, parts.stopping])
    this.#metrics = new ShardMetrics(parts.settings.metrics, lease.shardId)
    this.#range = rangeOf(lease)
  }

  /** Does all of it. Resolves when the processor was told the end, whatever it was, and the lease is given up. */
  async run(): Promise<ShardOutcome> {
    const { parentsFinished } = this.#parts
    await parentsFinished(this.lease, this.#leave)
    let outcome: ShardOutcome = 'given up'
    let isInitialized = false
    if (!this.#leave.aborted) {
      isInitialized = await this.#initialize()
      // initialize() may take its time, and the lease may go meanwhile.
      if (isInitialized && !this.#leave.aborted) outcome = await this.#process()
    }
    if (this.lease.lost.aborted) outcome = 'lost'
    if (isInitialized) await this.#tellEnd(outcome)
    if (outcome !== 'lost') await this.#release()
    return outcome
  }

  async #initialize(): Promise<boolean> {
    const { processor, settings } = this.#parts
    const { shardId, lease } = this.lease
    const backoff = new Backoff(settings.clock, settings.random, retryFirstMs, retryMostMs)
    while (!this.#leave.aborted) {
      try {
        await processor.initialize?.({
          shardId,
          checkpoint: this.#begin,
          pendingCheckpoint: lease.pendingCheckpoint,
          pendingCheckpointState: lease.pendingCheckpointState,
        })
        return true
      } catch (error) {
        this.#log('error', 'initialize() threw; it is called again', error)
        await backoff.wait(this.#leave)
      }
    }
    return false
  }

  async #process(): Promise<ShardOutcome> {
    const { reader, settings } = this.#parts
    const limits = { bytesMax: settings.prefetchBytesMax, recordsMax: settings.prefetchRecordsMax }
    const queue = new PageQueue(limits, this.#parts.budget)
    const close = () => queue.close()
    const stopReading = new AbortController()
    this.#leave.addEventListener('abort', close, { once: true })
    const signal = anySignal([this.#leave, stopReading.signal])
    // It never rejects, and it is not waited for: a call that hangs must not hold the lease.
    void reader.read(this.lease.shardId, this.#begin, queue, signal)
    try {
      for (;;) {
        const next = await queue.take()
        if (!next) return 'given up'
        if ('children' in next) {
          const children = await this.#createChildren(next.children)
          return children ? 'ended' : 'given up'
        }
        if (!(await this.#processPage(next))) return this.failure === undefined ? 'given up' : 'failed'
      }
    } finally {
      this.#leave.removeEventListener('abort', close)
      stopReading.abort()
      close()
    }
  }

  /** False when the shard must be left with this page unprocessed. */
  async #processPage(page: Page): Promise<boolean> {
    const { processor, settings } = this.#parts
    const { shardId } = this.lease
    this.lease.count(page.bytes)
    const records = await this.#userRecords(page)
    if (!records) return false
    const last = records.at(-1)
    if (!last) return true
    const before = this.#checkpointer.given
    this.#checkpointer.giveOut({ sequenceNumber: last.sequenceNumber, subSequenceNumber: last.subSequenceNumber })
    const backoff = new Backoff(settings.clock, settings.random, retryFirstMs, retryMostMs)
    for (let attempt = 1; ; attempt++) {
      const startedMs = settings.clock.monotonicMs()
      let error: unknown
      let success = true
      try {
        await processor.processRecords({
          shardId,
          records,
          checkpointer: this.#checkpointer,
          millisBehindLatest: page.millisBehindLatest,
        })
      } catch (thrown) {
        error = thrown
        success = false
      }
      const tookMs = settings.clock.monotonicMs() - startedMs
      this.#metrics.processed(records.length, page.bytes, page.millisBehindLatest, tookMs, success)
      if (success || this.lease.lost.aborted) return true
      const action = await this.#actionFor(error, records, attempt)
      if (action === 'skip') return true
      if (action === 'stop') this.failure = error
      else await backoff.wait(this.#leave)
      if (action === 'stop' || this.#leave.aborted) {
        // A checkpoint at the last moment must not take in what was not processed.
        this.#checkpointer.takeBack(before)
        return false
      }
    }
  }

  /** Those of a page, in the clear; undefined when the shard must be left because some of them cannot be decrypted. */
  async #userRecords(page: Page): Promise<UserRecord[] | undefined> {
    const { opener, settings } = this.#parts
    if (!opener) return this.#newRecords(deaggregateRecords(page.records, this.#range))
    const backoff = new Backoff(settings.clock, settings.random, retryFirstMs, retryMostMs)
    const passedBegin = this.#passedBegin
    for (let attempt = 1; ; attempt++) {
      this.#passedBegin = passedBegin
      const { records: all, faults } = await opener.open(page.records, this.#range)
      const records = this.#newRecords(all)
      const refused = records.filter((record) => faults.has(record))
      const [first] = refused
      if (!first) return records
      if (this.lease.lost.aborted) return undefined
      const error = faults.get(first)
      const action = await this.#actionFor(error, refused, attempt, 'Records could not be decrypted')
      if (action === 'skip') return records.filter((record) => !faults.has(record))
      if (action === 'stop') this.failure = error
      else await backoff.wait(this.#leave)
      if (action === 'stop' || this.#leave.aborted) return undefined
    }
  }

  async #actionFor(
    error: unknown,
    records: readonly UserRecord[],
    attempt: number,
    what = 'processRecords() threw',
  ): Promise<ProcessorErrorAction> {
    const { onProcessorError } = this.#parts.settings
    // Not the record's fault: the lease is gone, or its table cannot be reached just now.
    if (error instanceof LeaseLostError) return 'skip'
    const { shardId } = this.lease
    const action =
      typeof onProcessorError === 'string'
        ? onProcessorError
        : await onProcessorError({ shardId, error, records, attempt })
    const facts = { attempt, records: records.length, first: records[0]!.sequenceNumber, action }
    this.#log('error', what, error, facts)
    return action
  }

  /** Without what lies at or before the checkpoint: the first read begins with the checkpoint's own record. */
  #newRecords(records: UserRecord[]): UserRecord[] {
    if (this.#passedBegin) return records
    const first = records.findIndex((record) => compareCheckpoints(record, this.#begin) > 0)
    if (first < 0) return []
    this.#passedBegin = true
    return first === 0 ? records : records.slice(first)
  }

  /** Before the shard's own lease says that it is finished: so a crash between the two loses no child. */
  async #createChildren(told: readonly ChildShard[]): Promise<boolean> {
    const { table, settings, findChildren } = this.#parts
    const backoff = new Backoff(settings.clock, settings.random, retryFirstMs, retryMostMs)
    while (!this.#leave.aborted) {
      try {
        const children = told.length > 0 ? told : await findChildren(this.lease.shardId)
        for (const child of children) await table.create(leaseOfChild(child))
        await this.lease.setChildren(children.map(({ shardId }) => shardId))
        return true
      } catch (error) {
        if (error instanceof LeaseLostError) return false
        this.#log('warn', "The leases of a shard's children could not be created; it is tried again", error)
        await backoff.wait(this.#leave)
      }
    }
    return false
  }

  async #tellEnd(outcome: ShardOutcome): Promise<void> {
    const { processor, settings } = this.#parts
    const { shardId } = this.lease
    const checkpointer = this.#checkpointer
    if (outcome === 'ended') return this.#tellShardEnded()
    try {
      if (outcome === 'lost') {
        settings.metrics.record('LeaseLost', { Operation: 'ShutdownTask', ShardId: shardId }, 1, 'Count')
        await processor.leaseLost?.({ shardId })
      } else await processor.shutdownRequested?.({ shardId, checkpointer })
    } catch (error) {
      this.#log('error', outcome === 'lost' ? 'leaseLost() threw' : 'shutdownRequested() threw', error)
    }
  }

  /** As KCL: until it is checkpointed at the end, the shard is not finished, and its children wait. */
  async #tellShardEnded(): Promise<void> {
    const { processor, settings } = this.#parts
    const checkpointer = this.#checkpointer
    checkpointer.reachEnd()
    const backoff = new Backoff(settings.clock, settings.random, retryFirstMs, retryMostMs)
    for (;;) {
      try {
        if (processor.shardEnded) await processor.shardEnded({ shardId: this.lease.shardId, checkpointer })
        else await checkpointer.checkpoint()
        if (isShardEnd(checkpointer.lastCheckpoint)) return
        this.#log(
          'error',
          'shardEnded() returned without a checkpoint at the end of the shard; it is called again',
          undefined,
        )
      } catch (error) {
        this.#log('error', 'shardEnded() threw; it is called again', error)
      }
      const gone = anySignal([this.lease.lost, this.#parts.stopping])
      if (gone.aborted) return
      await backoff.wait(gone)
    }
  }

  async #release(): Promise<void> {
    try {
      await this.lease.release()
    } catch (error) {
      // It expires, and then others take it.
      this.#log('warn', 'A lease could not be given up', error)
      this.lease.lose()
    }
  }

  #log(level: 'warn' | 'error', message: string, error: unknown, facts: Readonly<Record<string, unknown>> = {}): void {
    const text =
      error instanceof Error ? (error.stack ?? error.message) : error === undefined ? undefined : String(error)
    this.#parts.settings.logger.log(level, message, {
      shardId: this.lease.shardId,
      ...(text !== undefined && { error: text }),
      ...facts,
    })
  }
}

const retryFirstMs = 1000
const retryMostMs = 30_000

/** Undefined where every hash key is at home. */
function rangeOf({ lease: { hashKeyRange } }: HeldLease): HashKeyRange | undefined {
  if (!hashKeyRange || !/^\d{1,39}$/.test(hashKeyRange.start) || !/^\d{1,39}$/.test(hashKeyRange.end)) return undefined
  const range = { start: BigInt(hashKeyRange.start), end: BigInt(hashKeyRange.end) }
  return range.start === 0n && range.end >= hashKeyMax ? undefined : range
}
