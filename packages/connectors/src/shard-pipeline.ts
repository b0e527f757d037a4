import {
  type Checkpointer,
  InvalidCheckpointError,
  LeaseLostError,
  type ProcessRecordsInput,
  type RecordProcessor,
  type ShardInput,
  type UserRecord,
} from '@millrace/consumer'
import type { Settings } from './connector-options.ts'
import { deliver } from './delivery.ts'
import { type Entry, errorOf, type Failure } from './pipeline.ts'

/** When a batch that could not be finished is looked at again, if no records come before. */
const unfinishedMs = 1000

/**
 * One shard's way through the pipeline: transform, filter, buffer; when the buffer is full or old: emit with retries, give
 * what is left to `fail`, clear, checkpoint at the last record that went in. A crash before the checkpoint brings these
 * records again, to whoever has the shard then.
 */
export class ShardPipeline<Model, Out> implements RecordProcessor {
  readonly #settings: Settings<Model, Out>
  readonly #shardId: string
  #entries: Entry<Out>[] = []
  /** What could not be transformed, or was refused to the end and has not been taken by `fail` yet. */
  #failures: Failure<Out>[] = []
  #bytes = 0
  /** The last record that went in, also one that a filter left out. */
  #taken: UserRecord | undefined
  #isCheckpointed = true
  /** A batch was begun, and has not come to its checkpoint. */
  #isUnfinished = false
  #checkpointer: Checkpointer | undefined
  #stopTimer: (() => void) | undefined
  readonly #ending = new AbortController()
  /** Batches go one after the other, whether time or a full buffer asks. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(shardId: string, settings: Settings<Model, Out>) {
    this.#shardId = shardId
    this.#settings = settings
  }

  processRecords({ records, checkpointer }: ProcessRecordsInput): Promise<void> {
    this.#checkpointer = checkpointer
    return this.#inTurn(async () => {
      if (this.#isUnfinished) await this.#flush() // what failed the last time comes first
      for (const record of records) {
        if (this.#taken && !isAfter(record, this.#taken)) continue // the same records again, after a failure
        await this.#take(record)
        if (this.#isFull) await this.#flush()
      }
    })
  }

  shardEnded({ checkpointer }: ShardInput): Promise<void> {
    return this.#inTurn(async () => {
      await this.#flush()
      await checkpointer.checkpoint()
    })
  }

  shutdownRequested({ checkpointer }: ShardInput): Promise<void> {
    this.#checkpointer = checkpointer
    return this.#inTurn(() => this.#flush()).finally(() => this.leaseLost())
  }

  leaseLost(): void {
    this.#ending.abort()
    this.#stopTimer?.()
  }

  get #isFull(): boolean {
    const { bufferRecordsMax, bufferBytesMax } = this.#settings
    return this.#entries.length + this.#failures.length >= bufferRecordsMax || this.#bytes >= bufferBytesMax
  }

  async #take(record: UserRecord): Promise<void> {
    const { transformer, filter } = this.#settings
    const entries: Entry<Out>[] = []
    try {
      for (const model of await transformer.toModels(record))
        if (await filter(model))
          entries.push({ record, value: await transformer.fromModel(model, record), ordinal: entries.length })
      this.#entries.push(...entries)
    } catch (thrown) {
      this.#failures.push({ record, error: errorOf(thrown), stage: 'transform' })
    }
    this.#bytes += record.data.byteLength
    this.#taken = record
    if (this.#isCheckpointed) this.#startTimer(this.#settings.bufferMs)
    this.#isCheckpointed = false
  }

  async #flush(): Promise<void> {
    this.#stopTimer?.()
    if (this.#isCheckpointed) return
    this.#isUnfinished = true
    try {
      await this.#emit()
    } finally {
      if (!this.#isCheckpointed && !this.#ending.signal.aborted)
        this.#startTimer(Math.max(this.#settings.backoffMs, unfinishedMs))
    }
  }

  async #emit(): Promise<void> {
    if (this.#entries.length > 0) {
      const batch = { shardId: this.#shardId, entries: this.#entries }
      const failures = await deliver(batch, this.#settings, this.#ending.signal)
      if (!failures) return // the shard is somebody else's, who begins at the last checkpoint
      this.#failures.push(...failures)
      this.#entries = []
      this.#bytes = 0
    }
    if (this.#failures.length > 0) await this.#settings.fail(this.#failures)
    this.#failures = []
    this.#bytes = 0
    await this.#checkpoint(this.#taken!)
  }

  async #checkpoint({ sequenceNumber, subSequenceNumber }: UserRecord): Promise<void> {
    try {
      await this.#checkpointer?.checkpoint({ sequenceNumber, subSequenceNumber })
      this.#isCheckpointed = true
      this.#isUnfinished = false
    } catch (error) {
      // Between a failure and the records' coming again, the consumer does not count them as given: the next batch will do.
      if (error instanceof InvalidCheckpointError) return
      if (!(error instanceof LeaseLostError)) throw error
      this.leaseLost()
    }
  }

  #startTimer(afterMs: number): void {
    const { clock, logger } = this.#settings
    this.#stopTimer?.()
    this.#stopTimer = clock.after(afterMs, () => {
      void this.#inTurn(() => this.#flush()).catch((error: unknown) => {
        logger.log('error', 'a batch could not be finished, and will be tried again', {
          shardId: this.#shardId,
          error: errorOf(error).message,
        })
      })
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

/** Sequence numbers are decimal; the longer one is the larger. */
function isAfter(record: UserRecord, other: UserRecord): boolean {
  if (record.sequenceNumber === other.sequenceNumber) return record.subSequenceNumber > other.subSequenceNumber
  const lengths = record.sequenceNumber.length - other.sequenceNumber.length
  return lengths === 0 ? record.sequenceNumber > other.sequenceNumber : lengths > 0
}
