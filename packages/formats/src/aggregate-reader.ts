import { digestLength, hasMagic, magic, messageOf, tag } from './aggregate-format.ts'
import { md5OfMessages } from './md5-messages.ts'
import { malformed, readVarint, skipValue, varintEnd } from './varint.ts'

/** Each record takes four places: index of its key, index of its hash key or -1, where its data begins and ends. */
const placesOfRecord = 4

/** Larger lists of places than this are not kept for the next aggregate. */
const placesKeptMax = 1 << 18

/**
 * Finds the user records in an aggregate: where each lies, without an object for any of them. Reads all of it before it
 * says yes, so that nobody gets half of a corrupt one. Lists grow by what is there, never by what a length says.
 */
export class AggregateReader {
  /** Four for each record: see `placesOfRecord`. */
  places = new Int32Array(1024 * placesOfRecord)
  /** Begin and end of each partition key. */
  keyPlaces = new Uint32Array(2048)
  /** Begin and end of each explicit hash key. */
  hashKeyPlaces = new Uint32Array(64)
  keyCount = 0
  hashKeyCount = 0

  /**
   * How many user records there are, or -1 when `bytes`, framed as an aggregate (see `framedRight`), is none: its message is
   * cut or malformed, lacks what is required, or names a key that its tables do not have.
   */
  read(bytes: Uint8Array): number {
    const end = bytes.byteLength - digestLength
    if (this.places.length > placesKeptMax) this.places = new Int32Array(1024 * placesOfRecord)
    this.keyCount = 0
    this.hashKeyCount = 0
    let count = 0
    let keyIndexMax = -1
    let hashKeyIndexMax = -1
    let at = magic.length

    while (at < end) {
      let fieldTag: number = bytes[at]!
      if (fieldTag < 0x80) at++
      else {
        fieldTag = readVarint(bytes, at, end)
        if (fieldTag === malformed) return -1
        at = varintEnd()
      }
      if (fieldTag !== tag.record && fieldTag !== tag.partitionKeyTable && fieldTag !== tag.explicitHashKeyTable) {
        at = skipValue(bytes, fieldTag, at, end)
        if (at === malformed) return -1
        continue
      }
      let length: number = bytes[at]!
      if (length < 0x80 && at < end) at++
      else {
        length = readVarint(bytes, at, end)
        if (length === malformed) return -1
        at = varintEnd()
      }
      const valueEnd = at + length
      if (valueEnd > end) return -1

      if (fieldTag === tag.partitionKeyTable) {
        if (2 * this.keyCount === this.keyPlaces.length) this.keyPlaces = twice(this.keyPlaces)
        this.keyPlaces[2 * this.keyCount] = at
        this.keyPlaces[2 * this.keyCount + 1] = valueEnd
        this.keyCount++
      } else if (fieldTag === tag.explicitHashKeyTable) {
        if (2 * this.hashKeyCount === this.hashKeyPlaces.length) this.hashKeyPlaces = twice(this.hashKeyPlaces)
        this.hashKeyPlaces[2 * this.hashKeyCount] = at
        this.hashKeyPlaces[2 * this.hashKeyCount + 1] = valueEnd
        this.hashKeyCount++
      } else {
        if (count * placesOfRecord === this.places.length) this.places = twice(this.places)
        if (!this.#readRecord(bytes, at, valueEnd, count * placesOfRecord)) return -1
        keyIndexMax = Math.max(keyIndexMax, this.places[count * placesOfRecord]!)
        hashKeyIndexMax = Math.max(hashKeyIndexMax, this.places[count * placesOfRecord + 1]!)
        count++
      }
      at = valueEnd
    }
    // The tables may come after the records.
    return keyIndexMax < this.keyCount && hashKeyIndexMax < this.hashKeyCount ? count : -1
  }

  /** Reads the fields of one record; of a field that comes twice the last one counts. */
  #readRecord(bytes: Uint8Array, start: number, end: number, place: number): boolean {
    let keyIndex = -1
    let hashKeyIndex = -1
    let dataStart = -1
    let dataEnd = -1
    let at = start
    while (at < end) {
      let fieldTag: number = bytes[at]!
      if (fieldTag < 0x80) at++
      else {
        fieldTag = readVarint(bytes, at, end)
        if (fieldTag === malformed) return false
        at = varintEnd()
      }
      if (
        fieldTag !== tag.partitionKeyIndex &&
        fieldTag !== tag.explicitHashKeyIndex &&
        fieldTag !== tag.data &&
        fieldTag !== tag.tags
      ) {
        at = skipValue(bytes, fieldTag, at, end)
        if (at === malformed) return false
        continue
      }
      let value: number = bytes[at]!
      if (value < 0x80 && at < end) at++
      else {
        value = readVarint(bytes, at, end)
        if (value === malformed) return false
        at = varintEnd()
      }
      if (fieldTag === tag.partitionKeyIndex || fieldTag === tag.explicitHashKeyIndex) {
        if (value > indexMax) return false
        if (fieldTag === tag.partitionKeyIndex) keyIndex = value
        else hashKeyIndex = value
        continue
      }
      if (at + value > end) return false
      if (fieldTag === tag.data) {
        dataStart = at
        dataEnd = at + value
      } else if (!isWholeTag(bytes, at, at + value)) return false
      at += value
    }
    if (keyIndex < 0 || dataStart < 0) return false
    this.places[place] = keyIndex
    this.places[place + 1] = hashKeyIndex
    this.places[place + 2] = dataStart
    this.places[place + 3] = dataEnd
    return true
  }
}

/** Above it no table has an entry. */
const indexMax = 2 ** 31 - 1

/** Which of several have an aggregate's beginning, and at their end the MD5 of what lies between. */
export function framedRight(candidates: readonly Uint8Array[]): boolean[] {
  const framed = candidates.filter(hasMagic)
  const digests = md5OfMessages(framed.map(messageOf))
  let i = 0
  return candidates.map((bytes) => hasMagic(bytes) && endsWith(bytes, digests, digestLength * i++))
}

/** Whether `bytes` ends with the digest at `at`. */
function endsWith(bytes: Uint8Array, digests: Uint8Array, at: number): boolean {
  const end = bytes.byteLength - digestLength
  for (let i = 0; i < digestLength; i++) if (digests[at + i] !== bytes[end + i]) return false
  return true
}

/** Tags are not handed on (no reader does), but a message with a broken one is a broken message. */
function isWholeTag(bytes: Uint8Array, start: number, end: number): boolean {
  let hasKey = false
  let at = start
  while (at < end) {
    const fieldTag = readVarint(bytes, at, end)
    if (fieldTag === malformed) return false
    if (fieldTag === tag.tagKey) hasKey = true
    at = skipValue(bytes, fieldTag, varintEnd(), end)
    if (at === malformed) return false
  }
  return hasKey
}

function twice<T extends Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(list: T): T {
  const larger = new (list.constructor as new (length: number) => T)(2 * list.length)
  larger.set(list)
  return larger
}
