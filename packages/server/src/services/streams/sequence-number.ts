import assert from 'node:assert/strict'
import type { Shard } from './stream.ts'

/*
 * A sequence number, version 2, as observed on AWS: 186 bits, written as 56 decimal digits.
 *
 *   2:4  shardCreatedAt(s):36  shardIndex low nibble:4  counter:64  0:8  recordTime(s):36  shardIndex:32  version=2:4
 *   184                   148                     144          80   72              36              4             0
 *
 * The counter stands above the time, so the numbers of a shard rise with its offsets whatever the clock does. Counter 0
 * is the shard's StartingSequenceNumber, offset n has counter n + 1, and 2^63 - 1 is a closed shard's last.
 */

export type SequenceNumber = {
  readonly shardCreatedAtS: number
  readonly shardIndex: number
  readonly counter: bigint
  readonly timestampS: number
}

/** What its sequence numbers have of a shard. */
type NumberedShard = Pick<Shard, 'index' | 'createdAtMs'>

const endingCounter = 2n ** 63n - 1n
const low36 = 2n ** 36n - 1n

/** The second in which a shard was made, as its sequence numbers have it. */
export const createdAtSOf = ({ createdAtMs }: NumberedShard): number => Math.floor(createdAtMs / 1000)

/** What all sequence numbers of a shard have in common, to be added to `recordPart`. */
const shardPart = (shard: NumberedShard): bigint =>
  (2n << 184n) |
  (BigInt(createdAtSOf(shard)) << 148n) |
  (BigInt(shard.index & 0xf) << 144n) |
  (BigInt(shard.index) << 4n) |
  2n

const recordPart = (counter: bigint, timestampMs: number): bigint =>
  (counter << 80n) | (BigInt(Math.floor(timestampMs / 1000)) << 36n)

/** The sequence number of the record at an offset. */
export const sequenceNumberOf = (shard: NumberedShard, offset: number, timestampMs: number): string =>
  (shardPart(shard) | recordPart(BigInt(offset) + 1n, timestampMs)).toString()

/** Every sequence number of version 2 has so many digits. */
export const sequenceDigits = 56

/** One byte before each number is free: `set` writes four digits at a time, also where three are left. */
const stride = 1 + sequenceDigits

/**
 * Sequence numbers as digits (ASCII), for answers that hold hundreds of them. Each is the sum drawn above, worked out as
 * on paper, seven digits at a time: a BigInt for each would cost ten times as much.
 *
 *   sum[place] = head[place] + low × unit[place] + high × unit[place - 1] + what is carried     (place 0: + 16 × shardIndex)
 *
 * where `low` is the counter's last seven digits, `high` all before them, and `unit` the places of 2^80.
 */
