import type { UserRecord } from '@millrace/formats'
import { type Checkpointer, LeaseLostError, type Place } from './checkpointer.ts'
import type { ProcessRecordsInput, RecordProcessor, RecordProcessorFactory } from './record-processor.ts'

/** A record of the loop `for await (const record of consumer.records())`. */
export type StreamRecord = UserRecord & {
  readonly shardId: string
  readonly millisBehindLatest: number
  /**
   * Writes down that all records of the shard up to this one are done. False when another worker has the shard by now: it goes
   * on from the last checkpoint, and no more records of the shard come here.
   */
  checkpoint(): Promise<boolean>
}

type Batch = {
  readonly input: ProcessRecordsInput
  /** How many records the loop is done with. */
  done: number
  lost: boolean
  readonly finish: () => void
}

/**
 * Record processors that hand their records to one loop, from all shards, a batch at a time. To ask for the next record
 * says that the one before is done: that is what is checkpointed when the worker stops, and at a shard's end.
 */
export class RecordStream {
  readonly #batches: Batch[] = []
  #ended = false
  #wake = () => {}

  readonly factory: RecordProcessorFactory = () => this.#processor()

  /** The loop ends after the record that it has. */
  end(): void {
    this.#ended = true
    this.#wake()
    for (const batch of this.#batches.splice(0)) batch.finish()
  }

  async *records(): AsyncGenerator<StreamRecord, void, undefined> {
    for (;;) {
      const batch = this.#batches.shift()
      if (!batch) {
        if (this.#ended) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      try {
        const { records } = batch.input
        while (batch.done < records.length && !batch.lost && !this.#ended) {
          yield streamRecordOf(batch, records[batch.done]!)
          batch.done++
        }
      } finally {
        batch.finish()
      }
    }
  }

  #processor(): RecordProcessor {
    let last: Place | undefined
    const checkpointDone = async (checkpointer: Checkpointer) => {
      if (last) await checkpointer.checkpoint(last)
    }
    return {
      processRecords: (input) =>
        new Promise<void>((resolve) => {
          if (this.#ended) return resolve()
          const batch: Batch = {
            input,
            done: 0,
            lost: false,
            finish() {
              last = input.records[batch.done - 1] ?? last
              resolve()
            },
          }
          this.#batches.push(batch)
          this.#wake()
        }),
      shutdownRequested: ({ checkpointer }) => checkpointDone(checkpointer),
    }
  }
}

function streamRecordOf(batch: Batch, record: UserRecord): StreamRecord {
  const { checkpointer, millisBehindLatest, shardId } = batch.input
  return {
    ...record,
    shardId,
    millisBehindLatest,
    async checkpoint() {
      try {
        await checkpointer.checkpoint(record)
        return true
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error
        batch.lost = true
        return false
      }
    },
  }
}
