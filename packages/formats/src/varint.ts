/*
 * Reading varints and skipping what is not known, of a protobuf message that anyone may have sent. A function cannot return
 * two numbers cheaply, so where the value ended is left in a place of this module: read it before the next call.
 */

/** Where the varint read last ended. */
let end = 0

export const varintEnd = (): number => end

/** Not a whole varint of at most 10 bytes. */
export const malformed = -1

const bytesMax = 10

/**
 * The varint that begins at `start` and ends before `limit`, or `malformed`. Exact below 2^53; above, large enough to be
 * out of every range. Bits beyond the 64th are ignored, as protobuf does.
 */
export function readVarint(bytes: Uint8Array, start: number, limit: number): number {
  let value = 0
  let scale = 1
  const last = Math.min(limit, start + bytesMax)
  for (let at = start; at < last; at++) {
    const byte = bytes[at]!
    value += (at - start === bytesMax - 1 ? byte & 1 : byte & 0x7f) * scale
    if (byte < 0x80) {
      end = at + 1
      return value
    }
    scale *= 0x80
  }
  return malformed
}

const groupsDeepMax = 100

/**
 * Where the value of a field ends that is not known, or that has another type than it should: protobuf passes over both.
 * `malformed` when it does not end before `limit`, or cannot be.
 */
export function skipValue(bytes: Uint8Array, fieldTag: number, start: number, limit: number, depth = 0): number {
  if (!isTag(fieldTag)) return malformed
  let valueEnd = malformed
  switch (fieldTag & 7) {
    case 0:
      if (readVarint(bytes, start, limit) !== malformed) valueEnd = end
      break
    case 1:
      valueEnd = start + 8
      break
    case 2: {
      const length = readVarint(bytes, start, limit)
      if (length !== malformed) valueEnd = end + length
      break
    }
    case 3:
      if (depth < groupsDeepMax) valueEnd = skipGroup(bytes, fieldTag + 1, start, limit, depth + 1)
      break
    case 5:
      valueEnd = start + 4
  }
  return valueEnd <= limit ? valueEnd : malformed
}

/** Where a group ends whose last field is `endTag`. */
function skipGroup(bytes: Uint8Array, endTag: number, start: number, limit: number, depth: number): number {
  let at = start
  while (at < limit) {
    const fieldTag = readVarint(bytes, at, limit)
    if (fieldTag === malformed) return malformed
    if (fieldTag === endTag) return end
    at = skipValue(bytes, fieldTag, end, limit, depth)
    if (at === malformed) return malformed
  }
  return malformed
}

/** Field numbers go from 1 to 2^29 - 1. */
const isTag = (fieldTag: number): boolean => fieldTag >= 8 && fieldTag < 2 ** 32
