import type { Json } from '../../../storage/catalog.ts'
import type { DeliveryRecord, PartitionKeys, RefusedRecord } from '../delivery/delivery-record.ts'

/** What is delivered in one piece: one partition's records, in order. */
export type DeliveryBatch = {
  /** A UUID; the same for each try. */
  readonly id: string
  /** The delivery stream's version when the batch was closed. */
  readonly version: number
  readonly records: readonly DeliveryRecord[]
  /** Arrival of the oldest record: what timestamps in keys and index names are made of. */
  readonly firstArrivalMs: number
  readonly partitionKeys?: PartitionKeys | undefined
  /** For a destination that takes a batch some time before it has it: see `Destination.resume`. */
  readonly keepReceipt?: KeepReceipt | undefined
}

/**
 * Keeps what a destination must know to ask after a batch that it brought, in place of what it kept of it before. Resolves
 * when that is durable. Dropped when the batch is settled.
 * @param records those that were brought; absent: the same as before
 */
export type KeepReceipt = (receipt: Json, records?: readonly DeliveryRecord[]) => Promise<void>

/** Where records go. One for each delivery stream and version of its settings. */
export interface Destination {
  /** Begins what may be done with the records of a batch while more come. The same list each time, and as the batch's. */
  ahead?(records: readonly DeliveryRecord[]): void
  /** Begins what may be done before the batch's turn comes: to make and to compress an object. Never throws. */
  prepare?(batch: DeliveryBatch, signal: AbortSignal): void
  /**
   * Resolves when the batch is safe there, with the records that will never be taken (whoever calls knows how many tries
   * they had).
   * @throws DeliveryFailed when it may go well later; whoever calls tries again, as long as the settings say
   */
  deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RefusedRecord[]>
  /**
   * Asks after a batch that was brought before this process began, by the same settings, with the receipt kept last.
   * @returns whether it is there; if not, it comes again
   */
  resume?(id: string, receipt: Json, keepReceipt: KeepReceipt, signal: AbortSignal): Promise<boolean>
  /** Lets go of connections. */
  close(): Promise<void>
}

/** A try that failed. */
export class DeliveryFailed extends Error {
  /** As AWS names it, e.g. `HttpEndpoint.ConnectionFailed`. */
  readonly code: string
  /** The records that are still to be delivered; absent: all of them. */
  readonly left: readonly DeliveryRecord[] | undefined
  /** Those that will never be taken, while others are tried again. */
  readonly refused: readonly RefusedRecord[]
  /** No other try: what is left goes to the error output now. */
  readonly isFinal: boolean
  /** Time of this try that the retry duration does not count, as AWS does not where it waits for an acknowledgment. */
  readonly answerWaitMs: number

  constructor(code: string, message: string, left?: readonly DeliveryRecord[], options: FailureOptions = {}) {
    super(message, options)
    this.code = code
    this.left = left
    this.refused = options.refused ?? []
    this.isFinal = options.isFinal ?? false
    this.answerWaitMs = options.answerWaitMs ?? 0
  }
}

export type FailureOptions = ErrorOptions & {
  readonly refused?: readonly RefusedRecord[]
  readonly isFinal?: boolean
  readonly answerWaitMs?: number
}
