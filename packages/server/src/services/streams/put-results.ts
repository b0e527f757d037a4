import assert from 'node:assert/strict'
import type { AwsError } from '../../core/aws-error.ts'
import { Rows, type RowWriter } from '../../core/rows.ts'
import { SequenceDigits, sequenceDigits, sequenceNumberOf } from './sequence-number.ts'
import { type Shard, shardIdOf } from './stream.ts'

/** Records of one request that one shard took: their offsets follow each other. */
type Run = { readonly shard: Shard; readonly firstOffset: number; readonly timestampMs: number }

/** What became of each record of a put: which append took it, or why none did. */
export class PutResults extends Rows {
  readonly count: number
  readonly #runs: Run[] = []
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

  /** The records at `indexes`, in rising order, lie one after the other from an offset on. */
  take(indexes: readonly number[], shard: Shard, firstOffset: number, timestampMs: number): void {
    const run = this.#runs.push({ shard, firstOffset, timestampMs })
    for (let i = 0; i < indexes.length; i++) this.#runOf[indexes[i]!] = run
  }

  /** The first record's place, of a put of one. @throws AwsError what became of it otherwise */
  only(): { SequenceNumber: string; ShardId: string } {
    const error = this.#errors[0]
    if (error) throw error
    const { shard, firstOffset, timestampMs } = this.#runs[0]!
    return { SequenceNumber: sequenceNumberOf(shard, firstOffset, timestampMs), ShardId: shardIdOf(shard.index) }
  }

  /** AWS's answer: a place or an error for each record, in the order of the request. */
  writeTo(writer: RowWriter): void {
    const sequenceNumberLabel = writer.label('SequenceNumber')
    const shardIdLabel = writer.label('ShardId')
    const numbers = this.#runs.map((run) => new SequenceDigits(run.shard, run.firstOffset, run.timestampMs))
    const shardIds = this.#runs.map(({ shard }) => shardIdBytes(shard))
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
      const number = numbers[run]!
      const shardId = shardIds[run]!
      writer.plainText(sequenceNumberLabel, number.bytes, 0, sequenceDigits)
      writer.plainText(shardIdLabel, shardId, 0, shardId.length)
      number.next()
    }
  }
}

/** Made once for each shard: a put may name hundreds. */
function shardIdBytes(shard: Shard): Uint8Array {
  let bytes = idBytes.get(shard)
  if (!bytes) {
    bytes = Buffer.from(shardIdOf(shard.index))
    idBytes.set(shard, bytes)
  }
  return bytes
}

const idBytes = new WeakMap<Shard, Uint8Array>()

function writeText(writer: RowWriter, name: string, text: string): void {
  const bytes = Buffer.from(text)
  writer.text(writer.label(name), bytes, 0, bytes.length)
}
