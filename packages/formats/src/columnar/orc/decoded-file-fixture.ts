import assert from 'node:assert/strict'
import { inflateRawSync } from 'node:zlib'
import type { Column, ColumnType, ColumnValue } from '../column-type.ts'
import { decodeBits, decodeBytes, decodeV1, decodeV2 } from './decoded-runs-fixture.ts'

/*
 * A reader of ORC files for tests: from the specification, without the writer's code, as plain as can be. It knows the
 * schema beforehand, and reads all of a file; Apache's readers in conformance/ are the judges of the rest.
 */

/** Fields of a Protocol Buffers message: numbers, or the bytes of what has a length. */
export type Message = ReadonlyMap<number, readonly (bigint | Buffer)[]>

export function decodeMessage(bytes: Buffer): Message {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const values = fields.get(tag >> 3) ?? []
    fields.set(tag >> 3, values)
    if (tag % 8 === 0) {
      values.push(varint())
      continue
    }
    const length = tag % 8 === 1 ? 8 : Number(varint())
    values.push(bytes.subarray(at, at + length))
    at += length
  }
  assert.equal(at, bytes.length)
  return fields
}

export const number = (message: Message, field: number): number => Number(message.get(field)?.[0] ?? 0)
export const buffers = (message: Message, field: number): Buffer[] => (message.get(field) ?? []) as Buffer[]
export const messages = (message: Message, field: number): Message[] => buffers(message, field).map(decodeMessage)

export type DecodedFile = {
  readonly postScript: Message
  readonly footer: Message
  readonly metadata: Message
  readonly stripes: readonly { readonly footer: Message; readonly streams: ReadonlyMap<string, Buffer> }[]
}

/** The parts of a file, decompressed; a stripe's streams by "column kind". */
export function decodeFile(file: Buffer): DecodedFile {
  assert.equal(file.toString('latin1', 0, 3), 'ORC')
  const tailEnd = file.length - 1 - file.at(-1)!
  const postScript = decodeMessage(file.subarray(tailEnd, -1))
  const plain = (bytes: Buffer) => decompressed(bytes, number(postScript, 2))
  const footerStart = tailEnd - number(postScript, 1)
  const footer = decodeMessage(plain(file.subarray(footerStart, tailEnd)))
  const metadata = decodeMessage(plain(file.subarray(footerStart - number(postScript, 5), footerStart)))
  const stripes = messages(footer, 3).map((stripe) => {
    let at = number(stripe, 1)
    const end = at + number(stripe, 2) + number(stripe, 3)
    const stripeFooter = decodeMessage(plain(file.subarray(end, end + number(stripe, 4))))
    const streams = new Map<string, Buffer>()
    for (const stream of messages(stripeFooter, 1)) {
      const bytes = file.subarray(at, at + number(stream, 3))
      streams.set(`${number(stream, 2)} ${number(stream, 1)}`, plain(bytes))
      at += bytes.length
    }
    assert.equal(at, end, 'the streams fill the stripe')
    return { footer: stripeFooter, streams }
  })
  return { postScript, footer, metadata, stripes }
}

function decompressed(bytes: Buffer, kind: number): Buffer {
  if (kind === 0) return bytes
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const header = bytes.readUIntLE(at, 3)
    const chunk = bytes.subarray(at + 3, at + 3 + (header >> 1))
    at += 3 + chunk.length
    assert.ok(kind === 1 || header & 1, 'this reader knows raw deflate, and what is stored as it is')
    chunks.push(header & 1 ? chunk : inflateRawSync(chunk))
  }
  return Buffer.concat(chunks)
}

