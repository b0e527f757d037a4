import type { DeliveryBatch, DeliveryFailed, KeepReceipt } from '../destinations/destination.ts'
import type { SourcePage, Waiting } from '../sources/source.ts'
import type { Transformed } from '../transforms/transform.ts'
import { BatchSender, type SenderParts } from './batch-sender.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type Buffered, type Closed, DeliveryBuffers } from './delivery-buffers.ts'
import type { DeliveryCounts } from './delivery-counts.ts'
import type { DeliveryRecord, ErrorOutputType, FailedRecord, PartitionKeys } from './delivery-record.ts'
import { DeliveryReport, type ReportParts } from './delivery-report.ts'
import type { BufferLimits, Plan } from './plan.ts'
import { Progress } from './progress.ts'
import { ProgressSaving } from './progress-saving.ts'
import { countOf, type Way } from './settled.ts'
import { dataLength, onPage } from './stored-record.ts'

export type DeliveryParts = SenderParts & ReportParts & { readonly checkpoints: CheckpointStore }

/** How a delivery stands at this moment. */
export type DeliveryFigures = {
  readonly counts: DeliveryCounts
  /** In memory, before the destination. */
  readonly buffered: Buffered
  /** Not read yet. */
  readonly waiting: Waiting
  /** Arrival of the oldest record that was read and is not settled. */
  readonly oldestMs: number | undefined
}

/** Memory that one delivery stream's records may take: two batches of the size that is asked for, and at least this. */
const heldBytesMin = 16 * 1024 * 1024

/** Error records that wait or are on their way, and at most so many bytes of them in one object. */
const errorBytesMax = 16 * 1024 * 1024

/** A stop waits so long for what is delivered to be kept as well. */
const stopMsMax = 5000

/** A source that failed is read again so much later. */
const sourceRetryMs = 1000

/** Lanes whose records are transformed at once. */
const concurrentTransformsMax = 4

