import type { UserRecord } from '@millrace/consumer'

/** A record of the stream, and what the emitter gets of it. */
export type Entry<Out> = {
  readonly record: UserRecord
  readonly value: Out
  /** Which of the values that came of the record it is, from 0. */
  readonly ordinal: number
}

/** What is emitted at one time: entries of one shard, in its order. Never empty. */
export type Batch<Out> = {
  readonly shardId: string
  readonly entries: readonly Entry<Out>[]
}

/** An entry that the destination did not take, and why. */
export type Refusal<Out> = {
  readonly entry: Entry<Out>
  readonly error: Error
  /** May it be taken when it is sent again? */
  readonly mayRetry: boolean
}

/** What will not be delivered: a record that could not be transformed, or an entry that was refused to the end. */
export type Failure<Out> = {
  readonly record: UserRecord
  /** Absent where no value could be made of the record. */
  readonly value?: Out
  readonly error: Error
  readonly stage: 'transform' | 'emit'
}

/**
 * Where records go. Batches may come again, whole or in part, after a crash or when a shard changes hands: an emitter
 * that names what it writes by the records' sequence numbers writes the same thing twice, and not two things.
 */
export interface Emitter<Out> {
  /**
   * Delivers a batch. Resolves, once what was taken is safe, with the entries that were not. Rejects when it cannot tell,
   * or when the destination is not there: then all of it is emitted again.
   */
  emit(batch: Batch<Out>, signal: AbortSignal): Promise<readonly Refusal<Out>[]>
  /** Gives back what it holds. Called by nobody but the user. */
  close?(): Promise<void> | void
}

/** Record → what the application knows → what the emitter wants. */
export type Transformer<Model, Out> = {
  /** Several models, or none, may come of one record. Throws for a record that makes no sense: it fails, the others go on. */
  readonly toModels: (record: UserRecord) => readonly Model[] | Promise<readonly Model[]>
  readonly fromModel: (model: Model, record: UserRecord) => Out | Promise<Out>
}

/** `shardId-0:4959….0`: names a value by the place of its record in the stream, so that it has the same name when it comes again. */
export function placeName<Out>(shardId: string, { record, ordinal }: Entry<Out>): string {
  const place = `${shardId}:${record.sequenceNumber}.${record.subSequenceNumber}`
  return ordinal === 0 ? place : `${place}.${ordinal}`
}

/**
 * What an emitter makes of each entry's value; entries for which `convert` throws are refused: no other try helps them.
 */
export function convertEach<Out, Made>(
  entries: readonly Entry<Out>[],
  convert: (entry: Entry<Out>) => Made,
): { readonly made: { readonly entry: Entry<Out>; readonly as: Made }[]; readonly refusals: Refusal<Out>[] } {
  const made: { entry: Entry<Out>; as: Made }[] = []
  const refusals: Refusal<Out>[] = []
  for (const entry of entries)
    try {
      made.push({ entry, as: convert(entry) })
    } catch (thrown) {
      refusals.push({ entry, error: errorOf(thrown), mayRetry: false })
    }
  return { made, refusals }
}

export const errorOf = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
