import { Rows, type RowWriter } from '../../core/rows.ts'
import { ByteSink, type Stamp, stampOf, stampSlack } from './byte-sink.ts'
import { textItem } from './cbor-reader.ts'

/** A member's name as a text item. */
type CborLabel = { readonly name: string; readonly item: Stamp }

/*
 * As json-writer.ts, for CBOR (RFC 8949). Each item has a head: its kind in the upper three bits, and its length or count
 * in the lower five, or in the 1, 2, 4 or 8 bytes that follow.
 */
export class CborWriter implements RowWriter {
  readonly #sink = new ByteSink()
  readonly #labels = new Map<string, CborLabel>()
  /** Where the row that was written last begins. */
  #rowFrom = 0
  #epochMs = Number.NaN
  #epochItem: Stamp = stampOf(new Uint8Array(0))
  readonly #timestampItem: ((epochMs: number) => Uint8Array) | undefined

  /** `timestampItem`: how a time is written, where that is not AWS's own way. */
  constructor(timestampItem?: (epochMs: number) => Uint8Array) {
    this.#timestampItem = timestampItem
  }

  /** `encode` gives the item of a member that is no list. Undefined members are left out. */
  write(output: Readonly<Record<string, unknown>>, encode: (value: unknown) => Uint8Array): Buffer {
    const sink = this.#sink
    sink.at = 0
    sink.reserve(headLengthMax)
    const names = Object.keys(output).filter((name) => output[name] !== undefined)
    this.#head(mapMajor, names.length)
    for (const name of names) {
      const value = output[name]
      this.#begin(this.label(name), headLengthMax)
      if (value instanceof Rows) {
        sink.reserve(value.count * rowBytesAbout + value.valueBytes)
        this.#head(arrayMajor, value.count)
        value.writeTo(this)
      } else {
        const item = encode(value)
        sink.reserve(item.length)
        sink.copy(item, 0, item.length)
      }
    }
    return sink.taken()
  }

  label(name: string): CborLabel {
    let label = this.#labels.get(name)
    if (!label) {
      label = { name, item: stampOf(textItem(name)) }
      this.#labels.set(name, label)
    }
    return label
  }

  row(memberCount: number): void {
    this.#rowFrom = this.#sink.at
    this.#sink.reserve(headLengthMax)
    this.#head(mapMajor, memberCount)
  }

  keepRow(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#sink.bytes, this.#rowFrom, this.#sink.at)
  }

  rowAgain(row: Uint8Array): void {
    this.#sink.reserve(row.length)
    this.#sink.copy(row, 0, row.length)
  }

  plainText(label: CborLabel, bytes: Uint8Array, start: number, end: number): number {
    this.#string(textMajor, label, bytes, start, end)
    return this.#sink.at - (end - start) - this.#rowFrom
  }

  text(label: CborLabel, bytes: Uint8Array, start: number, end: number): void {
    this.#string(textMajor, label, bytes, start, end)
  }

  blob(label: CborLabel, bytes: Uint8Array, start: number, end: number): void {
    this.#string(bytesMajor, label, bytes, start, end)
  }

  timestamp(label: CborLabel, epochMs: number): void {
    const sink = this.#sink
    this.#begin(label, 1 + headLengthMax + stampSlack)
    // Records that came together have one time: its item is made once.
    if (epochMs === this.#epochMs) sink.stamp(this.#epochItem)
    else {
      const start = sink.at
      if (this.#timestampItem) {
        const item = this.#timestampItem(epochMs)
        sink.copy(item, 0, item.length)
      } else {
        sink.push(epochTag)
        this.#head(unsignedMajor, Math.max(0, epochMs))
      }
      this.#epochMs = epochMs
      this.#epochItem = stampOf(sink.bytes.subarray(start, sink.at))
    }
  }

  #string(major: number, label: CborLabel, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    this.#begin(label, headLengthMax + length)
    this.#head(major, length)
    this.#sink.copy(bytes, start, end)
  }

  /** Begins a member: its label, and room for its value. */
  #begin(label: CborLabel, sizeBytes: number): void {
    const sink = this.#sink
    sink.reserve(label.item.length + stampSlack + sizeBytes)
    sink.stamp(label.item)
  }

  /** There is room: it was reserved. */
  #head(major: number, argument: number): void {
    const sink = this.#sink
    if (argument < 24) sink.push(major | argument)
    else if (argument < 0x100) {
      sink.push(major | 24)
      sink.push(argument)
    } else if (argument < 0x10000) {
      sink.push(major | 25)
      sink.push(argument >> 8)
      sink.push(argument & 0xff)
    } else if (argument < 0x1_0000_0000) {
      sink.push(major | 26)
      sink.at = sink.bytes.writeUInt32BE(argument, sink.at)
    } else {
      sink.push(major | 27)
      sink.at = sink.bytes.writeBigUInt64BE(BigInt(argument), sink.at)
    }
  }
}

/** A record of GetRecords has 145 bytes beside its values. */
const rowBytesAbout = 160

const headLengthMax = 9

const unsignedMajor = 0 << 5
const bytesMajor = 2 << 5
const textMajor = 3 << 5
const arrayMajor = 4 << 5
const mapMajor = 5 << 5
const epochTag = (6 << 5) | 1
