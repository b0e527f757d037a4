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

const endingCounter = 2n ** 63n - 1n
const low36 = 2n ** 36n - 1n

/** What the sequence numbers of all shards that were made in one second have in common, by their index's low nibble. */
const headPart = (createdAtS: number, nibble: number): bigint =>
  (2n << 184n) | (BigInt(createdAtS) << 148n) | (BigInt(nibble) << 144n)

/** What all sequence numbers of a shard have in common, to be added to `recordPart`. */
const shardPart = ({ createdAtMs, index }: Shard): bigint =>
  headPart(Math.floor(createdAtMs / 1000), index & 0xf) | (BigInt(index) << 4n) | 2n

const recordPart = (counter: bigint, timestampMs: number): bigint =>
  (counter << 80n) | (BigInt(Math.floor(timestampMs / 1000)) << 36n)

/** The sequence number of the record at an offset. */
export const sequenceNumberOf = (shard: Shard, offset: number, timestampMs: number): string =>
  (shardPart(shard) | recordPart(BigInt(offset) + 1n, timestampMs)).toString()

/** Every sequence number of version 2 has so many digits. */
export const sequenceDigits = 56

/** One byte before each number is free: `set` writes four digits at a time, also where three are left. */
const stride = 1 + sequenceDigits

/**
 * Sequence numbers as digits (ASCII), for answers that hold hundreds of them. Each is the sum drawn above, worked out as
 * on paper, seven digits at a time: a BigInt for each would cost ten times as much.
 */
export class SequenceDigits {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #sum = new Float64Array(placesCount)

  constructor(count: number) {
    this.bytes = new Uint8Array(count * stride)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Where number i begins. */
  startOf(i: number): number {
    return i * stride + 1
  }

  set(i: number, shard: Shard, offset: number, timestampMs: number): void {
    const sum = this.#sum
    sum.set(headPlacesOf(shard, Math.floor(timestampMs / 1000)))
    sum[0]! += 16 * shard.index + 2
    add(sum, offset + 1, counterUnit)
    const view = this.#view
    let at = this.startOf(i) + sequenceDigits
    let carry = 0
    for (let place = 0; place < placesCount; place++) {
      const value = sum[place]! + carry
      carry = Math.floor(value / placeValue)
      const digits = (value - carry * placeValue) | 0
      const three = (digits / 10_000) | 0
      at -= 7
      view.setUint32(at + 3, fourDigits[digits - 10_000 * three]!)
      view.setUint32(at - 1, fourDigits[three]!)
    }
  }

  /** Makes number i that of the next record, of the same time. Whether a digit carries is computed, not branched on. */
  next(i: number): void {
    const { bytes } = this
    let at = this.startOf(i) + sequenceDigits - 1
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
}

const zero = 0x30
const nine = 0x39

/** The digits of 2^80: a number is so much above the one before it. */
const stepDigits = Uint8Array.from((1n << 80n).toString(), Number)

/** Seven digits to a place, the lowest first: eight places are 56 digits, and a double holds sums of products of two. */
const placeValue = 1e7
const placesCount = 8

const placesOf = (number: bigint): Float64Array =>
  Float64Array.from({ length: placesCount }, (_, i) => Number((number / 10_000_000n ** BigInt(i)) % 10_000_000n))

const counterUnit = placesOf(1n << 80n).subarray(0, 4)
const timeUnit = placesOf(1n << 36n).subarray(0, 2)

/** Adds a whole number below 2^53 times a unit, without carrying. */
function add(sum: Float64Array, factor: number, unit: Float64Array): void {
  for (let place = 0, left = factor; left > 0; place++) {
    const rest = Math.floor(left / placeValue)
    const digits = left - rest * placeValue
    for (let i = 0; i < unit.length; i++) sum[place + i]! += digits * unit[i]!
    left = rest
  }
}

/** 0000 to 9999 in ASCII. */
const fourDigits = Uint32Array.from({ length: 10_000 }, (_, i) =>
  Buffer.from(String(i).padStart(4, '0')).readUInt32BE(),
)

/** The sum of `headPart` and a time, in places: records of a second, and shards that were made in one, have it in common. */
type Head = { readonly places: Float64Array; timestampS: number }

/** By the arguments of `headPart`. */
const heads = new Map<number, Head>()
const headsMax = 4096

function headPlacesOf({ createdAtMs, index }: Shard, timestampS: number): Float64Array {
  const createdAtS = Math.floor(createdAtMs / 1000)
  const nibble = index & 0xf
  const key = createdAtS * 16 + nibble
  let head = heads.get(key)
  if (head?.timestampS !== timestampS) {
    if (heads.size === headsMax) heads.clear()
    const places = placesOf(headPart(createdAtS, nibble))
    add(places, timestampS, timeUnit)
    head = { places, timestampS }
    heads.set(key, head)
  }
  return head.places
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
