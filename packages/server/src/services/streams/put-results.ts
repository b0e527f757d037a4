import assert from 'node:assert/strict'
import type { AwsError } from '../../core/aws-error.ts'
import { Rows, type RowWriter } from '../../core/rows.ts'
import { SequenceDigits, sequenceDigits, sequenceNumberOf } from './sequence-number.ts'
import { shardIdOf } from './stream.ts'

/** What became of each record of a put: which append took it, or why none did. */
export class PutResults extends Rows {
  readonly count: number
  /** Runs: records that one shard took by one append, so that their offsets follow each other. */
  readonly #shardIndexes: number[] = []
  readonly #createdAtS: number[] = []
  readonly #firstOffsets: number[] = []
  readonly #timestampsMs: number[] = []
  /** The number of each record's run, counted from 1; 0 while nothing is known, or when it failed. */
  readonly #runOf: Uint16Array
  readonly #errors: (AwsError | undefined)[] = []
  #errorCount = 0

  constructor(count: number) {
    super()
    this.count = count
    this.#runOf = new Uint16Array(count)
  }

  /** Is it known what became of it? */
  isKnown(i: number): boolean {
    return this.#runOf[i] !== 0 || this.#errors[i] !== undefined
  }

  error(i: number): AwsError | undefined {
    return this.#errors[i]
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0
  }

  fail(i: number, error: AwsError): void {
    this.#errors[i] = error
    this.#errorCount++
  }

  /**
   * The records at some indexes, which rise from `start` to `end`, lie one after the other from an offset on, in the shard
   * of an index that was made in a second.
   */
  take(
    indexes: Uint16Array,
    start: number,
    end: number,
    shardIndex: number,
    createdAtS: number,
    firstOffset: number,
    timestampMs: number,
  ): void {
    const run = this.#shardIndexes.push(shardIndex)
    this.#createdAtS.push(createdAtS)
    this.#firstOffsets.push(firstOffset)
    this.#timestampsMs.push(timestampMs)
    for (let i = start; i < end; i++) this.#runOf[indexes[i]!] = run
  }

  /** The first record's place, of a put of one. @throws AwsError what became of it otherwise */
  only(): { SequenceNumber: string; ShardId: string } {
    const error = this.#errors[0]
    if (error) throw error
    const index = this.#shardIndexes[0]!
    const shard = { index, createdAtMs: this.#createdAtS[0]! * 1000 }
    const SequenceNumber = sequenceNumberOf(shard, this.#firstOffsets[0]!, this.#timestampsMs[0]!)
    return { SequenceNumber, ShardId: shardIdOf(index) }
  }

  /** AWS's answer: a place or an error for each record, in the order of the request. */
  writeTo(writer: RowWriter): void {
    const sequenceNumberLabel = writer.label('SequenceNumber')
    const shardIdLabel = writer.label('ShardId')
    const runCount = this.#shardIndexes.length
    const numbers = new SequenceDigits(runCount)
    const shardIds = Buffer.alloc(runCount * shardIdLength, 'shardId-000000000000')
    for (let run = 0; run < runCount; run++) {
      const shardIndex = this.#shardIndexes[run]!
      numbers.set(run, shardIndex, this.#createdAtS[run]!, this.#firstOffsets[run]!, this.#timestampsMs[run]!)
      let at = (run + 1) * shardIdLength - 1
      for (let left = shardIndex; left > 0; left = Math.floor(left / 10)) shardIds[at--]! += left % 10
    }
    const isBegun = new Uint8Array(runCount)
    for (let i = 0; i < this.count; i++) {
      writer.row(2)
      const error = this.#errors[i]
      if (error) {
        writeText(writer, 'ErrorCode', error.code)
        writeText(writer, 'ErrorMessage', error.message)
        continue
      }
      const run = this.#runOf[i]! - 1
      assert(run >= 0, 'it is known what became of each record')
      if (isBegun[run]) numbers.next(run)
      isBegun[run] = 1
      const numberAt = numbers.startOf(run)
      writer.plainText(sequenceNumberLabel, numbers.bytes, numberAt, numberAt + sequenceDigits)
      writer.plainText(shardIdLabel, shardIds, run * shardIdLength, (run + 1) * shardIdLength)
    }
  }
}

/** `shardId-` and twelve digits. */
const shardIdLength = 20

function writeText(writer: RowWriter, name: string, text: string): void {
  const bytes = Buffer.from(text)
  writer.text(writer.label(name), bytes, 0, bytes.length)
}
