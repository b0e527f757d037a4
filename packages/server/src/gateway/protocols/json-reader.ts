import { isUtf8 } from 'node:buffer'
import { RecordBatch } from '../../core/record-batch.ts'
import type { Form, Shape } from '../../core/shapes.ts'
import { Base64Window } from './base64-window.ts'

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
}

type Member = { readonly name: string; readonly bytes: Uint8Array; readonly read: (cursor: Cursor) => unknown }

/** The input, or undefined if another must read it. Records are decoded into `spare`, if that is large enough. */
export function readJson<T>(body: Buffer, shape: Shape<T>, spare?: Buffer): T | undefined {
  const members = membersOf(shape)
  if (!members) return undefined
  const cursor = { body, spare, at: 0 }
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
  base64 ??= new Base64Window()
  base64.begin(body, bytes)
  cursor.at = base64.take(cursor.at)
  base64.end()
  return cursor.at < 0 ? undefined : bytes.subarray(0, base64.written)
}

/** Made when data first comes, used again for the next. */
let base64: Base64Window | undefined

const dataName = Buffer.from('Data"')
const keyName = Buffer.from('PartitionKey"')
const hashKeyName = Buffer.from('ExplicitHashKey"')

/** The records: keys stay where they are in the body, data goes behind the data before it. */
function readRecords(cursor: Cursor, limits: Extract<Form, { kind: 'records' }>): RecordBatch | undefined {
  const { body, spare } = cursor
  const dataBytesMax = ((body.length - cursor.at) >> 2) * 3
  const data = spare && spare.length >= dataBytesMax ? spare : Buffer.allocUnsafeSlow(dataBytesMax)
  base64 ??= new Base64Window()
  base64.begin(body, data)
  const records = readEach(cursor, limits, base64, data)
  base64.end()
  return records
}

/** One record after the other. Its place is a number of its own: the cursor would be written to memory at each step. */
function readEach(
  cursor: Cursor,
  limits: Extract<Form, { kind: 'records' }>,
  base64: Base64Window,
  data: Buffer,
): RecordBatch | undefined {
  const { body } = cursor
  const places = new Uint32Array(4 * Math.min(limits.countMax, body.length >> 2))
  let explicitHashKeys: (string | undefined)[] | undefined
  let count = 0
  let at = past(body, cursor.at, openBracket)
  if (at < 0) return undefined
  for (;;) {
    const place = 4 * count
    at = past(body, at, openBrace)
    if (place === places.length || at < 0) return undefined
    let hasData = false
    let keyEnd = 0
    for (;;) {
      at = past(body, at, quote)
      if (at < 0) return undefined
      if (!hasData && startsWith(body, at, dataName)) {
        at = pastMark(body, at, dataName)
        if (at < 0) return undefined
        places[place + 2] = base64.written
        at = base64.take(at)
        places[place + 3] = base64.written
        if (at < 0 || places[place + 3]! - places[place + 2]! > limits.dataBytesMax) return undefined
        hasData = true
      } else if (keyEnd === 0 && startsWith(body, at, keyName)) {
        at = pastMark(body, at, keyName)
        if (at < 0) return undefined
        keyEnd = endOfText(body, at)
        if (keyEnd <= at || keyEnd - at > limits.keyLengthMax) return undefined
        places[place] = at
        places[place + 1] = keyEnd
        at = keyEnd + 1
      } else if (explicitHashKeys?.[count] === undefined && startsWith(body, at, hashKeyName)) {
        at = pastMark(body, at, hashKeyName)
        if (at < 0) return undefined
        const end = body.indexOf(quote, at)
        const digits = body.toString('latin1', at, Math.min(end, at + 40))
        if (!/^(0|[1-9]\d{0,38})$/.test(digits)) return undefined
        explicitHashKeys ??= []
        explicitHashKeys[count] = digits
        at = end + 1
      } else return undefined
      const next = past(body, at, comma)
      if (next < 0) break
      at = next
    }
    const lacksKey = keyEnd === 0 && limits.keyLengthMax > 0
    at = past(body, at, closeBrace)
    if (!hasData || lacksKey || at < 0) return undefined
    count++
    const next = past(body, at, comma)
    if (next < 0) break
    at = next
  }
  cursor.at = at
  return take(cursor, closeBracket) ? new RecordBatch(count, body, data, places, explicitHashKeys) : undefined
}

/** Where the text of a member begins, past its name, colon and quote; -1 if another comes. */
function pastMark(body: Buffer, at: number, name: Uint8Array): number {
  const marked = past(body, at + name.length, colon)
  return marked < 0 ? -1 : past(body, marked, quote)
}

/** The place behind spaces and this byte; -1 if another comes. */
function past(body: Buffer, at: number, byte: number): number {
  if (body[at] === byte) return at + 1
  const behind = pastSpace(body, at)
  return body[behind] === byte ? behind + 1 : -1
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
