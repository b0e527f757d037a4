import type { DeliveryRecord, FailedRecord } from '../delivery/delivery-record.ts'

/** One step between source and buffer, in AWS's order: decompress, de-aggregate, Lambda, partition, delimit. */
export interface Transform {
  /** One record may become none, one or many; their order stays. Rejects only when `signal` aborts. */
  transform(records: readonly DeliveryRecord[], signal: AbortSignal): Promise<Transformed>
}

export type Transformed = {
  readonly records: readonly DeliveryRecord[]
  readonly failed: readonly FailedRecord[]
}
