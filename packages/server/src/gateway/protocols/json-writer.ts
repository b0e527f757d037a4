import { Rows, type RowWriter } from '../../core/rows.ts'
import { ByteSink, type Stamp, stampOf, stampSlack } from './byte-sink.ts'

/** A member's name: `{"Data":` where it is an object's first, `,"Data":` where it follows another. */
type JsonLabel = { readonly name: string; readonly first: Stamp; readonly following: Stamp }

/*
 * Writes answers that hold a list (see core/rows.ts) straight into bytes:
 *
 *   {"MillisBehindLatest":0,"Records":[{"Data":"<base64>","PartitionKey":"<text>"},…]}
 */
export class JsonWriter implements RowWriter {
  readonly #sink = new ByteSink()
  readonly #labels = new Map<string, JsonLabel>()
  #isFirstRow = true
  #isFirstMember = true
  /** Where the row that was written last begins. */
  #rowFrom = 0
  #epochMs = Number.NaN
  #epochStamp: Stamp = stampOf(new Uint8Array(0))

  /** `stringify` gives the JSON of a member that is no list, undefined if it is left out. */
  write(output: Readonly<Record<string, unknown>>, stringify: (value: unknown) => string | undefined): Buffer {
    const sink = this.#sink
    sink.at = 0
    this.#isFirstMember = true
    for (const name in output) {
      const value = output[name]
      const text = value instanceof Rows ? '' : stringify(value)
      if (text === undefined) continue
      this.#begin(this.label(name), 0)
      if (value instanceof Rows) this.#rows(value)
      else sink.text(text)
    }
    sink.reserve(1)
    sink.push(closeBrace)
    return sink.taken()
  }

  label(name: string): JsonLabel {
    let label = this.#labels.get(name)
    if (!label) {
      const text = `${JSON.stringify(name)}:`
      label = { name, first: stampOf(Buffer.from(`{${text}`)), following: stampOf(Buffer.from(`,${text}`)) }
      this.#labels.set(name, label)
    }
    return label
  }

  row(_memberCount: number): void {
    const sink = this.#sink
    sink.reserve(2)
    if (!this.#isFirstRow) {
      sink.push(closeBrace)
      sink.push(comma)
    }
    this.#isFirstRow = false
    this.#isFirstMember = true
    this.#rowFrom = sink.at
  }

  keepRow(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#sink.bytes, this.#rowFrom, this.#sink.at)
  }

  rowAgain(row: Uint8Array): void {
    const sink = this.#sink
    sink.reserve(2 + row.length)
    this.row(0)
    sink.copy(row, 0, row.length)
  }

  plainText(label: JsonLabel, bytes: Uint8Array, start: number, end: number): number {
    const sink = this.#sink
    this.#begin(label, end - start + 2)
    sink.push(quote)
    const { at } = sink
    sink.copy(bytes, start, end)
    sink.push(quote)
    return at - this.#rowFrom
  }

  text(label: JsonLabel, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sink
    this.#begin(label, (end - start) * escapeLengthMax + 2)
    const to = sink.bytes
    let { at } = sink
    to[at++] = quote
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte >= 0x20 && byte !== quote && byte !== backslash) to[at++] = byte
      else for (const escaped of escapes[byte]!) to[at++] = escaped
    }
    to[at++] = quote
    sink.at = at
  }

  blob(label: JsonLabel, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sink
    this.#begin(label, Math.ceil((end - start) / 3) * 4 + 2)
    sink.push(quote)
    if (end - start > shortBlobMax)
      sink.ascii(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64'))
    else writeBase64(sink, bytes, start, end)
    sink.reserve(1)
    sink.push(quote)
  }

  timestamp(label: JsonLabel, epochMs: number): void {
    // Records that came together have one time: its text is made once.
    if (epochMs !== this.#epochMs) {
      this.#epochMs = epochMs
      this.#epochStamp = stampOf(Buffer.from(String(epochMs / 1000)))
    }
    this.#begin(label, this.#epochStamp.length + stampSlack)
    this.#sink.stamp(this.#epochStamp)
  }

  #rows(rows: Rows): void {
    const sink = this.#sink
    sink.reserve(rows.count * rowBytesAbout + Math.ceil((rows.valueBytes * 4) / 3) + 1)
    sink.push(openBracket)
    this.#isFirstRow = true
    rows.writeTo(this)
    sink.reserve(2)
    if (!this.#isFirstRow) sink.push(closeBrace)
    sink.push(closeBracket)
    this.#isFirstMember = false
  }

  /** Begins a member: its label, and room for its value. */
  #begin(label: JsonLabel, sizeBytes: number): void {
    const sink = this.#sink
    sink.reserve(label.following.length + stampSlack + sizeBytes)
    sink.stamp(this.#isFirstMember ? label.first : label.following)
    this.#isFirstMember = false
  }
}

/** A record of GetRecords has 170 bytes beside its values. */
const rowBytesAbout = 176

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const closeBrace = 0x7d

/** How JSON.stringify writes what may not stand in a text as it is: `\n`, `\u001f`, `\"`. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 0x5d }, (_, byte) => {
  const text = JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
  return text.length > 1 ? Buffer.from(text) : undefined
})
const escapeLengthMax = 6

/** Longer blobs are encoded natively; shorter ones sooner by a loop than by a call and a text between. */
const shortBlobMax = 1024

/** The letters of twelve bits, two by two: `AA`, `AB`, …, `//`. */
const letterPairs = pairsOf(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'))
const padding = 0x3d

function pairsOf(letters: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: 4096 }, (_, bits) => (letters[bits >> 6]! << 8) | letters[bits & 63]!)
}

/** Three bytes are four letters; the one or two that are left over are two or three, and padding. */
function writeBase64(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  const { view } = sink
  let { at } = sink
  let i = start
  for (; i + 2 < end; i += 3, at += 4) {
    const three = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    view.setUint32(at, (letterPairs[three >> 12]! << 16) | letterPairs[three & 0xfff]!)
  }
  if (i < end) {
    const left = (bytes[i]! << 16) | (i + 1 < end ? bytes[i + 1]! << 8 : 0)
    view.setUint32(at, (letterPairs[left >> 12]! << 16) | letterPairs[left & 0xfff]!)
    at += 4
    sink.bytes[at - 1] = padding
    if (i + 1 === end) sink.bytes[at - 2] = padding
  }
  sink.at = at
}
