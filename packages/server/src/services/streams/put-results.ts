import assert from 'node:assert/strict'
import type { AwsError } from '../../core/aws-error.ts'
import { Rows, type RowWriter } from '../../core/rows.ts'
import type { RunOutcomes } from '../../storage/log.ts'
import { countUp, SequenceDigits, sequenceDigits, sequenceNumberOf } from './sequence-number.ts'
import type { ShardGroups } from './shard-groups.ts'
import type { ShardMap } from './shard-map.ts'
import { shardIdOf } from './stream.ts'

/** Runs that one append brought to open shards, of which it took those that have no error. */
type Append = {
  readonly firstRun: number
  readonly places: Uint32Array
  readonly shardMap: ShardMap
  readonly outcomes: RunOutcomes
}

/** What became of each record of a put: which append took it, or why none did. */
export class PutResults extends Rows {
  readonly count: number
  readonly #appends: Append[] = []
  #runCount = 0
  /** The number of each record's run, over all appends, counted from 1; 0 while nothing is known, or when it failed. */
  readonly #runOf: Uint32Array
  readonly #errors: (AwsError | undefined)[] = []
  #errorCount = 0

  constructor(count: number) {
    super()
    this.count = count
    this.#runOf = new Uint32Array(count)
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

  /** What was appended: the records of a group that has no error lie one after the other in their shard. */
  take({ places, indexes, ends }: ShardGroups, shardMap: ShardMap, outcomes: RunOutcomes): void {
    const firstRun = this.#runCount
    let i = 0
    for (let run = 0; run < places.length; run++) {
      const end = ends[run]!
      if (outcomes.error(run)) i = end
      else for (; i < end; i++) this.#runOf[indexes[i]!] = firstRun + run + 1
    }
    this.#runCount += places.length
    this.#appends.push({ firstRun, places, shardMap, outcomes })
  }

  /** The first record's place, of a put of one. @throws AwsError what became of it otherwise */
  only(): { SequenceNumber: string; ShardId: string } {
    const error = this.#errors[0]
    if (error) throw error
    const { places, shardMap, outcomes } = this.#appends.at(-1)!
    const shard = shardMap.openShards[places[0]!]!
    const SequenceNumber = sequenceNumberOf(shard, outcomes.firstOffsets[0]!, outcomes.timestampsMs[0]!)
    return { SequenceNumber, ShardId: shardIdOf(shard.index) }
  }

  /** AWS's answer: a place or an error for each record, in the order of the request. */
  writeTo(writer: RowWriter): void {
    const sequenceNumberLabel = writer.label('SequenceNumber')
    const shardIdLabel = writer.label('ShardId')
    const runCount = this.#runCount
    if (numbers.count < runCount) numbers = new SequenceDigits(runCount)
    if (shardIds.length < runCount * shardIdLength) shardIds = Buffer.allocUnsafeSlow(runCount * shardIdLength)
    shardIds.fill('shardId-000000000000', 0, runCount * shardIdLength)
    for (const { firstRun, places, shardMap, outcomes } of this.#appends) {
      const { firstOffsets, timestampsMs } = outcomes
      for (let i = 0; i < places.length; i++) {
        if (outcomes.error(i)) continue
        const shardIndex = shardMap.indexes[places[i]!]!
        numbers.set(firstRun + i, shardIndex, shardMap.createdAtS[places[i]!]!, firstOffsets[i]!, timestampsMs[i]!)
        let at = (firstRun + i + 1) * shardIdLength - 1
        for (let left = shardIndex; left > 0; left = Math.floor(left / 10)) shardIds[at--]! += left % 10
      }
    }
    const recordCounts = this.#recordCounts()
    const rows = new Array<Uint8Array | undefined>(runCount) // of each run that has several, its last
    let numberAt = 0
    for (let i = 0; i < this.count; i++) {
      const error = this.#errors[i]
      if (error) {
        writer.row(2)
        writeText(writer, 'ErrorCode', error.code)
        writeText(writer, 'ErrorMessage', error.message)
        continue
      }
      const run = this.#runOf[i]! - 1
      assert(run >= 0, 'it is known what became of each record')
      const row = rows[run]
      if (row) {
        countUp(row, numberAt)
        writer.rowAgain(row)
        continue
      }
      writer.row(2)
      const start = numbers.startOf(run)
      numberAt = writer.plainText(sequenceNumberLabel, numbers.bytes, start, start + sequenceDigits)
      writer.plainText(shardIdLabel, shardIds, run * shardIdLength, (run + 1) * shardIdLength)
      if (recordCounts[run]! > 1) rows[run] = writer.keepRow()
    }
  }

  /** How many records each run has, over all appends. */
  #recordCounts(): Uint16Array {
    const counts = new Uint16Array(this.#runCount + 1)
    for (let i = 0; i < this.count; i++) counts[this.#runOf[i]!]!++
    return counts.subarray(1)
  }
}

/** `shardId-` and twelve digits. */
const shardIdLength = 20

/** Of the runs of one answer, and then of the next: fresh memory for each would be 37 KB, and work for the collector. */
let numbers = new SequenceDigits(0)
let shardIds = Buffer.alloc(0)

function writeText(writer: RowWriter, name: string, text: string): void {
  const bytes = Buffer.from(text)
  writer.text(writer.label(name), bytes, 0, bytes.length)
}
