import type { DeliveryRecord } from '../delivery/delivery-record.ts'
import type { DeliveryBatch } from './destination.ts'

/** What batches become before they are brought to their destination: made once for all tries, and as often as it fails. */
export class PreparedBatches<Made> {
  readonly #make: (batch: DeliveryBatch, signal: AbortSignal) => Promise<Made>
  readonly #made = new WeakMap<readonly DeliveryRecord[], Promise<Made>>()

  constructor(make: (batch: DeliveryBatch, signal: AbortSignal) => Promise<Made>) {
    this.#make = make
  }

  /** Begins, before somebody asks. */
  begin(batch: DeliveryBatch, signal: AbortSignal): void {
    this.of(batch, signal).catch(() => {}) // told to who asks
  }

  of(batch: DeliveryBatch, signal: AbortSignal): Promise<Made> {
    const { records } = batch
    const begun = this.#made.get(records)
    if (begun) return begun
    const made = this.#make(batch, signal)
    this.#made.set(records, made)
    made.catch(() => this.#made.delete(records)) // the next try makes it again
    return made
  }
}
