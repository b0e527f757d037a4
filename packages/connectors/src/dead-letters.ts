import type { UserRecord } from '@millrace/consumer'
import { type Emitter, errorOf, type Failure } from './pipeline.ts'

/** What is kept of a record that was not delivered. */
export type DeadLetter = {
  readonly sequenceNumber: string
  readonly subSequenceNumber: number
  readonly partitionKey: string
  readonly arrivedAt: string | undefined
  readonly stage: 'transform' | 'emit'
  readonly error: string
  /** The record's bytes, base64. */
  readonly data: string
}

/**
 * A `fail` that gives what was not delivered to another emitter, e.g. a `FolderEmitter`, a thousand at a time. It throws
 * where that one cannot take it: then there is no checkpoint, and nothing is lost.
 */
export function deadLetters(emitter: Emitter<DeadLetter>) {
  return async (failures: readonly Failure<unknown>[]): Promise<void> => {
    for (let at = 0; at < failures.length; at += lettersAtOnce) {
      const entries = failures
        .slice(at, at + lettersAtOnce)
        .map((failure) => ({ record: failure.record, value: letterOf(failure, failure.record), ordinal: 0 }))
      const [refusal] = await emitter.emit({ shardId: 'failed', entries }, new AbortController().signal)
      if (refusal) throw refusal.error
    }
  }
}

const lettersAtOnce = 1000

const letterOf = ({ error, stage }: Failure<unknown>, record: UserRecord): DeadLetter => ({
  sequenceNumber: record.sequenceNumber,
  subSequenceNumber: record.subSequenceNumber,
  partitionKey: record.partitionKey,
  arrivedAt: record.approximateArrivalTimestamp?.toISOString(),
  stage,
  error: errorOf(error).message,
  data: Buffer.from(record.data.buffer, record.data.byteOffset, record.data.byteLength).toString('base64'),
})
