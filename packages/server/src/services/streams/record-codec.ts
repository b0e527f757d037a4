import assert from 'node:assert/strict'
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

/** What a producer gave of a record that storage keeps. */
export type StoredRecord = { readonly PartitionKey?: string | undefined; readonly Data: Uint8Array }

/** Bytes that AWS counts for a record: its key's and its data's. */
export const recordSizeBytes = ({ PartitionKey, Data }: StoredRecord): number =>
  (PartitionKey === undefined ? 0 : Buffer.byteLength(PartitionKey)) + Data.byteLength

/** The records at `indexes`, in that order, as one batch: a copy in one buffer. */
export function encodeRecords(records: readonly StoredRecord[], indexes: readonly number[]): Batch {
  const positions = new Uint32Array(indexes.length + 1)
  let size = 0
  for (let i = 0; i < indexes.length; i++) {
    size += headerLength + recordSizeBytes(records[indexes[i]!]!)
    positions[i + 1] = size
  }
  const bytes = Buffer.allocUnsafeSlow(size)
  for (let i = 0; i < indexes.length; i++) {
    const { PartitionKey, Data } = records[indexes[i]!]!
    const at = positions[i]!
    const keyLength = PartitionKey === undefined ? 0 : bytes.write(PartitionKey, at + headerLength)
    bytes[at] = format
    bytes[at + 1] = 0
    bytes.writeUInt16BE(keyLength, at + 2)
    bytes.set(Data, at + headerLength + keyLength)
    assert(at + headerLength + keyLength + Data.byteLength === positions[i + 1], 'a record fills its place')
  }
  return { bytes, positions }
}

/** Takes apart the entry from `start` to `end` of a batch's bytes. Data is a view. */
export function decodeRecord(bytes: Uint8Array, start: number, end: number): StoredRecord {
  assert(bytes[start] === format && bytes[start + 1] === 0, 'storage gives back a record as it was written')
  const dataAt = start + headerLength + ((bytes[start + 2]! << 8) | bytes[start + 3]!)
  assert(dataAt <= end, 'a key ends within its record')
  return { PartitionKey: keyIn(bytes, start + headerLength, dataAt), Data: bytes.subarray(dataAt, end) }
}

function keyIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
}

/** Bytes that AWS counts for `count` entries that take `storedBytes`. */
export const countedBytes = (storedBytes: number, count: number): number => storedBytes - headerLength * count
