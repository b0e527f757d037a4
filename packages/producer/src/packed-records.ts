import type { UserRecord } from '@millrace/formats'
import { type Attempts, listOf, withAttempt } from './attempts.ts'
import { type FlushRound, type Outcome, PendingRecord } from './pending-record.ts'
import type { Attempt } from './put-errors.ts'

/**
 * The user records in one Kinesis record: of each what its bytes do not tell. A record that is packed is a row of these lists
 * and no object any more, and its data lies in the aggregate alone: what is under way would else be most of the heap, which
 * the collector copies from one generation to the next and walks through again and again.
 */
export class PackedRecords {
  readonly #outcomes: Outcome[] = []
  readonly #indexes: number[] = []
  readonly #arrivedMs: number[] = []
  readonly #rounds: FlushRound[] = []
  readonly #attempts: (Attempts | undefined)[] = []
  #dataBytes = 0
  #sizeBytes = 0

  get count(): number {
    return this.#outcomes.length
  }

  /** Of their data alone. */
  get dataBytes(): number {
    return this.#dataBytes
  }

  /** Of their data and keys, as they count against the buffer. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  add({ outcome, index, arrivedMs, round, attempts, data, sizeBytes }: PendingRecord): void {
    this.#outcomes.push(outcome)
    this.#indexes.push(index)
    this.#arrivedMs.push(arrivedMs)
    this.#rounds.push(round)
    this.#attempts.push(attempts)
    this.#dataBytes += data.byteLength
    this.#sizeBytes += sizeBytes
  }

  /** Writes an attempt down for all; those for whom it was the first share it, and so do those who shared the last. */
  tried(attempt: Attempt): void {
    let before: Attempts | undefined
    let attempts = withAttempt(undefined, attempt)
    for (let i = 0; i < this.#attempts.length; i++) {
      if (this.#attempts[i] !== before) {
        before = this.#attempts[i]
        attempts = withAttempt(before, attempt)
      }
      this.#attempts[i] = attempts
    }
  }

  /** Tells all of them where they are. `attempts` holds the one that succeeded. */
  put(shardId: string, sequenceNumber: string, isAggregate: boolean, attempts: readonly Attempt[]): void {
    for (let i = 0; i < this.#outcomes.length; i++) {
      const before = this.#attempts[i]
      const all = before === undefined ? attempts : [...listOf(before), ...attempts]
      this.#outcomes[i]!.put(this.#indexes[i]!, shardId, sequenceNumber, isAggregate ? i : undefined, all)
    }
  }

  /** Takes them out of the rounds of the flushes that wait for them. @returns whether one of these has none left */
  leaveRounds(): boolean {
    let isOver = false
    for (let i = 0; i < this.#rounds.length; i++) if (--this.#rounds[i]!.pending === 0) isOver = true
    return isOver
  }

  /** When each arrived, monotonic, and how often it was tried before. */
  forEach(take: (arrivedMs: number, attemptCount: number) => void): void {
    for (let i = 0; i < this.#arrivedMs.length; i++) take(this.#arrivedMs[i]!, this.#attempts[i]?.count ?? 0)
  }

  /** Makes records again of the rows and of what the bytes tell, in their order. */
  unpack(
    records: readonly Pick<UserRecord, 'data' | 'partitionKey' | 'explicitHashKey'>[],
    dueMs: number,
  ): PendingRecord[] {
    return records.map(({ data, partitionKey, explicitHashKey }, i) => {
      const record = new PendingRecord(
        partitionKey,
        explicitHashKey,
        data,
        data.byteLength + Buffer.byteLength(partitionKey),
        this.#arrivedMs[i]!,
        dueMs,
        this.#rounds[i]!,
        this.#outcomes[i]!,
        this.#indexes[i]!,
      )
      record.attempts = this.#attempts[i]
      return record
    })
  }
}