/**
 * One loop for each delivery stream:
 *
 *   source → intake → transforms → buffers → destination ─┐
 *     └─→ backup                └─→ errors ───────────────┴→ settled → checkpoint
 *
 * The checkpoint moves last, so that a crash repeats what was not settled, and misses nothing. A destination that is down
 * fills the buffers, and then nothing more is read: what waits is on the disk.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #plan: Plan
  readonly #report: DeliveryReport
  readonly #sender: BatchSender
  /** Nothing more is read. */
  readonly #ending = new AbortController()
  /** Nothing more is done. */
  readonly #stopping = new AbortController()
  /** Where a transform wants many records at once. */
  readonly #intake: DeliveryBuffers<DeliveryRecord> | undefined
  readonly #buffers: DeliveryBuffers<DeliveryRecord>
  readonly #errors: DeliveryBuffers<FailedRecord>
  readonly #backup: DeliveryBuffers<DeliveryRecord> | undefined
  readonly #progress: Progress
  readonly #saving: ProgressSaving
  #done: Promise<void> = Promise.resolve()

  constructor(parts: DeliveryParts, plan: Plan) {
    this.#parts = parts
    this.#plan = plan
    this.#report = new DeliveryReport(parts, plan)
    this.#sender = new BatchSender(parts, plan, this.#report)
    const saved = parts.checkpoints.open(plan.id)
    this.#progress = new Progress(saved.load(), plan.version)
    const { name, source } = plan
    const signal = this.#stopping.signal
    this.#saving = new ProgressSaving({ ...parts, name, source, progress: this.#progress, saved, signal })
    const { backup, concurrentMax, errors } = plan
    const intake = plan.transforms.find((transform) => transform.intake)?.intake
    this.#intake = intake && this.#buffersOf(intake, concurrentTransformsMax, true, ({ items }) => this.#process(items))
    this.#buffers = this.#buffersOf(plan, concurrentMax, concurrentMax === 1, (closed) => this.#deliver(closed))
    const errorLimits = {
      ...errors,
      sizeBytesMax: Math.min(errors.sizeBytesMax, errorBytesMax),
      heldBytesMax: errorBytesMax,
    }
    this.#errors = this.#buffersOf(errorLimits, 1, true, (closed) => this.#deliverErrors(closed))
    this.#backup = backup && this.#buffersOf(backup, 1, true, (closed) => this.#keep(closed))
  }

  start(): void {
    this.#done = this.#run()
  }

  /**
   * Ends in the middle of whatever it is: what is not settled comes again. Only where all records are kept as well, a little
   * time is given to what was delivered and not kept yet, or kept and not delivered: it would be there twice.
   */
  async stop(): Promise<void> {
    this.#ending.abort()
    if (this.#backup) await Promise.race([this.#finish(), this.#parts.clock.sleep(stopMsMax, this.#stopping.signal)])
    this.#stopping.abort()
    const all = this.#allBuffers()
    for (const buffers of all) buffers.drop()
    await this.#done
    for (const buffers of all) await buffers.settled()
    await this.#saving.end()
    const { destination, transforms } = this.#plan
    await Promise.all([destination.close(), ...transforms.map((transform) => transform.close?.())])
  }

  /** Bytes of records in memory: waiting, or being delivered. */
  get heldBytes(): number {
    return this.#allBuffers().reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  /** How it stands, for people. */
  async figures(): Promise<DeliveryFigures> {
    const { counts } = this.#report
    const buffered = [this.#intake, this.#buffers].flatMap((buffers) => (buffers ? [buffers.buffered] : []))
    return {
      counts,
      buffered: {
        records: buffered.reduce((sum, { records }) => sum + records, 0),
        bytes: buffered.reduce((sum, { bytes }) => sum + bytes, 0),
        partitions: this.#buffers.buffered.partitions,
      },
      waiting: (await this.#plan.source.waiting?.(this.#progress.read)) ?? {},
      oldestMs: this.#progress.oldestMs,
    }
  }

  /** Tells CloudWatch how old the oldest record is that waits, if any does. Called each minute. */
  reportWaiting(): void {
    const waiting = [this.#intake?.oldestMs, this.#buffers.oldestMs].filter((oldestMs) => oldestMs !== undefined)
    this.#report.waiting(waiting.length === 0 ? undefined : Math.min(...waiting), this.#backup?.oldestMs)
  }

  #allBuffers() {
    return [this.#intake, this.#buffers, this.#errors, this.#backup].filter((buffers) => buffers !== undefined)
  }

  #buffersOf<T>(
    limits: BufferLimits & { readonly heldBytesMax?: number | undefined },
    concurrentMax: number,
    isInOrder: boolean,
    deliver: (closed: Closed<T>) => Promise<void>,
  ): DeliveryBuffers<T> {
    const { clock } = this.#parts
    const { intervalMs, recordsMax: itemsMax, sizeBytesMax } = limits
    const heldBytesMax = limits.heldBytesMax ?? Math.max(2 * sizeBytesMax, heldBytesMin)
    const bounds = { sizeBytesMax, itemsMax, intervalMs, heldBytesMax }
    return new DeliveryBuffers({ clock, concurrentMax, isInOrder, ...bounds, deliver })
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#parts
    const { name, source } = this.#plan
    const { signal } = this.#ending
    await this.#resume(signal)
    while (!signal.aborted) {
      try {
        for await (const page of source.pages(this.#progress.read, signal)) {
          await this.#take(page)
          if (signal.aborted) return
        }
        return
      } catch (error) {
        if (signal.aborted) return
        logger.log('error', 'the source of a delivery stream failed, and is read again', { name, error })
        await clock.sleep(sourceRetryMs, signal)
      }
    }
  }

  /** Asks after what was brought before this process began. What is there is settled before anything is read. */
  async #resume(signal: AbortSignal): Promise<void> {
    const { logger } = this.#parts
    const { destination, name } = this.#plan
    const { receipts } = this.#progress
    const asking = receipts.batches.map(async ([id, saved]) => {
      const isThere = await destination
        .resume?.(id, saved.receipt, this.#keeping(id), signal)
        .catch((error: unknown) => {
          if (!signal.aborted)
            logger.log('error', 'a batch that was sent before the restart cannot be asked after, and is sent again', {
              name,
              id,
              error,
            })
        })
      if (isThere) {
        this.#progress.settleReceipt(id, saved)
        this.#report.foundDelivered(countOf(saved.records))
      } else if (!signal.aborted) receipts.drop(id)
    })
    await Promise.all(asking)
    if (asking.length > 0) await this.#saving.saved()
  }

  #keeping(id: string): KeepReceipt {
    return (receipt, records) => {
      this.#progress.receipts.keep(id, receipt, records)
      return this.#saving.saved()
    }
  }

  async #take(given: SourcePage): Promise<void> {
    await Promise.all(this.#allBuffers().map((buffers) => buffers.room()))
    if (this.#progress.isFull(given.lane)) await this.#hurry()
    if (this.#stopping.signal.aborted) return
    this.#report.read(given.records)
    const page = this.#progress.begin(given)
    const isTransformed = this.#plan.transforms.length > 0
    const records = given.records.map((record) => onPage(record, page, isTransformed))
    const kept = this.#backup ? this.#progress.left('kept', page, records) : []
    const left = this.#progress.left('delivered', page, records)
    if (isTransformed) this.#progress.follow(page, left)
    if (page.left === 0) this.#saving.advance()
    for (const record of kept) this.#backup!.add('', record, dataLength(record), record.arrivalMs)
    if (!this.#intake) await this.#process(left)
    else for (const record of left) this.#intake.add(given.lane, record, dataLength(record), record.arrivalMs)
    if (given.isEnd) void this.#hurry()
  }

  /** Others wait for what was taken until now: it goes on its way, however little it is. */
  async #hurry(): Promise<void> {
    const kept = this.#backup?.flush()
    await this.#intake?.flush()
    await this.#buffers.flush()
    await this.#errors.flush()
    await kept
  }

  /** Resolves when all that was read is settled. */
  async #finish(): Promise<void> {
    await this.#done
    await this.#hurry()
  }

  /** Transforms records, and puts what became of them where they wait to be delivered. */
  async #process(given: readonly DeliveryRecord[]): Promise<void> {
    await this.#transform(given, 0)
    this.#saving.advance()
  }

  /** The transforms from a step on. A step that leaves records for later is taken again when there is room for more. */
  async #transform(given: readonly DeliveryRecord[], step: number): Promise<void> {
    const { signal } = this.#stopping
    const transform = this.#plan.transforms[step]
    if (!transform) return this.#giveUp(this.#buffer(given))
    for (let left = given; left.length > 0; await this.#buffers.room()) {
      const made = await transform.transform(left, signal).catch((error: unknown) => this.#untransformed(left, error))
      if (signal.aborted) return
      const { rest = [] } = made
      const records = this.#progress.pass(left.slice(0, left.length - rest.length), made)
      this.#giveUp(made.failed)
      await this.#transform(records, step + 1)
      if (signal.aborted) return
      left = rest
    }
  }

  /** Puts records where they wait. Returns those for which there is no partition any more. */
  #buffer(records: readonly DeliveryRecord[]): readonly FailedRecord[] {
    const { activePartitionsMax, destination } = this.#plan
    const buffers = this.#buffers
    const over: FailedRecord[] = []
    for (const record of records) {
      const partition = partitionOf(record)
      if (
        activePartitionsMax !== undefined &&
        buffers.activeCount >= activePartitionsMax &&
        !buffers.isActive(partition)
      )
        over.push(partitionsExceeded(record, this.#parts.clock.nowMs()))
      else {
        const rawBytes = record.part === undefined ? record.rawData?.byteLength : 0 // its parts share it
        buffers.add(partition, record, dataLength(record), record.arrivalMs, rawBytes)
      }
    }
    if (activePartitionsMax !== undefined) this.#report.partitioned(buffers.activeCount, over.length > 0)
    else destination.ahead?.(buffers.itemsOf('') ?? [])
    return over
  }

  /** A transform that throws has a defect: its records are kept, with what it said. */
  #untransformed(records: readonly DeliveryRecord[], error: unknown): Transformed {
    const { clock, logger } = this.#parts
    if (!this.#stopping.signal.aborted)
      logger.log('error', 'a transform of a delivery stream failed', { name: this.#plan.name, error })
    const failed = records.map((record) => ({
      record,
      errorOutputType: 'processing-failed' as const,
      errorCode: 'InternalError',
      errorMessage: (error as Error).message,
      attemptsMade: 1,
      attemptEndingMs: clock.nowMs(),
    }))
    return { records: [], failed }
  }

  async #deliver({ items: records, firstArrivalMs }: Closed<DeliveryRecord>): Promise<void> {
    const { version } = this.#plan
    const { partitionKeys } = records[0]!
    const id = this.#parts.random.uuid()
    const keepReceipt = this.#keeping(id)
    const batch: DeliveryBatch = { id, version, records, firstArrivalMs, partitionKeys, keepReceipt }
    const { receipts } = this.#progress
    this.#plan.destination.prepare?.(batch, this.#stopping.signal)
    const taken = (taken: readonly DeliveryRecord[]) => {
      receipts.drop(id)
      return this.#settle('delivered', taken)
    }
    const failed = await this.#sender.send(batch, taken, this.#stopping.signal)
    if (!failed) return
    receipts.drop(id)
    this.#giveUp(failed)
  }

  #giveUp(failed: readonly FailedRecord[]): void {
    if (failed.length > 0) this.#report.gaveUp(failed)
    for (const each of failed) {
      const { errorMessage, record } = each
      // What it says of each record may be much more than the record.
      const sizeBytes = (record.rawData ?? record.data).byteLength + errorMessage.length
      this.#errors.add(each.errorOutputType, each, sizeBytes, record.arrivalMs)
    }
  }

  async #deliverErrors({ key, items, firstArrivalMs }: Closed<FailedRecord>): Promise<void> {
    const { errors, version } = this.#plan
    const at = { version, firstArrivalMs }
    const put = () => errors.destination.deliverErrors(key as ErrorOutputType, items, at, this.#stopping.signal)
    const refused = (failure: DeliveryFailed, attempt: number) => this.#report.errorOutputFailed(failure, attempt)
    if (!(await this.#sender.insist(put, refused, this.#stopping.signal))) return
    const records = items.map(({ record }) => record)
    await this.#settle('delivered', records)
  }

  async #keep({ items: records, firstArrivalMs }: Closed<DeliveryRecord>): Promise<void> {
    const { backup, version } = this.#plan
    const batch = { id: this.#parts.random.uuid(), version, records, firstArrivalMs }
    const put = () => backup!.destination.deliver(batch, this.#stopping.signal)
    const refused = (failure: DeliveryFailed, attempt: number) => this.#report.backupFailed(failure, attempt)
    if (!(await this.#sender.insist(put, refused, this.#stopping.signal))) return
    this.#report.backedUp(batch, records)
    await this.#settle('kept', records)
  }

  /** Resolves when it is saved. */
  #settle(way: Way, records: readonly DeliveryRecord[]): Promise<void> {
    for (const record of records) this.#progress.settle(way, record)
    return this.#saving.saved()
  }
}

/** Records with the same partition keys go together; those of one partition share the object that says which. */
function partitionOf({ partitionKeys }: DeliveryRecord): string {
  if (!partitionKeys) return ''
  const known = partitions.get(partitionKeys)
  if (known !== undefined) return known
  const partition = JSON.stringify([partitionKeys.fromQuery, partitionKeys.fromLambda])
  partitions.set(partitionKeys, partition)
  return partition
}

const partitions = new WeakMap<PartitionKeys, string>()

/** The sentence is AWS's; of the code only a reader's word is known. */
const partitionsExceeded = (record: DeliveryRecord, attemptEndingMs: number): FailedRecord => ({
  record,
  errorOutputType: 'active-partition-limit-exceeded',
  errorCode: 'DynamicPartitioning.ActivePartitionsLimitExceeded',
  errorMessage: 'The number of active partitions has exceeded the configured limit',
  attemptsMade: 1,
  attemptEndingMs,
})