/** All rows of a file with this schema. */
export function decodeRows(file: DecodedFile, schema: readonly Column[]): ColumnValue[][] {
  const counts = messages(file.footer, 3).map((stripe) => number(stripe, 5))
  return file.stripes.flatMap((stripe, i) => {
    const encodings = messages(stripe.footer, 2)
    let nextColumn = 0
    const readColumn = (type: ColumnType, count: number): ColumnValue[] => {
      const column = nextColumn++
      const stream = (kind: number) => stripe.streams.get(`${column} ${kind}`)
      const present = stream(0) ? decodeBits(stream(0)!).slice(0, count) : Array.from({ length: count }, () => 1)
      const values = decodeValues(type, present.filter((bit) => bit === 1).length, number(encodings[column]!, 1), {
        stream: (kind) => stream(kind)!,
        within: readColumn,
      })
      let at = 0
      return present.map((bit) => (bit === 1 ? values[at++]! : null))
    }
    return readColumn({ kind: 'struct', fields: schema }, counts[i]!) as ColumnValue[][]
  })
}

type Parts = {
  readonly stream: (kind: number) => Buffer
  readonly within: (type: ColumnType, count: number) => ColumnValue[]
}

function decodeValues(type: ColumnType, count: number, encoding: number, { stream, within }: Parts): ColumnValue[] {
  const whole = (kind: number, signed: boolean): bigint[] =>
    encoding < 2 ? decodeV1(stream(kind), signed) : decodeV2(stream(kind), signed).values
  const lengths = () => whole(2, false).map(Number)
  switch (type.kind) {
    case 'boolean':
      return decodeBits(stream(1))
        .slice(0, count)
        .map((bit) => bit === 1)
    case 'tinyint':
      return decodeBytes(stream(1)).map((byte) => (byte << 24) >> 24)
    case 'smallint':
    case 'int':
    case 'date':
      return whole(1, true).map(Number)
    case 'bigint':
      return whole(1, true)
    case 'float':
      return Array.from({ length: count }, (_, i) => stream(1).readFloatLE(i * 4))
    case 'double':
      return Array.from({ length: count }, (_, i) => stream(1).readDoubleLE(i * 8))
    case 'binary':
      return slices(stream(1), lengths())
    case 'string':
    case 'varchar':
    case 'char': {
      const isDictionary = encoding % 2 === 1
      const texts = slices(stream(isDictionary ? 3 : 1), lengths()).map(String)
      return isDictionary ? whole(1, false).map((place) => texts[Number(place)]!) : texts
    }
    case 'timestamp': {
      const nanos = whole(5, false)
      return whole(1, true).map((seconds, i) => micros(Number(seconds) + 1_420_070_400, Number(nanos[i])))
    }
    case 'decimal':
      assert.ok(whole(5, true).every((scale) => scale === BigInt(type.scale)))
      return varints(stream(1))
    case 'array': {
      const counts = lengths()
      const elements = within(type.element, sum(counts))
      return counts.map((length) => elements.splice(0, length))
    }
    case 'map': {
      const counts = lengths()
      const keys = within(type.key, sum(counts))
      const mapped = within(type.value, sum(counts))
      return counts.map((length) => {
        const ofMap = mapped.splice(0, length)
        return keys.splice(0, length).map((key, i) => [key, ofMap[i]!] as const)
      })
    }
    case 'struct': {
      const fields = type.fields.map((field) => within(field.type, count))
      return Array.from({ length: count }, (_, row) => fields.map((values) => values[row]!))
    }
  }
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)

function slices(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0
  return lengths.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
}

function micros(seconds: number, coded: number): number {
  const zeros = coded % 8
  const nanos = Math.floor(coded / 8) * (zeros === 0 ? 1 : 10 ** (zeros + 1))
  const exact = BigInt(seconds < 0 && nanos > 999_999 ? seconds - 1 : seconds) * 1_000_000n
  return Number(exact + BigInt(nanos / 1000))
}

/** Zigzag varints of any length. */
function varints(bytes: Buffer): bigint[] {
  const values: bigint[] = []
  let value = 0n
  let shift = 0n
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift
    shift += 7n
    if (byte > 127) continue
    values.push((value >> 1n) ^ -(value & 1n))
    value = 0n
    shift = 0n
  }
  return values
}
