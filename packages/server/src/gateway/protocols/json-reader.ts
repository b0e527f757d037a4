import { isUtf8 } from 'node:buffer'
import { RecordBatch } from '../../core/record-batch.ts'
import type { Form, Shape } from '../../core/shapes.ts'

/*
 * Reads the bodies that nearly all traffic consists of, puts, straight from their bytes into the operation's input:
 *
 *   {"StreamName":"s","Records":[{"Data":"<base64>","PartitionKey":"<text>"},…]}
 *
 * It knows no errors. At anything unusual - an escape, a null, a number, a member twice or unknown, a broken limit - it
 * declines, and JSON.parse and the shape say what the body means or what is wrong with it. What it accepts they would
 * accept with the same meaning (json-reader.test.ts compares).
 */

type Cursor = {
  readonly body: Buffer
  readonly spare: Buffer | undefined
  at: number
  /** The data before was long: what comes next mostly is, too. */
  expectsLong: boolean
}

type Member = { readonly name: string; readonly bytes: Uint8Array; readonly read: (cursor: Cursor) => unknown }

/** The input, or undefined if another must read it. Records are decoded into `spare`, if that is large enough. */
export function readJson<T>(body: Buffer, shape: Shape<T>, spare?: Buffer): T | undefined {
  const members = membersOf(shape)
  if (!members) return undefined
  const cursor = { body, spare, at: 0, expectsLong: false }
  const input: Record<string, unknown> = {}
  for (const { name } of members) input[name] = undefined
  if (!take(cursor, openBrace)) return undefined
  do {
    const member = take(cursor, quote) && members.find(({ bytes }) => startsWith(body, cursor.at, bytes))
    if (!member || input[member.name] !== undefined) return undefined
    cursor.at += member.bytes.length
    if (!take(cursor, colon)) return undefined
    input[member.name] = member.read(cursor)
    if (input[member.name] === undefined) return undefined
  } while (take(cursor, comma))
  return take(cursor, closeBrace) && pastSpace(body, cursor.at) === body.length ? (input as T) : undefined
}

const quote = 0x22
const comma = 0x2c
const padding = 0x3d
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const compiled = new WeakMap<Shape<unknown>, readonly Member[]>()

/** A structure's members that can be read; undefined if the shape is no structure. */
function membersOf(shape: Shape<unknown>): readonly Member[] | undefined {
  if (shape.form?.kind !== 'structure') return undefined
  let members = compiled.get(shape)
  if (!members) {
    members = Object.entries(shape.form.members).map(([name, { form }]) => ({
      name,
      bytes: Buffer.from(`${name}"`),
      read: readerOf(form),
    }))
    compiled.set(shape, members)
  }
  return members
}

function readerOf(form: Form | undefined): (cursor: Cursor) => unknown {
  if (form?.kind === 'text') return readText
  if (form?.kind === 'blob') return readBlob
  if (form?.kind === 'records') return (cursor) => readRecords(cursor, form)
  return () => undefined
}

function readText(cursor: Cursor): string | undefined {
  const { body } = cursor
  if (!take(cursor, quote)) return undefined
  const start = cursor.at
  const end = endOfText(body, start)
  if (end < 0) return undefined
  cursor.at = end + 1
  return body.toString('utf8', start, end)
}

function readBlob(cursor: Cursor): Uint8Array | undefined {
  const { body } = cursor
  if (!take(cursor, quote)) return undefined
  const end = body.indexOf(quote, cursor.at)
  const bytes = Buffer.allocUnsafe(Math.max(0, (end - cursor.at) >> 2) * 3)
  const written = decodeBase64(cursor, bytes, 0)
  return written < 0 ? undefined : bytes.subarray(0, written)
}

const dataName = Buffer.from('Data"')
const keyName = Buffer.from('PartitionKey"')
const hashKeyName = Buffer.from('ExplicitHashKey"')

/** The records, one after the other: keys stay where they are in the body, data goes behind the data before it. */
function readRecords(cursor: Cursor, limits: Extract<Form, { kind: 'records' }>): RecordBatch | undefined {
  const { body, spare } = cursor
  if (!take(cursor, openBracket)) return undefined
  const places = new Uint32Array(4 * Math.min(limits.countMax, body.length >> 2))
  const dataBytesMax = ((body.length - cursor.at) >> 2) * 3
  const data = spare && spare.length >= dataBytesMax ? spare : Buffer.allocUnsafeSlow(dataBytesMax)
  let explicitHashKeys: (string | undefined)[] | undefined
  let written = 0
  let count = 0
  do {
    const place = 4 * count
    if (place === places.length || !take(cursor, openBrace)) return undefined
    let hasData = false
    let keyEnd = 0
    do {
      if (!take(cursor, quote)) return undefined
      if (!hasData && startsWith(body, cursor.at, dataName)) {
        if (!takeMark(cursor, dataName)) return undefined
        places[place + 2] = written
        written = decodeBase64(cursor, data, written)
        if (written < 0 || written - places[place + 2]! > limits.dataBytesMax) return undefined
        places[place + 3] = written
        hasData = true
      } else if (keyEnd === 0 && startsWith(body, cursor.at, keyName)) {
        if (!takeMark(cursor, keyName)) return undefined
        keyEnd = endOfText(body, cursor.at)
        if (keyEnd <= cursor.at || keyEnd - cursor.at > limits.keyLengthMax) return undefined
        places[place] = cursor.at
        places[place + 1] = keyEnd
        cursor.at = keyEnd + 1
      } else if (explicitHashKeys?.[count] === undefined && startsWith(body, cursor.at, hashKeyName)) {
        if (!takeMark(cursor, hashKeyName)) return undefined
        const end = body.indexOf(quote, cursor.at)
        const digits = body.toString('latin1', cursor.at, Math.min(end, cursor.at + 40))
        if (!/^(0|[1-9]\d{0,38})$/.test(digits)) return undefined
        explicitHashKeys ??= []
        explicitHashKeys[count] = digits
        cursor.at = end + 1
      } else return undefined
    } while (take(cursor, comma))
    const lacksKey = keyEnd === 0 && limits.keyLengthMax > 0
    if (!hasData || lacksKey || !take(cursor, closeBrace)) return undefined
    count++
  } while (take(cursor, comma))
  return take(cursor, closeBracket) ? new RecordBatch(count, body, data, places, explicitHashKeys) : undefined
}

