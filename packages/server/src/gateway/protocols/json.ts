import { isAscii } from 'node:buffer'
import { AwsError } from '../../core/aws-error.ts'
import { hasRows } from '../../core/rows.ts'
import { serializationError, wrongType } from '../../core/shapes.ts'
import { readJson } from './json-reader.ts'
import { JsonWriter } from './json-writer.ts'
import type { Protocol } from './protocol.ts'

/* AWS JSON 1.1: blobs are base64 text, timestamps seconds with a fraction. */
export const json: Protocol = {
  contentType: 'application/x-amz-json-1.1',
  wire: { blob: blobFromBase64, timestamp: timestampFromSeconds },
  parse(body, shape, spare) {
    const input = shape && readJson(body, shape, spare)
    if (input !== undefined) return () => input
    const value = parseText(body)
    return () => shape!.decode(value, json.wire)
  },
  render: (output) => (hasRows(output) ? writer.write(output, stringify) : Buffer.from(stringify(output) ?? '')),
}

/** Older, and the same but for its name: DynamoDB, CloudWatch. */
export const json10: Protocol = { ...json, contentType: 'application/x-amz-json-1.0' }

const stringify = (value: unknown): string | undefined => JSON.stringify(plain(value))

/** Answers are written whole, one after the other: one writer does for all. */
const writer = new JsonWriter()

function parseText(body: Buffer): object {
  if (nestsTooDeep(body)) throw unparsable()
  try {
    const value: unknown = JSON.parse(isAscii(body) ? body.toString('latin1') : utf8.decode(body))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // answered below
  }
  throw unparsable()
}

/** Deeper than any input of any operation. JSON.parse does not recurse, but 16 MB of brackets become 600 MB of arrays in 4 s. */
const depthMax = 96

/** Counts brackets outside strings; over strings, which are nearly all of a body, it goes at memory's speed. */
function nestsTooDeep(body: Buffer): boolean {
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (byte === 0x22) {
      at = endOfString(body, at)
      if (at < 0) return false // it is not JSON either, as the parser will say
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > depthMax) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

/** Where the string that opens at `start` closes: at a quote after an even number of backslashes; -1 if nowhere. */
function endOfString(body: Buffer, start: number): number {
  for (let end = body.indexOf(0x22, start + 1); end >= 0; end = body.indexOf(0x22, end + 1)) {
    let before = end
    while (body[before - 1] === 0x5c) before--
    if ((end - before) % 2 === 0) return end
  }
  return -1
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** AWS names no reason when a body cannot be read at all; the empty message is left out on the wire. */
export const unparsable = () => new AwsError('SerializationException', '')

/**
 * Output value → what JSON.stringify may see. What holds neither bytes nor times is given back as it is: the 500 results
 * of a PutRecords are not copied. Plain loops: a page of GetRecords has 10,000 records.
 */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return base64(value)
  if (value instanceof Date) return value.getTime() / 1000
  if (Array.isArray(value)) {
    let items: unknown[] = value
    for (let i = 0; i < value.length; i++) {
      const item = plain(value[i])
      if (item === value[i]) continue
      if (items === value) items = value.slice()
      items[i] = item
    }
    return items
  }
  if (value instanceof Map) return plain(Object.assign(Object.create(null), Object.fromEntries(value)))
  let object = value as Record<string, unknown>
  for (const name in value) {
    const member = plain((value as Record<string, unknown>)[name])
    if (member === object[name]) continue
    if (object === value) object = { ...value }
    object[name] = member
  }
  return object
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

export function blobFromBase64(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw wrongType(value, 'Blob')
  const bytes = Buffer.from(value, 'base64')
  if (!isSoundBase64(value, bytes.length)) throw badBase64(value)
  return bytes
}

/**
 * Node skips what is not base64, so that fewer bytes come out than the length says; it takes the URL alphabet and bends
 * letters beyond ASCII; and it ignores bits that are left over in the last letter. Native searches, no loop over letters.
 */
function isSoundBase64(text: string, byteCount: number): boolean {
  const { length } = text
  if (length === 0) return true
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (length % 4 !== 0 || byteCount !== (length / 4) * 3 - padding) return false
  if (text.includes('-') || text.includes('_') || Buffer.byteLength(text) !== length) return false
  return padding === 0 || lastLetters[padding]!.includes(text[length - padding - 1]!)
}

/** Before one or two signs of padding: the letters whose left-over bits are zero. */
const lastLetters = ['', 'AEIMQUYcgkosw048', 'AQgw']

function badBase64(text: string): AwsError {
  const shown = text.slice(0, shownLengthMax)
  const because = (reason: string) => serializationError(`'${shown}' can not be converted to a Blob: ${reason}`)
  if (text.length % 4 !== 0)
    return because(`Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`)
  const invalid = /[^A-Za-z0-9+/=]|=[^=]/.exec(text)
  if (invalid) return because(`Invalid Base64 character: '${invalid[0][0]}'`)
  return because('Invalid last non-pad Base64 character dectected') // AWS's spelling
}

/** A wrong blob may be megabytes long; the answer says only how it begins. */
const shownLengthMax = 1024

function timestampFromSeconds(value: unknown): Date {
  if (typeof value !== 'number') throw wrongType(value, 'timestamp')
  return validDate(value * 1000)
}

/** @throws SerializationException beyond what a Date holds (8.64e15 ms) */
export function validDate(ms: number): Date {
  const date = new Date(Math.round(ms))
  if (Number.isNaN(date.getTime())) throw serializationError('The timestamp is out of range')
  return date
}
