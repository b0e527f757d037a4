import { hash } from 'node:crypto'

/** The last hash key: the ring holds 2^128 of them. */
export const hashKeyMax = 2n ** 128n - 1n

/**
 * The hash key of a partition key: MD5 of its UTF-8 bytes, read as a 128-bit big-endian number. The shard whose range
 * holds it takes the record (Kinesis developer guide, "Partition Key").
 */
export const hashKeyOf = (partitionKey: string): bigint => BigInt(`0x${hash('md5', partitionKey, 'hex')}`)
