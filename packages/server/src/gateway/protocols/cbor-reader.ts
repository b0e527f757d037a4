import { isUtf8 } from 'node:buffer'
import { RecordBatch } from '../../core/record-batch.ts'
import type { Form, Shape } from '../../core/shapes.ts'
import { startsWith } from './json-reader.ts'

/*
 * As json-reader.ts, for CBOR (RFC 8949): reads puts straight from their bytes, and declines whatever is unusual. An item
 * begins with a head, whose upper three bits say what it is and whose lower five how long, or in how many bytes that
 * stands:
 *
 *   010nnnnn  bytes     011nnnnn  text     100nnnnn  array     101nnnnn  map        11111111  the end of one without a count
 *
 * Keys and data stay where they are in the body.
 */

const bytesMajor = 2
const textMajor = 3
const arrayMajor = 4
const mapMajor = 5
const breakByte = 0xff

type Cursor = { readonly body: Buffer; at: number }

type Member = { readonly name: string; readonly item: Uint8Array; readonly read: (cursor: Cursor) => unknown }

/** The input, or undefined if another must read it. */
export function readCbor<T>(body: Buffer, shape: Shape<T>): T | undefined {
  const members = membersOf(shape)
  if (!members) return undefined
  const cursor = { body, at: 0 }
  const input: Record<string, unknown> = {}
  for (const { name } of members) input[name] = undefined
  let left = takeHead(cursor, mapMajor)
  if (left < 0) return undefined
  for (; hasNext(cursor, left); left--) {
    const member = members.find(({ item }) => startsWith(body, cursor.at, item))
    if (!member || input[member.name] !== undefined) return undefined
    cursor.at += member.item.length
    input[member.name] = member.read(cursor)
    if (input[member.name] === undefined) return undefined
  }
  return cursor.at === body.length ? (input as T) : undefined
}

const compiled = new WeakMap<Shape<unknown>, readonly Member[]>()

/** A structure's members that can be read; undefined if the shape is no structure. */
function membersOf(shape: Shape<unknown>): readonly Member[] | undefined {
  if (shape.form?.kind !== 'structure') return undefined
  let members = compiled.get(shape)
  if (!members) {
    members = Object.entries(shape.form.members).map(([name, { form }]) => ({
      name,
      item: textItem(name),
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

/** A member's name as it stands in a body. */
export function textItem(name: string): Uint8Array {
  const { length } = name
  return Buffer.from([...(length < 24 ? [0x60 | length] : [0x78, length]), ...Buffer.from(name)])
}

function readText(cursor: Cursor): string | undefined {
  const end = takeString(cursor, textMajor)
  if (end < 0) return undefined
  const text = cursor.body.toString('utf8', cursor.at, end)
  cursor.at = end
  return text
}

function readBlob(cursor: Cursor): Uint8Array | undefined {
  const end = takeString(cursor, bytesMajor)
  if (end < 0) return undefined
  const blob = cursor.body.subarray(cursor.at, end)
  cursor.at = end
  return blob
}

const dataItem = textItem('Data')
const keyItem = textItem('PartitionKey')
const hashKeyItem = textItem('ExplicitHashKey')

function readRecords(cursor: Cursor, limits: Extract<Form, { kind: 'records' }>): RecordBatch | undefined {
  const { body } = cursor
  const places = new Uint32Array(4 * Math.min(limits.countMax, body.length >> 2))
  let explicitHashKeys: (string | undefined)[] | undefined
  let count = 0
  let recordsLeft = takeHead(cursor, arrayMajor)
  if (recordsLeft < 0) return undefined
  for (; hasNext(cursor, recordsLeft); recordsLeft--) {
    const place = 4 * count
    if (place === places.length) return undefined
    let dataEnd = -1
    let keyEnd = -1
    let membersLeft = takeHead(cursor, mapMajor)
    if (membersLeft < 0) return undefined
    for (; hasNext(cursor, membersLeft); membersLeft--) {
      if (dataEnd < 0 && startsWith(body, cursor.at, dataItem)) {
        cursor.at += dataItem.length
        dataEnd = takeString(cursor, bytesMajor)
        if (dataEnd < 0 || dataEnd - cursor.at > limits.dataBytesMax) return undefined
        places[place + 2] = cursor.at
        places[place + 3] = dataEnd
        cursor.at = dataEnd
      } else if (keyEnd < 0 && startsWith(body, cursor.at, keyItem)) {
        cursor.at += keyItem.length
        keyEnd = takeString(cursor, textMajor)
        if (keyEnd <= cursor.at || keyEnd - cursor.at > limits.keyLengthMax) return undefined
        places[place] = cursor.at
        places[place + 1] = keyEnd
        cursor.at = keyEnd
      } else if (explicitHashKeys?.[count] === undefined && startsWith(body, cursor.at, hashKeyItem)) {
        cursor.at += hashKeyItem.length
        const digits = readText(cursor)
        if (digits === undefined || !/^(0|[1-9]\d{0,38})$/.test(digits)) return undefined
        explicitHashKeys ??= []
        explicitHashKeys[count] = digits
      } else return undefined
    }
    if (dataEnd < 0 || (keyEnd < 0 && limits.keyLengthMax > 0)) return undefined
    count++
  }
  return count === 0 ? undefined : new RecordBatch(count, body, body, places, explicitHashKeys)
}

/** Takes the head of a string of definite length, and says where the string ends; -1 if there is none, or no UTF-8 in it. */
function takeString(cursor: Cursor, major: number): number {
  const { body } = cursor
  const length = takeHead(cursor, major)
  const end = cursor.at + length
  if (length < 0 || end > body.length) return -1
  return major === bytesMajor || isUtf8Between(body, cursor.at, end) ? end : -1
}

/** ASCII, as nearly all keys are, needs no call. */
function isUtf8Between(body: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (body[at]! > 0x7f) return isUtf8(body.subarray(start, end))
  return true
}

/** Takes the head of such an item: its length or count, Infinity if none is said, -1 if it is another. */
function takeHead(cursor: Cursor, major: number): number {
  const { body, at } = cursor
  const head = body[at]!
  if (head >> 5 !== major) return -1
  const info = head & 0x1f
  if (info === 31) {
    cursor.at = at + 1
    return Number.POSITIVE_INFINITY
  }
  const size = info < 24 ? 0 : info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : -1
  if (size < 0 || at + size >= body.length) return -1
  cursor.at = at + 1 + size
  return size === 0 ? info : body.readUIntBE(at + 1, size)
}

/** Is there another item of `left`? Goes past the end of a container without a count. */
function hasNext(cursor: Cursor, left: number): boolean {
  if (left !== Number.POSITIVE_INFINITY) return left > 0
  if (cursor.body[cursor.at] !== breakByte) return true
  cursor.at++
  return false
}
