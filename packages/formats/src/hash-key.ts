import { hash } from 'node:crypto'
import { md5OfShortBytes, shortBytesMax } from './md5.ts'
import { laneCount, type Md5Lanes, md5Lanes } from './md5-lanes.ts'

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

/**
 * The `hashKeyStart` of many keys: key i lies in `bytes` from `places[stride * i]` up to the number behind that. Of hundreds
 * together, each costs less than a third of what it does alone.
 */
export function hashKeyStarts(bytes: Uint8Array, places: Uint32Array, stride: number, count: number): Uint32Array {
  const starts = new Uint32Array(count)
  let i = 0
  const lanes = count >= manyKeys ? md5Lanes() : undefined
  if (lanes) for (; i + laneCount <= count; i += laneCount) laneStarts(lanes, bytes, places, stride, i, starts)
  for (; i < count; i++) starts[i] = hashKeyStart(bytes, places[stride * i]!, places[stride * i + 1]!)
  return starts
}

/** So many must be there for the lanes to be made. */
const manyKeys = 32

function laneStarts(
  md5: Md5Lanes,
  bytes: Uint8Array,
  places: Uint32Array,
  stride: number,
  first: number,
  starts: Uint32Array,
): void {
  md5.begin()
  for (let lane = 0; lane < laneCount; lane++) {
    const start = places[stride * (first + lane)]!
    const end = places[stride * (first + lane) + 1]!
    if (end - start <= shortBytesMax) md5.fillShort(lane, bytes, start, end)
  }
  md5.run(1, laneCount)
  for (let lane = 0; lane < laneCount; lane++) {
    const start = places[stride * (first + lane)]!
    const end = places[stride * (first + lane) + 1]!
    starts[first + lane] = end - start <= shortBytesMax ? md5.start(lane) : hashKeyStart(bytes, start, end)
  }
}
