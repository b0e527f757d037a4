import type { BatchSender } from './batch-sender.ts'
import { Permits } from './permits.ts'
import type { ReadBudget } from './read-budget.ts'

/** Records of one file, in its order, that are sent in one call, and how far the file is delivered once they are. */
export type Batch = {
  readonly records: Uint8Array[]
  /** As the service counts them, with their keys. */
  sizeBytes: number
  /** Records that went into it, also those that a conversion left out. */
  lineCount: number
  /** When the first came, by the monotonic clock. */
  readonly firstAtMs: number
  endOffset: number
  /** The bytes before `endOffset` stand in this chunk, before `endInChunk`. */
  endChunk: Uint8Array
  endInChunk: number
  /** Nothing of the file is sent after it. */
  isLast: boolean
  readonly generation: number
}

/** A partition key's bytes count with the data: 32 are the most that there are. */
export const keyBytesMax = 32

type DeliveryOptions = {
  readonly sender: BatchSender
  readonly budget: ReadBudget
  /** The key of a record; undefined where the destination has none. */
  readonly keyOf: ((data: Uint8Array) => string) | undefined
  readonly batchesMax: number
  /** Comes when the agent will wait no longer. */
  readonly signal: AbortSignal
}

/** How a flow's batches get to its destination. */
export class BatchDelivery {
  readonly budget: ReadBudget
  readonly overheadBytes: number
  readonly #options: DeliveryOptions
  readonly #permits: Permits

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.budget = options.budget
    this.overheadBytes = options.keyOf ? keyBytesMax : 0
    this.#permits = new Permits(options.batchesMax)
  }

  /** Resolves with true once all of it is acknowledged, with false if the agent stopped before. Never rejects. */
  async deliver({ records }: Batch): Promise<boolean> {
    if (records.length === 0) return true
    const { sender, keyOf, signal } = this.#options
    const release = await this.#permits.take()
    try {
      const keyed = records.map((Data) => ({ Data, PartitionKey: keyOf?.(Data) ?? '' }))
      return await sender.send(keyed, signal)
    } finally {
      release()
      let bytes = 0
      for (const { length } of records) bytes += length
      this.budget.release(bytes)
    }
  }
}
