import { hash } from 'node:crypto'
import { md5OfShortBytes, shortBytesMax } from './md5.ts'

/** The last hash key: the ring holds 2^128 of them. */
export const hashKeyMax = 2n ** 128n - 1n

/**
 * The hash key of a partition key: MD5 of its UTF-8 bytes, read as a 128-bit big-endian number. The shard whose range
 * holds it takes the record (Kinesis developer guide, "Partition Key").
 */
export const hashKeyOf = (partitionKey: string): bigint => {
  const bytes = Buffer.from(partitionKey)
  return hashKeyOfBytes(bytes, 0, bytes.length)
}

/** As `hashKeyOf`, of a key that lies in `bytes` as UTF-8. */
export function hashKeyOfBytes(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start > shortBytesMax) return BigInt(`0x${hash('md5', bytes.subarray(start, end), 'hex')}`)
  const digest = md5OfShortBytes(bytes, start, end)
  return (digest.getBigUint64(0) << 64n) | digest.getBigUint64(8)
}

/** The first 32 of the 128 bits of `hashKeyOfBytes`: nearly always enough to tell shards apart, and ten times sooner there. */
export function hashKeyStart(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > shortBytesMax) return Number(hashKeyOfBytes(bytes, start, end) >> 96n)
  return md5OfShortBytes(bytes, start, end).getUint32(0)
}
