import type { AwsError } from '../../core/aws-error.ts'
import { Rows, type RowWriter } from '../../core/rows.ts'
import { type DeliveryStream, recordIdOf } from './delivery-stream.ts'
import { slowDown } from './faults.ts'

/** What became of each record of a put: it is in the log and has an id, or it came too fast. */
export class PutResults extends Rows {
  readonly count: number
  readonly #stream: DeliveryStream
  readonly #firstOffset: number
  readonly #isRefused: Uint8Array | undefined
  readonly refusedCount: number

  /**
   * @param firstOffset where the records that were taken lie in the log, one after the other
   * @param isRefused 1 for each record that was not; absent if all were
   */
  constructor(stream: DeliveryStream, count: number, firstOffset: number, isRefused?: Uint8Array) {
    super()
    this.count = count
    this.#stream = stream
    this.#firstOffset = firstOffset
    this.#isRefused = isRefused
    this.refusedCount = isRefused ? isRefused.reduce((sum, one) => sum + one, 0) : 0
  }

  /** The id of the record, of a put of one. @throws AwsError what became of it otherwise */
  only(): string {
    if (this.refusedCount > 0) throw slowDown()
    return recordIdOf(this.#stream, this.#firstOffset)
  }

  /** AWS's answer: an id or an error for each record, in the order of the request. */
  writeTo(writer: RowWriter): void {
    const label = writer.label('RecordId')
    const id = Buffer.from(recordIdOf(this.#stream, this.#firstOffset), 'latin1')
    for (let i = 0; i < this.count; i++) {
      if (this.#isRefused?.[i]) {
        writer.row(2)
        writeError(writer, slowDown())
        continue
      }
      writer.row(1)
      writer.plainText(label, id, 0, id.length)
      countOn(id)
    }
  }
}

/** The id of the next record: one more, digit by digit. The offset that it ends in never fills its digits. */
function countOn(digits: Uint8Array): void {
  let at = digits.length - 1
  while (digits[at] === nine) digits[at--] = zero
  digits[at]!++
}

const zero = 0x30
const nine = 0x39

function writeError(writer: RowWriter, { code, message }: AwsError): void {
  for (const [name, text] of [
    ['ErrorCode', code],
    ['ErrorMessage', message],
  ] as const) {
    const bytes = Buffer.from(text)
    writer.text(writer.label(name), bytes, 0, bytes.length)
  }
}
