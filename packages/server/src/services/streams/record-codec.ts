import assert from 'node:assert/strict'
import type { RecordBatch } from '../../core/record-batch.ts'
import { giveBackMemory, reusedFromBytes, takeMemory } from '../../core/reused-memory.ts'
import type { Batch } from '../../storage/log.ts'

/*
 * A record as storage holds it, big-endian:
 *
 *   format:u8 = 1   flags:u8   keyLength:u16   partitionKey[keyLength], UTF-8   data[the rest]
 *
 * `flags` is 1 where the log that takes it is sealed by a data key (storage does that; readers are told of it), else 0. A
 * key of length 0 is none: AUTO streams take records without one.
 */

const format = 1
const headerLength = 4
const plain = 0
const encrypted = 1

/** The records at some indexes, in that order, as one batch: copies. */
export function encodeRecords(records: RecordBatch, indexes: Uint16Array, isEncrypted = false): Batch {
  const flags = isEncrypted ? encrypted : plain
  let size = headerLength * indexes.length
  for (let i = 0; i < indexes.length; i++) size += records.sizeBytes(indexes[i]!)
  const isReused = size >= reusedFromBytes
  const memory = isReused ? takeMemory(size) : Buffer.allocUnsafe(size)
  const bytes = new Uint8Array(memory.buffer, memory.byteOffset, size)
  const positions = new Uint32Array(indexes.length + 1)
  for (let i = 0; i < indexes.length; i++)
    positions[i + 1] = encodeRecord(records, indexes[i]!, flags, bytes, positions[i]!)
  return isReused ? { bytes, positions, release: () => giveBackMemory(memory) } : { bytes, positions }
}

/** Returns where it ends. */
function encodeRecord(
  { places, keyBytes, dataBytes }: RecordBatch,
  i: number,
  flags: number,
  to: Uint8Array,
  at: number,
): number {
  const keyStart = places[4 * i]!
  const keyEnd = places[4 * i + 1]!
  const dataStart = places[4 * i + 2]!
  const dataEnd = places[4 * i + 3]!
  const keyLength = keyEnd - keyStart
  const dataAt = at + headerLength + keyLength
  to[at] = format
  to[at + 1] = flags
  to[at + 2] = keyLength >> 8
  to[at + 3] = keyLength
  copy(keyBytes, keyStart, keyEnd, to, at + headerLength)
  copy(dataBytes, dataStart, dataEnd, to, dataAt)
  return dataAt + dataEnd - dataStart
}

/** Bytes up to this many are copied sooner by a loop than by a call. */
const shortBytesMax = 32

/** By no view: five hundred of them for each put are work for the collector. */
function copy(from: Buffer, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > shortBytesMax) from.copy(to, at, start, end)
  else for (let i = start; i < end; i++) to[at + i - start] = from[i]!
}

/** Where in a batch's bytes the key and the data of the entry from `start` to `end` begin: each ends where the next does. */
export function placeRecord(bytes: Uint8Array, start: number, end: number): { keyStart: number; dataStart: number } {
  const keyStart = start + headerLength
  const dataStart = keyStart + ((bytes[start + 2]! << 8) | bytes[start + 3]!)
  if (bytes[start] !== format || bytes[start + 1]! > encrypted || dataStart > end)
    assert.fail('storage gives back a record as it was written')
  return { keyStart, dataStart }
}

/** Was the record at `start` encrypted? */
export const isEncryptedAt = (bytes: Uint8Array, start: number): boolean => bytes[start + 1] === encrypted

/** Bytes that AWS counts for `count` entries that take `storedBytes`. */
export const countedBytes = (storedBytes: number, count: number): number => storedBytes - headerLength * count
