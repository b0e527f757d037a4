import { Rows, type RowWriter } from '../../core/rows.ts'
import { type EntryBlock, entryCount } from '../../storage/log.ts'
import { isEncryptedAt, placeRecord } from './record-codec.ts'
import { createdAtSOf, SequenceDigits, sequenceDigits, sequenceNumberOf } from './sequence-number.ts'
import type { Shard } from './stream.ts'

const kms = Buffer.from('KMS')

/** Records of a shard as AWS shows them, written from where storage has them. */
export class ShardRecords extends Rows {
  readonly count: number
  override readonly valueBytes: number
  readonly #shard: Shard
  /** Where storage has them. */
  readonly blocks: readonly EntryBlock[]

  constructor(shard: Shard, blocks: readonly EntryBlock[]) {
    super()
    this.#shard = shard
    this.blocks = blocks
    this.count = blocks.reduce((count, block) => count + entryCount(block), 0)
    this.valueBytes = blocks.reduce((sum, { positions }) => sum + positions.at(-1)! - positions[0]!, 0)
  }

  /** The last record's; undefined if there is none. */
  get lastSequenceNumber(): string | undefined {
    const last = this.blocks.at(-1)
    return last && sequenceNumberOf(this.#shard, last.firstOffset + entryCount(last) - 1, last.timestampMs)
  }

  writeTo(writer: RowWriter): void {
    const sequenceNumber = writer.label('SequenceNumber')
    const arrival = writer.label('ApproximateArrivalTimestamp')
    const data = writer.label('Data')
    const partitionKey = writer.label('PartitionKey')
    const encryptionType = writer.label('EncryptionType')
    const number = new SequenceDigits(1)
    const start = number.startOf(0)
    const { index: shardIndex } = this.#shard
    const createdAtS = createdAtSOf(this.#shard)
    for (const { bytes, positions, firstOffset, timestampMs } of this.blocks) {
      number.set(0, shardIndex, createdAtS, firstOffset, timestampMs)
      for (let i = 0; i + 1 < positions.length; i++, number.next(0)) {
        const end = positions[i + 1]!
        const { keyStart, dataStart } = placeRecord(bytes, positions[i]!, end)
        const hasKey = dataStart > keyStart
        const isEncrypted = isEncryptedAt(bytes, positions[i]!)
        writer.row(3 + Number(hasKey) + Number(isEncrypted))
        writer.plainText(sequenceNumber, number.bytes, start, start + sequenceDigits)
        writer.timestamp(arrival, timestampMs)
        writer.blob(data, bytes, dataStart, end)
        if (hasKey) writer.text(partitionKey, bytes, keyStart, dataStart)
        if (isEncrypted) writer.plainText(encryptionType, kms, 0, kms.length)
      }
    }
  }
}
