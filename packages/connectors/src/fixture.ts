import { type Checkpointer, LeaseLostError, type Place, type UserRecord } from '@millrace/consumer'
import type { Batch, Emitter, Refusal } from './pipeline.ts'

/** The n-th record of a shard. */
export const recordOf = (n: number, data: string | Uint8Array = `${n}`): UserRecord => ({
  data: Buffer.from(data),
  partitionKey: `key-${n}`,
  explicitHashKey: undefined,
  sequenceNumber: `49590338271490256608559692538361571095921575989136${String(588_000 + n)}`,
  subSequenceNumber: 0,
  approximateArrivalTimestamp: new Date(Date.UTC(2026, 0, 1)),
  aggregated: false,
})

export const recordsOf = (from: number, count: number): UserRecord[] =>
  Array.from({ length: count }, (_, i) => recordOf(from + i))

/** A batch of values, each of a record of its own. */
export const batchOf = <Out>(values: readonly Out[]): Batch<Out> => ({
  shardId: 'shardId-000000000000',
  entries: values.map((value, i) => ({ record: recordOf(i), value, ordinal: 0 })),
})

export const never = new AbortController().signal

/** Remembers where it was told to checkpoint. */
export class KeptCheckpoints implements Checkpointer {
  readonly places: (string | undefined)[] = []
  isLost = false

  get lastCheckpoint() {
    return { sequenceNumber: this.places.at(-1) ?? 'TRIM_HORIZON', subSequenceNumber: 0 }
  }

  async checkpoint(place?: Place | string): Promise<void> {
    if (this.isLost) throw new LeaseLostError('somebody else has it')
    this.places.push(typeof place === 'string' ? place : place?.sequenceNumber)
  }

  async prepareCheckpoint(): Promise<never> {
    throw new Error('no pipeline asks for this')
  }
}

/** Keeps what it takes; `answers` says what becomes of a batch before that. */
export class KeptBatches implements Emitter<string> {
  readonly batches: string[][] = []
  answers: (values: readonly string[], batch: Batch<string>) => readonly Refusal<string>[] = () => []

  async emit(batch: Batch<string>): Promise<readonly Refusal<string>[]> {
    const refusals = this.answers(
      batch.entries.map(({ value }) => value),
      batch,
    )
    const refused = new Set(refusals.map(({ entry }) => entry))
    this.batches.push(batch.entries.filter((entry) => !refused.has(entry)).map(({ value }) => value))
    return refusals
  }

  get delivered(): string[] {
    return this.batches.flat()
  }
}
