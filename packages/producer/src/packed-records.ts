import { keyBytes, keyMark, type UserRecord } from '@millrace/formats'
import { type Attempts, listOf, withAttempt } from './attempts.ts'
import { type Arrival, PendingRecord } from './pending-record.ts'
import type { Attempt } from './put-errors.ts'

/** Records behind each other that came at the same time, and were tried together. */
type Run = {
  readonly arrival: Arrival
  attempts: Attempts | undefined
  /** Its records are those from the end of the run before up to here. */
  end: number
}

/**
 * The user records in one Kinesis record: of each what its bytes do not tell. A record that is packed is a number in a list
 * and no object any more, and its data lies in the aggregate alone: what is under way would else be most of the heap, which
 * the collector copies from one generation to the next and walks through again and again.
 */
export class PackedRecords {
  readonly #indexes: number[] = []
  readonly #runs: Run[] = []
  #lastRun: Run | undefined
  #dataBytes = 0
  #sizeBytes = 0

  get count(): number {
    return this.#indexes.length
  }

  /** Of their data alone. */
  get dataBytes(): number {
    return this.#dataBytes
  }

  /** Of their data and keys, as they count against the buffer. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  add({ index, arrival, attempts, data, sizeBytes }: PendingRecord): void {
    const end = this.#indexes.push(index)
    const run = this.#lastRun
    if (run && run.arrival === arrival && run.attempts === attempts) run.end = end
    else {
      this.#lastRun = { arrival, attempts, end }
      this.#runs.push(this.#lastRun)
    }
    this.#dataBytes += data.byteLength
    this.#sizeBytes += sizeBytes
  }

  /** Writes an attempt down for all; those for whom it was the first share it, and so do those who shared the last. */
  tried(attempt: Attempt): void {
    let before: Attempts | undefined
    let attempts = withAttempt(undefined, attempt)
    for (const run of this.#runs) {
      if (run.attempts !== before) {
        before = run.attempts
        attempts = withAttempt(before, attempt)
      }
      run.attempts = attempts
    }
  }

  /** Tells all of them where they are. `attempts` holds the one that succeeded. */
  put(shardId: string, sequenceNumber: string, isAggregate: boolean, attempts: readonly Attempt[]): void {
    const where = { shardId, sequenceNumber, isAggregate, attempts }
    let start = 0
    for (const { arrival, attempts: before, end } of this.#runs) {
      const here = before === undefined ? where : { ...where, attempts: [...listOf(before), ...attempts] }
      arrival.outcome.put(this.#indexes, start, end, here)
      start = end
    }
  }

  /** Takes them out of the rounds of the flushes that wait for them. @returns whether one of these has none left */
  leaveRounds(): boolean {
    let isOver = false
    let start = 0
    for (const { arrival, end } of this.#runs) {
      arrival.round.pending -= end - start
      if (arrival.round.pending === 0) isOver = true
      start = end
    }
    return isOver
  }

  /** Of so many behind each other when they arrived, monotonic, and how often they were tried before. */
  forEach(take: (count: number, arrivedMs: number, attemptCount: number) => void): void {
    let start = 0
    for (const { arrival, attempts, end } of this.#runs) {
      take(end - start, arrival.arrivedMs, attempts?.count ?? 0)
      start = end
    }
  }

  /** Makes records again of what is known here and of what the bytes tell, in their order. */
  unpack(
    records: readonly Pick<UserRecord, 'data' | 'partitionKey' | 'explicitHashKey'>[],
    dueMs: number,
  ): PendingRecord[] {
    const runs = this.#runs.values()
    let run = runs.next().value!
    return records.map(({ data, partitionKey, explicitHashKey }, i) => {
      if (i === run.end) run = runs.next().value!
      const { arrival, attempts } = run
      const mark = keyMark(partitionKey)
      const sizeBytes = data.byteLength + keyBytes(partitionKey, mark)
      const index = this.#indexes[i]!
      const record = new PendingRecord(partitionKey, explicitHashKey, mark, data, sizeBytes, arrival, index)
      record.attempts = attempts
      record.dueMs = dueMs
      return record
    })
  }
}
