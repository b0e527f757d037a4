import type { DeliveryRecord, FailedRecord } from '../delivery/delivery-record.ts'

/** One step between source and buffer, in AWS's order: decompress, de-aggregate, Lambda, partition, delimit. */
export interface Transform {
  /**
   * How many records it wants at once, as far as they come: so many bytes of a lane (a shard, or what is put), or what
   * came within so many milliseconds. Absent: as they come.
   */
  readonly intake?: { readonly sizeBytesMax: number; readonly intervalMs: number } | undefined
  /**
   * One record may become none, one or many; their order stays. New records are made of the old one by spreading it
   * (see `derived`), so that it is known what became of it. Rejects only when `signal` aborts.
   */
  transform(records: readonly DeliveryRecord[], signal: AbortSignal): Promise<Transformed>
  /** Lets go of workers and connections. */
  close?(): Promise<void>
}

export type Transformed = {
  readonly records: readonly DeliveryRecord[]
  readonly failed: readonly FailedRecord[]
  /** Those at the end that were left for later, for little may become much: they are given once more, when there is room. */
  readonly rest?: readonly DeliveryRecord[] | undefined
}
