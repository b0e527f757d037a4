import type { Clock } from '@millrace/ports'
import type { Flow } from '../config/flow-config.ts'
import type { Counts } from '../counts.ts'
import type { Batch, BatchDelivery } from '../sending/batch-delivery.ts'
import type { CheckpointStore } from '../state/checkpoint-store.ts'
import type { RecordSplitter } from './record-splitter.ts'
import { type Signature, signatureOf, tailLengthMax } from './signature.ts'

/** Makes of a record as it stands in a file what is sent. */
export interface RecordMaker {
  /** Undefined: left out. Never longer than the service takes. */
  make(record: Buffer): Uint8Array | undefined
  /** With it, the file is at its end. */
  isFooter(record: Buffer): boolean
}

export type BuilderContext = {
  readonly flow: Flow
  readonly clock: Clock
  readonly counts: Counts
  readonly store: CheckpointStore
  readonly delivery: BatchDelivery
  readonly records: RecordMaker
}

/** What the builder asks of its file. */
type Owner = { readonly id: string; readonly path: string; readonly head: Signature }

/** A batch of which conversions left out everything is closed after so many lines, for the checkpoint's sake. */
const linesMax = 20_000

const noBytes = new Uint8Array(0)

/**
 * Puts a file's records into batches and sends them one after the other: none before the checkpoint of the one before.
 * While one is under way the next is made; so there are never more than two or three in memory.
 */
export class BatchBuilder {
  readonly #context: BuilderContext
  readonly #owner: Owner
  #open: Batch | undefined
  readonly #closed: Batch[] = []
  #aggregate: Uint8Array[] = []
  #aggregateBytes = 0
  #inFlight: Promise<void> | undefined
  #inFlightRecords = 0
  #delivered: number
  /** A truncation begins the next: what is delivered of the contents before is no checkpoint of these. */
  #generation = 0

  constructor(context: BuilderContext, owner: Owner, delivered: number) {
    this.#context = context
    this.#owner = owner
    this.#delivered = delivered
  }

  /** There is a batch that is not full, and none that waits before it. */
  get mayFlush(): boolean {
    return this.#open !== undefined && this.#closed.length === 0
  }

  /** Nothing is in memory. */
  get isIdle(): boolean {
    return !this.#open && this.#closed.length === 0 && !this.#inFlight
  }

  get openedAtMs(): number {
    return this.#open?.firstAtMs ?? Number.POSITIVE_INFINITY
  }

  get deliveredOffset(): number {
    return this.#delivered
  }

  get pendingRecords(): number {
    let records = this.#inFlightRecords + (this.#open?.records.length ?? 0)
    for (const batch of this.#closed) records += batch.records.length
    return records
  }

  /** Takes in the record that the splitter gave. Returns whether a batch is ready: call `sendClosed` before the next. */
  add(record: Buffer, splitter: RecordSplitter): boolean {
    const { flow, counts, delivery, records } = this.#context
    const data = records.make(record)
    counts.read++
    counts.readBytes += record.length
    if (data === undefined) {
      counts.skipped++
      const batch = this.#opened()
      this.#reach(batch, splitter)
      if (batch.lineCount >= linesMax) this.#close()
      return this.#closed.length > 0
    }
    const size = data.length + delivery.overheadBytes
    if (this.#open && !this.#hasRoom(this.#open, data.length, size)) this.#close()
    const batch = this.#opened()
    if (flow.aggregatedRecordBytes > 0) this.#addToAggregate(batch, data)
    else batch.records.push(data)
    batch.sizeBytes += size
    delivery.budget.add(data.length)
    this.#reach(batch, splitter)
    // An aggregate is only at its end when the next record does not fit into it.
    if (flow.aggregatedRecordBytes === 0 && batch.records.length >= flow.batch.recordsMax) this.#close()
    return this.#closed.length > 0
  }

  /** What the splitter gave ends the file: it is not sent, and once what comes before it is delivered, all is. */
  end(splitter: RecordSplitter): void {
    const batch = this.#opened()
    this.#reach(batch, splitter)
    batch.isLast = true
  }

  /** Resolves when the closed batches are under way: the one before the last is delivered by then. */
  async sendClosed(): Promise<void> {
    while (this.#closed.length > 0) {
      while (this.#inFlight) await this.#inFlight
      const batch = this.#closed.shift()
      if (!batch) return
      this.#inFlight = this.#deliver(batch).finally(() => {
        this.#inFlight = undefined
      })
    }
  }

  /** Sends what there is, full or not. Resolves when it is under way. */
  async flush(): Promise<void> {
    this.#close()
    await this.sendClosed()
  }

  /** Resolves when all in memory is delivered, or given up because the agent stops. */
  async finish(): Promise<void> {
    await this.flush()
    while (this.#inFlight) await this.#inFlight
  }

  /** Resolves when there is room in memory for more to be read. */
  async waitForRoom(): Promise<void> {
    const { budget } = this.#context.delivery
    while (budget.isFull && !budget.isStopped) {
      if (this.isIdle) await budget.room()
      else await this.finish()
    }
  }

  /** The file is read from its beginning again. */
  restart(): void {
    this.#close()
    void this.sendClosed()
    this.#generation++
    this.#delivered = 0
  }

  #opened(): Batch {
    this.#open ??= {
      records: [],
      sizeBytes: 0,
      lineCount: 0,
      firstAtMs: this.#context.clock.monotonicMs(),
      endOffset: 0,
      endChunk: noBytes,
      endInChunk: 0,
      isLast: false,
      generation: this.#generation,
    }
    return this.#open
  }

  #reach(batch: Batch, splitter: RecordSplitter): void {
    batch.lineCount++
    batch.endOffset = splitter.offset
    batch.endChunk = splitter.chunk
    batch.endInChunk = splitter.offsetInChunk
  }

  #hasRoom({ records, sizeBytes }: Batch, dataBytes: number, size: number): boolean {
    const { batch, aggregatedRecordBytes } = this.#context.flow
    if (sizeBytes + size > batch.bytesMax) return false
    if (this.#aggregate.length === 0 || this.#aggregateBytes + dataBytes <= aggregatedRecordBytes) return true
    return records.length + 1 < batch.recordsMax
  }

  #addToAggregate(batch: Batch, data: Uint8Array): void {
    if (this.#aggregateBytes + data.length > this.#context.flow.aggregatedRecordBytes) this.#endAggregate(batch)
    this.#aggregate.push(data)
    this.#aggregateBytes += data.length
  }

  #endAggregate(batch: Batch): void {
    if (this.#aggregate.length > 0) batch.records.push(Buffer.concat(this.#aggregate))
    this.#aggregate = []
    this.#aggregateBytes = 0
  }

  #close(): void {
    const batch = this.#open
    if (!batch) return
    this.#endAggregate(batch)
    this.#open = undefined
    this.#closed.push(batch)
  }

  async #deliver(batch: Batch): Promise<void> {
    const { delivery, store, flow, clock } = this.#context
    this.#inFlightRecords = batch.records.length
    const isDelivered = await delivery.deliver(batch)
    this.#inFlightRecords = 0
    if (!isDelivered || batch.generation !== this.#generation) return
    const { endOffset: offset, endChunk, endInChunk, isLast: isFinished } = batch
    this.#delivered = offset
    const { id, path, head } = this.#owner
    const tail = signatureOf(endChunk.subarray(Math.max(0, endInChunk - tailLengthMax), endInChunk))
    await store.save({ flow: flow.id, id, path, offset, head, tail, atMs: clock.nowMs(), isFinished })
  }
}
