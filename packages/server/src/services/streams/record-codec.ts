import assert from 'node:assert/strict'
import type { RecordBatch } from '../../core/record-batch.ts'
import type { Batch } from '../../storage/log.ts'

/*
 * A record as storage holds it, big-endian:
 *
 *   format:u8 = 1   flags:u8 = 0   keyLength:u16   partitionKey[keyLength], UTF-8   data[the rest]
 *
 * `flags` will say how data is encrypted. A key of length 0 is none: AUTO streams take records without one.
 */

const format = 1
const headerLength = 4

/** The records at `indexes`, in that order, as one batch: a copy in one buffer. */
export function encodeRecords(records: RecordBatch, indexes: readonly number[]): Batch {
  const { places, keyBytes, dataBytes } = records
  const positions = new Uint32Array(indexes.length + 1)
  let size = 0
  for (let i = 0; i < indexes.length; i++) {
    size += headerLength + records.sizeBytes(indexes[i]!)
    positions[i + 1] = size
  }
  const bytes = Buffer.allocUnsafeSlow(size)
  for (let i = 0; i < indexes.length; i++) {
    const place = 4 * indexes[i]!
    const keyLength = places[place + 1]! - places[place]!
    const at = positions[i]!
    bytes[at] = format
    bytes[at + 1] = 0
    bytes[at + 2] = keyLength >> 8
    bytes[at + 3] = keyLength
    const dataAt = at + headerLength + keyLength
    copy(keyBytes, places[place]!, places[place + 1]!, bytes, at + headerLength)
    copy(dataBytes, places[place + 2]!, places[place + 3]!, bytes, dataAt)
  }
  return { bytes, positions }
}

/** Bytes up to this many are copied sooner by a loop than by a call. */
const shortBytesMax = 32

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > shortBytesMax) to.set(from.subarray(start, end), at)
  else for (let i = start; i < end; i++) to[at + i - start] = from[i]!
}

/** Where in a batch's bytes the key and the data of the entry from `start` to `end` begin: each ends where the next does. */
export function placeRecord(bytes: Uint8Array, start: number, end: number): { keyStart: number; dataStart: number } {
  const keyStart = start + headerLength
  const dataStart = keyStart + ((bytes[start + 2]! << 8) | bytes[start + 3]!)
  if (bytes[start] !== format || bytes[start + 1] !== 0 || dataStart > end)
    assert.fail('storage gives back a record as it was written')
  return { keyStart, dataStart }
}

/** Bytes that AWS counts for `count` entries that take `storedBytes`. */
export const countedBytes = (storedBytes: number, count: number): number => storedBytes - headerLength * count
