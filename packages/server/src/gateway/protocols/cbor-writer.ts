import { type Label, Rows, type RowWriter } from '../../core/rows.ts'
import { ByteSink } from './byte-sink.ts'
import { textItem } from './cbor-reader.ts'

/*
 * As json-writer.ts, for CBOR (RFC 8949). Each item has a head: its kind in the upper three bits, and its length or count
 * in the lower five, or in the 1, 2, 4 or 8 bytes that follow.
 */
export class CborWriter implements RowWriter {
  readonly #sink = new ByteSink()
  readonly #labels = new Map<string, Label>()

  /** `encode` gives the item of a member that is no list. Undefined members are left out. */
  write(output: Readonly<Record<string, unknown>>, encode: (value: unknown) => Uint8Array): Buffer {
    const sink = this.#sink
    sink.at = 0
    const names = Object.keys(output).filter((name) => output[name] !== undefined)
    this.#head(mapMajor, names.length)
    for (const name of names) {
      const value = output[name]
      this.#begin(this.label(name), 0)
      if (value instanceof Rows) {
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

  label(name: string): Label {
    const label = this.#labels.get(name) ?? textItem(name)
    this.#labels.set(name, label)
    return label
  }

  row(memberCount: number): void {
    this.#head(mapMajor, memberCount)
  }

  plainText(label: Label, bytes: Uint8Array, start: number, end: number): void {
    this.#string(textMajor, label, bytes, start, end)
  }

  text(label: Label, bytes: Uint8Array, start: number, end: number): void {
    this.#string(textMajor, label, bytes, start, end)
  }

  blob(label: Label, bytes: Uint8Array, start: number, end: number): void {
    this.#string(bytesMajor, label, bytes, start, end)
  }

  timestamp(label: Label, epochMs: number): void {
    this.#begin(label, 1)
    this.#sink.push(epochTag)
    this.#head(unsignedMajor, Math.max(0, epochMs))
  }

  #string(major: number, label: Label, bytes: Uint8Array, start: number, end: number): void {
    this.#begin(label, 0)
    this.#head(major, end - start)
    this.#sink.reserve(end - start)
    this.#sink.copy(bytes, start, end)
  }

  #begin(label: Label, sizeBytes: number): void {
    this.#sink.reserve(label.length + sizeBytes)
    this.#sink.copy(label, 0, label.length)
  }

  #head(major: number, argument: number): void {
    const sink = this.#sink
    sink.reserve(9)
    if (argument < 24) sink.push(major | argument)
    else if (argument < 0x100) {
      sink.push(major | 24)
      sink.push(argument)
    } else if (argument < 0x10000) {
      sink.push(major | 25)
      sink.at = sink.bytes.writeUInt16BE(argument, sink.at)
    } else if (argument < 0x1_0000_0000) {
      sink.push(major | 26)
      sink.at = sink.bytes.writeUInt32BE(argument, sink.at)
    } else {
      sink.push(major | 27)
      sink.at = sink.bytes.writeBigUInt64BE(BigInt(argument), sink.at)
    }
  }
}

const unsignedMajor = 0 << 5
const bytesMajor = 2 << 5
const textMajor = 3 << 5
const arrayMajor = 4 << 5
const mapMajor = 5 << 5
const epochTag = (6 << 5) | 1
