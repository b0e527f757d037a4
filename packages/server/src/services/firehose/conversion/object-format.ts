import type { DeliveryRecord, RefusedRecord } from '../delivery/delivery-record.ts'

/** What an object is made of. */
export type MadeObject = {
  /** One behind the other; none if no record had a place in it. */
  readonly parts: readonly Uint8Array[]
  readonly refused: readonly RefusedRecord[]
  /** To be called when the object is where it belongs. */
  readonly delivered: () => void
}

/** How records become an object that is more than them one behind the other. */
export interface ObjectFormat {
  /** What stands behind its key when nothing else is asked for. */
  readonly extension: string
  /** What the error records of this format tell of a record. */
  errorDetails(record: DeliveryRecord): Readonly<Record<string, unknown>>
  /** @throws DeliveryFailed when it may go well later */
  make(records: readonly DeliveryRecord[], signal: AbortSignal): Promise<MadeObject>
  /** Lets go of threads. */
  close(): Promise<void>
}
