import { type Label, Rows, type RowWriter } from '../../core/rows.ts'
import { ByteSink } from './byte-sink.ts'

/*
 * Writes answers that hold a list (see core/rows.ts) straight into bytes:
 *
 *   {"MillisBehindLatest":0,"Records":[{"Data":"<base64>","PartitionKey":"<text>"},…]}
 *
 * A label is `,"Data":`, of which a row's first member takes all but the comma.
 */
export class JsonWriter implements RowWriter {
  readonly #sink = new ByteSink()
  readonly #labels = new Map<string, Label>()
  #isFirstRow = true
  #isFirstMember = true
  #epochMs = 0
  #epochText: Uint8Array = new Uint8Array(0)

  /** `stringify` gives the JSON of a member that is no list, undefined if it is left out. */
  write(output: Readonly<Record<string, unknown>>, stringify: (value: unknown) => string | undefined): Buffer {
    const sink = this.#sink
    sink.at = 0
    sink.reserve(1)
    sink.push(openBrace)
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

  label(name: string): Label {
    const label = this.#labels.get(name) ?? Buffer.from(`,${JSON.stringify(name)}:`)
    this.#labels.set(name, label)
    return label
  }

  row(_memberCount: number): void {
    const sink = this.#sink
    sink.reserve(3)
    if (!this.#isFirstRow) {
      sink.push(closeBrace)
      sink.push(comma)
    }
    sink.push(openBrace)
    this.#isFirstRow = false
    this.#isFirstMember = true
  }

  plainText(label: Label, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sink
    this.#begin(label, end - start + 2)
    sink.push(quote)
    sink.copy(bytes, start, end)
    sink.push(quote)
  }

  text(label: Label, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sink
    this.#begin(label, (end - start) * escapeLengthMax + 2)
    sink.push(quote)
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte < 0x20 || byte === quote || byte === backslash) sink.copy(escapes[byte]!, 0, escapes[byte]!.length)
      else sink.push(byte)
    }
    sink.push(quote)
  }

  blob(label: Label, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sink
    this.#begin(label, Math.ceil((end - start) / 3) * 4 + 2)
    sink.push(quote)
    if (end - start > shortBlobMax)
      sink.text(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64'))
    else writeBase64(sink, bytes, start, end)
    sink.reserve(1)
    sink.push(quote)
  }

  timestamp(label: Label, epochMs: number): void {
    // Records that came together have one time: its text is made once.
    if (epochMs !== this.#epochMs) {
      this.#epochMs = epochMs
      this.#epochText = Buffer.from(String(epochMs / 1000))
    }
    this.#begin(label, this.#epochText.length)
    this.#sink.copy(this.#epochText, 0, this.#epochText.length)
  }

  #rows(rows: Rows): void {
    const sink = this.#sink
    sink.reserve(1)
    sink.push(openBracket)
    this.#isFirstRow = true
    rows.writeTo(this)
    sink.reserve(2)
    if (!this.#isFirstRow) sink.push(closeBrace)
    sink.push(closeBracket)
    this.#isFirstMember = false
  }

  /** Begins a member: its label, and room for its value. */
  #begin(label: Label, sizeBytes: number): void {
    const sink = this.#sink
    sink.reserve(label.length + sizeBytes)
    sink.copy(label, this.#isFirstMember ? 1 : 0, label.length)
    this.#isFirstMember = false
  }
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** How JSON.stringify writes what may not stand in a text as it is: `\n`, `\u001f`, `\"`. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 0x5d }, (_, byte) => {
  const text = JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
  return text.length > 1 ? Buffer.from(text) : undefined
})
const escapeLengthMax = 6

/** Longer blobs are encoded natively; shorter ones sooner by a loop than by a call and a text between. */
const shortBlobMax = 512

const letters = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const padding = 0x3d

function writeBase64(sink: ByteSink, bytes: Uint8Array, start: number, end: number): void {
  const to = sink.bytes
  let { at } = sink
  let i = start
  for (; i + 2 < end; i += 3) {
    const three = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    to[at] = letters[three >> 18]!
    to[at + 1] = letters[(three >> 12) & 63]!
    to[at + 2] = letters[(three >> 6) & 63]!
    to[at + 3] = letters[three & 63]!
    at += 4
  }
  if (i < end) {
    const hasTwo = i + 1 < end
    const two = (bytes[i]! << 8) | (hasTwo ? bytes[i + 1]! : 0)
    to[at] = letters[two >> 10]!
    to[at + 1] = letters[(two >> 4) & 63]!
    to[at + 2] = hasTwo ? letters[(two << 2) & 63]! : padding
    to[at + 3] = padding
    at += 4
  }
  sink.at = at
}