/** Goes past a member's name and colon into its text. */
function takeMark(cursor: Cursor, name: Uint8Array): boolean {
  cursor.at += name.length
  return take(cursor, colon) && take(cursor, quote)
}

/** Goes past spaces and this byte, if it comes. */
function take(cursor: Cursor, byte: number): boolean {
  const at = pastSpace(cursor.body, cursor.at)
  if (cursor.body[at] !== byte) return false
  cursor.at = at + 1
  return true
}

function pastSpace(body: Buffer, at: number): number {
  let past = at
  while (past < body.length) {
    const byte = body[past]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    past++
  }
  return past
}

/** Do these bytes stand there? */
export function startsWith(body: Buffer, at: number, name: Uint8Array): boolean {
  if (at + name.length > body.length) return false
  for (let i = 0; i < name.length; i++) if (body[at + i] !== name[i]) return false
  return true
}

/** Where a text without escapes ends: at its quote; -1 if it has any, or is not UTF-8, or has no end. */
function endOfText(body: Buffer, start: number): number {
  let isAscii = true
  for (let at = start; at < body.length; at++) {
    const byte = body[at]!
    if (byte === quote) return isAscii || isUtf8(body.subarray(start, at)) ? at : -1
    if (byte === backslash || byte < 0x20) return -1
    if (byte > 0x7e) isAscii = false
  }
  return -1
}

/** What a letter of base64 stands for; -1 for all that is none. */
const sextets = new Int8Array(256).fill(-1)
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  sextets[letter.charCodeAt(0)] = value

/** Up to this many letters a plain loop is faster than the calls that decode natively. */
const shortLettersMax = 256

/**
 * Decodes base64 from the cursor up to its quote, and goes past it. Returns where in `into` it ends, -1 if it is not
 * canonical: as long as its padding says, no bits left over.
 */
function decodeBase64(cursor: Cursor, into: Buffer, start: number): number {
  const { body } = cursor
  let { at } = cursor
  let to = start
  const shortEnd = cursor.expectsLong ? at - 1 : Math.min(body.length - 4, at + shortLettersMax)
  while (at <= shortEnd) {
    const quad =
      (sextets[body[at]!]! << 18) |
      (sextets[body[at + 1]!]! << 12) |
      (sextets[body[at + 2]!]! << 6) |
      sextets[body[at + 3]!]!
    if (quad < 0) break
    into[to] = quad >> 16
    into[to + 1] = quad >> 8
    into[to + 2] = quad
    to += 3
    at += 4
  }
  if (at > shortEnd) {
    const end = (body.indexOf(quote, at) - at) & ~3 // but the last letters, which may be padded
    if (end > 4) {
      const letters = body.toString('latin1', at, at + end - 4)
      const length = into.write(letters, to, 'base64')
      if (length !== (letters.length / 4) * 3 || letters.includes('-') || letters.includes('_')) return -1
      to += length
      at += letters.length
    }
  }
  cursor.expectsLong = at - cursor.at > shortLettersMax
  return endOfBase64(cursor, at, into, to)
}

/** The last four letters, of which one or two may be padding, if there are any, and the quote. */
function endOfBase64(cursor: Cursor, at: number, into: Buffer, to: number): number {
  const { body } = cursor
  if (body[at] === quote) {
    cursor.at = at + 1
    return to
  }
  if (body[at + 4] !== quote) return -1
  cursor.at = at + 5
  const two = (sextets[body[at]!]! << 18) | (sextets[body[at + 1]!]! << 12)
  into[to] = two >> 16
  if (body[at + 2] === padding && body[at + 3] === padding) return two < 0 || (two & 0xf000) !== 0 ? -1 : to + 1
  const three = two | (sextets[body[at + 2]!]! << 6)
  into[to + 1] = three >> 8
  if (body[at + 3] === padding) return three < 0 || (three & 0xc0) !== 0 ? -1 : to + 2
  const four = three | sextets[body[at + 3]!]!
  into[to + 2] = four
  return four < 0 ? -1 : to + 3
}
