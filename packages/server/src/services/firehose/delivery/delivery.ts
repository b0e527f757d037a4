import type { Clock, Logger, Random } from '@millrace/ports'
import type { MetricSink } from '../../../core/ports.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination } from '../destinations/destination.ts'
import type { S3Destination } from '../destinations/s3.ts'
import type { Transform } from '../transforms/transform.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type Closed, DeliveryBuffers } from './delivery-buffers.ts'
import type { DeliveryRecord, ErrorOutputType, FailedRecord } from './delivery-record.ts'
import { type Page, Progress } from './progress.ts'
import { mayRetry } from './retry.ts'
import type { Source } from './source.ts'

/** How records are delivered, as a delivery stream's settings say. */
export type Plan = {
  readonly name: string
  /** Of its checkpoint. */
  readonly id: string
  readonly version: number
  readonly source: Source
  /** In AWS's order. */
  readonly transforms: readonly Transform[]
  readonly destination: Destination
  /** What names its metrics: `DeliveryToS3` and so on. */
  readonly metricPrefix: string
  readonly sizeBytesMax: number
  readonly intervalMs: number
  /** How long a batch is tried again before it goes to the error output. */
  readonly retryMs: number
  /** Where records go that could not be delivered or transformed. */
  readonly errors: S3Destination
  readonly errorSizeBytesMax: number
  readonly errorIntervalMs: number
  /** What an error code becomes when a batch is given up. */
  readonly errorOutputType: ErrorOutputType
}

export type DeliveryParts = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricSink
  readonly checkpoints: CheckpointStore
}

const concurrentMax = 4

/** Memory that one delivery stream's records may take: two batches of the size that is asked for, and at least this. */
const heldBytesMin = 16 * 1024 * 1024

/** A source that failed is read again so much later. */
const sourceRetryMs = 1000

