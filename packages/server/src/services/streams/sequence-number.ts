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

/** What all sequence numbers of a shard have in common, to be added to `recordPart`. */
const shardPart = ({ createdAtMs, index }: Shard): bigint =>
  (2n << 184n) |
  (BigInt(Math.floor(createdAtMs / 1000)) << 148n) |
  (BigInt(index & 0xf) << 144n) |
  (BigInt(index) << 4n) |
  2n

const recordPart = (counter: bigint, timestampMs: number): bigint =>
  (counter << 80n) | (BigInt(Math.floor(timestampMs / 1000)) << 36n)

/** The sequence number of the record at an offset. */
export const sequenceNumberOf = (shard: Shard, offset: number, timestampMs: number): string =>
  (shardPart(shard) | recordPart(BigInt(offset) + 1n, timestampMs)).toString()

/** Every sequence number of version 2 has so many digits. */
export const sequenceDigits = 56

/**
 * The sequence numbers of records that follow each other and share their time, one after the other, as digits (ASCII) in
 * `bytes`. Each is 2^80 above the one before, and that is added as it is on paper: a BigInt for each would cost ten times
 * as much.
 */
export class SequenceDigits {
  readonly bytes = new Uint8Array(sequenceDigits)

  constructor(shard: Shard, firstOffset: number, timestampMs: number) {
    const text = sequenceNumberOf(shard, firstOffset, timestampMs)
    for (let i = 0; i < sequenceDigits; i++) this.bytes[i] = text.charCodeAt(i)
  }

  /** Goes on to the next record's. Whether a digit carries is computed, not branched on: it cannot be predicted. */
  next(): void {
    const { bytes } = this
    let carry = 0
    for (let i = stepDigits.length - 1, at = sequenceDigits - 1; i >= 0; i--, at--) {
      const sum = bytes[at]! + stepDigits[i]! + carry
      carry = (nine - sum) >>> 31
      bytes[at] = sum - 10 * carry
    }
    if (carry === 0) return
    let at = sequenceDigits - stepDigits.length - 1
    while (bytes[at] === nine) bytes[at--] = zero
    bytes[at]!++
  }
}

const zero = 0x30
const nine = 0x39

/** The digits of 2^80. */
const stepDigits = Uint8Array.from((1n << 80n).toString(), Number)

export const startingSequenceNumberOf = (shard: Shard): string =>
  (shardPart(shard) | recordPart(0n, shard.createdAtMs)).toString()

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