export class SequenceDigits {
  readonly count: number
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(count: number) {
    this.count = count
    this.bytes = new Uint8Array(count * stride)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Where number i begins. */
  startOf(i: number): number {
    return i * stride + 1
  }

  /** Makes number i that of a record, by its shard's index and the second in which that was made. */
  set(i: number, shardIndex: number, createdAtS: number, offset: number, timestampMs: number): void {
    assert(offset < offsetsMax, 'an offset can be counted up in digits')
    const head = headOf(createdAtS, shardIndex & 0xf, Math.floor(timestampMs / 1000))
    const view = this.#view
    const high = wholePlaces(offset + 1)
    const low = offset + 1 - high * placeValue
    let at = this.startOf(i) + sequenceDigits
    let carry = 16 * shardIndex
    for (let place = 0; place < placesCount; place++) {
      const sum = heads[head + place]! + low * counterUnit[place + 1]! + high * counterUnit[place]! + carry
      carry = wholePlaces(sum)
      const digits = (sum - carry * placeValue) | 0
      const three = (digits / 10_000) | 0
      at -= 7
      view.setUint32(at + 3, fourDigits[digits - 10_000 * three]!)
      view.setUint32(at - 1, fourDigits[three]!)
    }
  }

  /** Makes number i that of the next record, of the same time. */
  next(i: number): void {
    countUp(this.bytes, this.startOf(i))
  }
}

/** Makes the digits at a place those of the next record, of the same time. Whether one carries is computed, not branched on. */
export function countUp(bytes: Uint8Array, start: number): void {
  let at = start + sequenceDigits - 1
  let carry = 0
  for (let digit = stepDigits.length - 1; digit >= 0; digit--, at--) {
    const sum = bytes[at]! + stepDigits[digit]! + carry
    carry = (nine - sum) >>> 31
    bytes[at] = sum - 10 * carry
  }
  if (carry === 0) return
  while (bytes[at] === nine) bytes[at--] = zero
  bytes[at]!++
}

const zero = 0x30
const nine = 0x39

/** The digits of 2^80: a number is so much above the one before it. */
const stepDigits = Uint8Array.from((1n << 80n).toString(), Number)

/** Seven digits to a place, the lowest first: eight places are 56 digits, and a double holds sums of products of two. */
const placeValue = 1e7
const placesCount = 8

/** Up to here sums stay below the bound of `wholePlaces`: a million records a second for 35 years. */
const offsetsMax = 2 ** 50

/**
 * How often `placeValue` goes into a whole number below 2^51: by a product, which takes a third of a division's time. The
 * half keeps it from the next whole number, by more than the product is wrong.
 */
const wholePlaces = (number: number) => Math.floor((number + 0.5) * 1e-7)

const placesOf = (number: bigint): Float64Array =>
  Float64Array.from({ length: placesCount }, (_, i) => Number((number / 10_000_000n ** BigInt(i)) % 10_000_000n))

/** The places of 2^80, from index 1 on: `high` counts from one place further up. */
const counterUnit = Float64Array.of(0, ...placesOf(1n << 80n).subarray(0, placesCount))

/** 0000 to 9999 in ASCII. */
const fourDigits = Uint32Array.from({ length: 10_000 }, (_, i) =>
  Buffer.from(String(i).padStart(4, '0')).readUInt32BE(),
)

/*
 * What the numbers of records have in common that came in one second, to shards that were made in one second and whose
 * indexes end alike: the places of their sum, found by the last bits of when the shards were made and by that nibble.
 */
const headsCount = 256
const heads = new Float64Array(headsCount * placesCount)
const headCreatedAtS = new Float64Array(headsCount).fill(Number.NaN)
const headTimestampS = new Float64Array(headsCount).fill(Number.NaN)

const createdUnit = placesOf(1n << 148n)
const nibbleUnit = placesOf(1n << 144n)
const timeUnit = placesOf(1n << 36n)
const versionPlaces = placesOf((2n << 184n) | 2n)

/** Where in `heads` it begins. */
function headOf(createdAtS: number, nibble: number, timestampS: number): number {
  const head = ((createdAtS & 0xf) << 4) | nibble
  const at = head * placesCount
  if (headCreatedAtS[head] === createdAtS && headTimestampS[head] === timestampS) return at
  headCreatedAtS[head] = createdAtS
  headTimestampS[head] = timestampS
  heads.set(versionPlaces, at)
  addToHead(at, createdAtS, createdUnit)
  addToHead(at, nibble, nibbleUnit)
  addToHead(at, timestampS, timeUnit)
  return at
}

/** Adds a number below 2^36 times a unit, without carrying. */
function addToHead(at: number, factor: number, unit: Float64Array): void {
  const high = wholePlaces(factor)
  const low = factor - high * placeValue
  for (let place = 0; place < placesCount; place++) {
    heads[at + place]! += low * unit[place]!
    if (place > 0) heads[at + place]! += high * unit[place - 1]!
  }
}

export const startingSequenceNumberOf = (shard: Shard): string =>
  (shardPart(shard) | recordPart(0n, shard.createdAtMs)).toString()

/** A number behind which (AFTER_SEQUENCE_NUMBER) reading goes on at an offset, though no record came with it. */
export const numberBefore = (shard: Shard, offset: number, nowMs: number): string =>
  offset === 0 ? startingSequenceNumberOf(shard) : sequenceNumberOf(shard, offset - 1, nowMs)

/** A closed shard's last; undefined (absent on the wire) while it is open. */
export const endingSequenceNumberOf = (shard: Shard): string | undefined =>
  shard.closedAtMs === undefined
    ? undefined
    : (shardPart(shard) | recordPart(endingCounter, shard.closedAtMs)).toString()

/** Takes a version 2 sequence number apart; undefined if it is none. */
export function parseSequenceNumber(text: string): SequenceNumber | undefined {
  if (!/^\d{1,60}$/.test(text)) return undefined
  const number = BigInt(text)
  if (number >> 184n !== 2n || (number & 0xfn) !== 2n) return undefined
  const counter = (number >> 80n) & (2n ** 64n - 1n)
  if (counter > endingCounter) return undefined
  return {
    shardCreatedAtS: Number((number >> 148n) & low36),
    shardIndex: Number((number >> 4n) & 0xffffffffn),
    counter,
    timestampS: Number((number >> 36n) & low36),
  }
}

/** The offset that AT_SEQUENCE_NUMBER means; AFTER_SEQUENCE_NUMBER means the next one. */
export const offsetOf = ({ counter }: SequenceNumber): number =>
  counter === 0n ? 0 : Math.min(Number(counter) - 1, Number.MAX_SAFE_INTEGER)