/**
 * One loop for each delivery stream: read → transform → buffer → deliver → checkpoint. The checkpoint moves last, so that a
 * crash repeats what was not settled, and misses nothing. A destination that is down fills the buffers, and then nothing
 * more is read: what waits is on the disk.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #plan: Plan
  readonly #stopping = new AbortController()
  readonly #buffers: DeliveryBuffers<DeliveryRecord>
  readonly #errorBuffers: DeliveryBuffers<FailedRecord>
  #progress: Progress
  #saving: Promise<void> = Promise.resolve()
  #done: Promise<void> = Promise.resolve()

  constructor(parts: DeliveryParts, plan: Plan) {
    this.#parts = parts
    this.#plan = plan
    this.#progress = new Progress(parts.checkpoints.get(plan.id))
    const { clock } = parts
    this.#buffers = new DeliveryBuffers({
      clock,
      concurrentMax,
      sizeBytesMax: plan.sizeBytesMax,
      intervalMs: plan.intervalMs,
      heldBytesMax: Math.max(2 * plan.sizeBytesMax, heldBytesMin),
      deliver: (closed) => this.#deliver(closed),
    })
    this.#errorBuffers = new DeliveryBuffers({
      clock,
      concurrentMax,
      sizeBytesMax: plan.errorSizeBytesMax,
      intervalMs: plan.errorIntervalMs,
      heldBytesMax: Math.max(2 * plan.errorSizeBytesMax, heldBytesMin),
      deliver: (closed) => this.#deliverErrors(closed),
    })
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Ends in the middle of whatever it is: what is not settled comes again. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#buffers.drop()
    this.#errorBuffers.drop()
    await this.#done
    await Promise.all([this.#buffers.settled(), this.#errorBuffers.settled()])
    await this.#saving
    await this.#plan.destination.close()
  }

  /** Bytes of records in memory: waiting, or being delivered. */
  get heldBytes(): number {
    return this.#buffers.heldBytes + this.#errorBuffers.heldBytes
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#parts
    const { name, source } = this.#plan
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        for await (const page of source.pages(this.#progress.read, signal)) {
          await this.#take(page.lane, page.next, page.records)
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

  async #take(lane: string, next: string, given: readonly DeliveryRecord[]): Promise<void> {
    const { signal } = this.#stopping
    await Promise.all([this.#buffers.room(), this.#errorBuffers.room()])
    if (signal.aborted) return
    let records = given
    const failed: FailedRecord[] = []
    for (const transform of this.#plan.transforms) {
      const transformed = await transform.transform(records, signal)
      records = transformed.records
      for (const record of transformed.failed) failed.push(record)
    }
    const page = this.#progress.begin(lane, next, records.length + failed.length)
    for (const item of records)
      this.#buffers.add(partitionOf(item), { item, page }, item.data.byteLength, item.arrivalMs)
    for (const item of failed) this.#addError(item, page)
    if (page.left === 0) this.#save()
    if (this.#plan.intervalMs === 0) this.#buffers.flush()
  }

  async #deliver({ items, firstArrivalMs }: Closed<DeliveryRecord>): Promise<void> {
    const { clock, random } = this.#parts
    const { version, destination, retryMs } = this.#plan
    const { signal } = this.#stopping
    const records = items.map(({ item }) => item)
    const pages = new Map(items.map(({ item, page }) => [item, page]))
    const partitionKeys = records[0]!.partitionKeys
    const id = random.uuid()
    const deadlineMs = clock.monotonicMs() + retryMs
    let batch: DeliveryBatch = { id, version, records, firstArrivalMs, partitionKeys }
    let failed: readonly FailedRecord[] = []
    for (let attempt = 0; ; attempt++) {
      if (signal.aborted) return
      try {
        failed = await destination.deliver(batch, signal)
        this.#count(batch, true)
        break
      } catch (error) {
        if (signal.aborted) return
        const failure = failureOf(error)
        this.#logFailure(failure, attempt)
        this.#count(batch, false)
        const left = failure.left ?? batch.records
        const isLeft = new Set(left)
        for (const { item, page } of items) if (!isLeft.has(item) && pages.delete(item)) this.#progress.settle(page)
        batch = { ...batch, records: left }
        if (await mayRetry({ clock, random }, attempt, deadlineMs, signal)) continue
        if (signal.aborted) return
        failed = this.#givenUp(left, failure, attempt + 1)
        break
      }
    }
    for (const error of failed) {
      this.#addError(error, pages.get(error.record)!)
      pages.delete(error.record)
    }
    for (const page of pages.values()) this.#progress.settle(page)
    this.#save()
  }

  #givenUp(records: readonly DeliveryRecord[], failure: DeliveryFailed, attemptsMade: number): FailedRecord[] {
    const attemptEndingMs = this.#parts.clock.nowMs()
    return records.map((record) => ({
      record,
      errorOutputType: this.#plan.errorOutputType,
      errorCode: failure.code,
      errorMessage: failure.message,
      attemptsMade,
      attemptEndingMs,
    }))
  }

  #addError(item: FailedRecord, page: Page): void {
    const sizeBytes = (item.record.rawData ?? item.record.data).byteLength
    this.#errorBuffers.add(item.errorOutputType, { item, page }, sizeBytes, item.record.arrivalMs)
  }

  /** The error output is the last resort: it is tried until it takes them. */
  async #deliverErrors({ key, items, firstArrivalMs }: Closed<FailedRecord>): Promise<void> {
    const { clock, random } = this.#parts
    const { errors, version } = this.#plan
    const { signal } = this.#stopping
    const failed = items.map(({ item }) => item)
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await errors.deliverErrors(key as ErrorOutputType, failed, { version, firstArrivalMs })
        for (const { page } of items) this.#progress.settle(page)
        return this.#save()
      } catch (error) {
        this.#logFailure(failureOf(error), attempt)
        await mayRetry({ clock, random }, attempt, Number.POSITIVE_INFINITY, signal)
      }
    }
  }

  /** Writes how far everything is settled, one write after the other; then the source may forget. */
  #save(): void {
    const { checkpoints, logger } = this.#parts
    const { id, name, source } = this.#plan
    const moved = this.#progress.advance()
    if (moved.length === 0) return
    const { checkpoint } = this.#progress
    this.#saving = this.#saving
      .then(async () => {
        await checkpoints.put(id, checkpoint)
        for (const lane of moved) await source.passed(lane, checkpoint[lane]!)
      })
      .catch((error: unknown) => logger.log('error', 'a checkpoint of a delivery stream failed', { name, error }))
  }

  #count({ records, firstArrivalMs }: DeliveryBatch, isDelivered: boolean): void {
    const { clock, metrics } = this.#parts
    const { metricPrefix, name } = this.#plan
    const dimensions = { DeliveryStreamName: name }
    metrics.record(`${metricPrefix}.Success`, dimensions, isDelivered ? 1 : 0, 'Count')
    if (!isDelivered) return
    const sizeBytes = records.reduce((sum, { data }) => sum + data.byteLength, 0)
    metrics.record(`${metricPrefix}.Bytes`, dimensions, sizeBytes, 'Bytes')
    metrics.record(`${metricPrefix}.Records`, dimensions, records.length, 'Count')
    const freshnessMs = clock.nowMs() - firstArrivalMs
    metrics.record(`${metricPrefix}.DataFreshness`, dimensions, freshnessMs / 1000, 'None')
  }

  #logFailure({ code, message }: DeliveryFailed, attempt: number): void {
    const facts = { deliveryStream: this.#plan.name, code, reason: message, attempt: attempt + 1 }
    this.#parts.logger.log('warn', 'a delivery failed, and is tried again', facts)
  }
}

/** Records with the same partition keys go together. */
function partitionOf({ partitionKeys }: DeliveryRecord): string {
  return partitionKeys ? JSON.stringify([partitionKeys.fromQuery, partitionKeys.fromLambda]) : ''
}

/** What is no failure of a try is a defect; it must not end the loop, and is told like a failure. */
const failureOf = (error: unknown): DeliveryFailed =>
  error instanceof DeliveryFailed
    ? error
    : new DeliveryFailed('InternalError', (error as Error).message, undefined, { cause: error })
