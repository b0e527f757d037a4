import { isUtf8 } from 'node:buffer'
import { type DecodeOptions, decode, type EncodeOptions, encode, Token, Tokenizer, Type } from 'cborg'
import { hasRows } from '../../core/rows.ts'
import { wrongType } from '../../core/shapes.ts'
import { readCbor } from './cbor-reader.ts'
import { CborWriter } from './cbor-writer.ts'
import { unparsable, validDate } from './json.ts'
import type { Protocol } from './protocol.ts'

/*
 * What the Java SDKs, KCL and KPL speak: AWS JSON's members in CBOR (RFC 8949). Blobs are byte strings, timestamps are
 * tag 1 over *milliseconds*, which is Amazon's own reading of that tag.
 */
export const cbor: Protocol = {
  contentType: 'application/x-amz-cbor-1.1',
  wire: { blob: blobFromBytes, timestamp: timestampFromTag },
  parse(body, shape) {
    const input = shape && readCbor(body, shape)
    if (input !== undefined) return () => input
    const value = parseItems(body)
    return () => shape!.decode(value, cbor.wire)
  },
  render(output) {
    if (output === undefined) return Buffer.alloc(0)
    return hasRows(output) ? writer.write(output, encodeItem) : Buffer.from(encodeItem(output))
  },
}

const encodeItem = (value: unknown): Uint8Array => encode(value, encodeOptions)

/** Answers are written whole, one after the other: one writer does for all. */
const writer = new CborWriter()

/** A body of CBOR → what it holds. @throws AwsError SerializationException */
export function parseItems(body: Buffer, options = decodeOptions): object {
  if (nestsTooDeepOrBendsText(body)) throw unparsable()
  try {
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    const tokenizer = new ChunkJoiner(bytes, options)
    const value: unknown = decode(bytes, { ...options, tokenizer })
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // answered below: broken, truncated, or a tag that nobody sends
  }
  throw unparsable()
}

const decodeOptions: DecodeOptions = {
  tags: { 1: (content: () => unknown) => new Epoch(content()) },
}

/**
 * cborg knows no strings of indefinite length, which Jackson (the Java SDKs') writes for texts above some 4,000
 * characters: `0x7f` (text) or `0x5f` (bytes), chunks of definite length, `0xff`. Here they become one token.
 */
class ChunkJoiner extends Tokenizer {
  override next(): Token {
    const head = this.data[this.pos()]
    if (head !== 0x5f && head !== 0x7f) return super.next()
    this._pos++
    const chunks: Uint8Array[] = []
    const texts: string[] = []
    for (;;) {
      if (this.done()) throw new Error('a string without an end')
      const token = super.next()
      if (token.type === Type.break) break
      if (head === 0x5f && token.type === Type.bytes) chunks.push(token.value)
      else if (head === 0x7f && token.type === Type.string) texts.push(token.value)
      else throw new Error('a chunk of another type')
    }
    return head === 0x5f ? new Token(Type.bytes, Buffer.concat(chunks), 0) : new Token(Type.string, texts.join(''), 0)
  }
}

/** The content of a tag 1, before anyone knows whether a timestamp is wanted there. */
export class Epoch {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const encodeOptions: EncodeOptions = {
  typeEncoders: {
    Date: (date: Date) => [new Token(Type.tag, 1), new Token(Type.uint, Math.max(0, date.getTime()))],
  },
  // Members stay in their order: sorting them would cost time and mean nothing.
  mapSorter: () => 0,
  ignoreUndefinedProperties: true,
}

export function blobFromBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw wrongType(value, 'Blob')
}

function timestampFromTag(value: unknown): Date {
  const ms = value instanceof Epoch ? value.value : value
  if (typeof ms === 'bigint') return validDate(Number(ms))
  if (typeof ms !== 'number') throw wrongType(ms, 'timestamp')
  return validDate(ms)
}

/** Deeper than any input of any operation, and far from the end of the stack: the decoder recurses. */
const depthMax = 64

/**
 * Looks only at the heads of the items (RFC 8949, section 3), and keeps how many items each open container still expects.
 * Texts must be UTF-8: the decoder would bend what is not, and a partition key would become another. What is malformed
 * in other ways is left to it.
 */
function nestsTooDeepOrBendsText(body: Buffer): boolean {
  const expected: number[] = [] // items still to come in each open container; Infinity: until a break
  let at = 0
  while (at < body.length) {
    const head = body[at++]!
    if (head === 0xff) expected.pop()
    else {
      const major = head >> 5
      const info = head & 0x1f
      const size = info < 24 ? 0 : info <= 27 ? 1 << (info - 24) : 0
      const argument = size === 0 ? info : readArgument(body, at, size)
      at += size
      const indefinite = info === 31
      if (expected.length > 0) expected[expected.length - 1]!--
      if (major === 3 && !indefinite && !isUtf8(body.subarray(at, at + argument))) return true
      if ((major === 2 || major === 3) && !indefinite) at += argument
      if (major === 6) expected.push(1)
      if (major === 4 || major === 5 || (indefinite && (major === 2 || major === 3)))
        expected.push(indefinite ? Number.POSITIVE_INFINITY : major === 5 ? argument * 2 : argument)
    }
    if (expected.length > depthMax) return true
    while (expected.at(-1) === 0) expected.pop()
  }
  return false
}

function readArgument(body: Buffer, at: number, size: number): number {
  if (at + size > body.length) return Number.POSITIVE_INFINITY
  return size === 8 ? Number(body.readBigUInt64BE(at)) : body.readUIntBE(at, size)
}
