import { hash } from 'node:crypto'
import { md5OfShortText } from './md5.ts'

/** The last hash key: the ring holds 2^128 of them. */
export const hashKeyMax = 2n ** 128n - 1n

/**
 * The hash key of a partition key: MD5 of its UTF-8 bytes, read as a 128-bit big-endian number. The shard whose range
 * holds it takes the record (Kinesis developer guide, "Partition Key").
 */
export function hashKeyOf(partitionKey: string): bigint {
  const digest = md5OfShortText(partitionKey)
  if (digest) return (digest.getBigUint64(0) << 64n) | digest.getBigUint64(8)
  return BigInt(`0x${hash('md5', partitionKey, 'hex')}`)
}
