import { crc32 } from 'node:zlib'
import { checkedHead, claimedLength, looksWhole } from './block-format.ts'
import { fillBegin } from './fill.ts'
import { RowTable } from './row-table.ts'
import type { ByteRange } from './segment-index.ts'

/*
 * A segment begins with 64 bytes, little-endian, and goes on with blocks (see block-format.ts):
 *
 *   0   magic[8] = "MILLSEG1"
 *   8   crc32:u32 (over bytes 12 to 64)      version:u32 = 2
 *   16  segment:f64                          previous:f64 (the segment before it; 0 if none)
 *   32  previousValid:f64                    createdMs:f64
 *   48  compactedLength:f64 (0 in a segment as it was written)         salt[8] (see seal.ts; zeros in a compacted one)
 *
 * `previousValid` is how much of the segment before counts. What lies beyond was never acknowledged: a write or a sync
 * of it failed, or its process died; its offsets are given again in this segment.
 *
 * A compacted segment has taken the name of the last of those that it was made from, and the `previous` of the first:
 * whoever follows the chain from the newest segment comes past none of the others. All of it counts, whatever the next
 * one's `previousValid` says: that was the length of what it replaced.
 */

export const segmentHeaderLength = 64
const magic = new TextEncoder().encode('MILLSEG1')
const version = 2

export type SegmentHeader = {
  readonly previous: number
  readonly previousValid: number
  readonly createdMs: number
  /** How long a compacted segment is; 0 or absent for one as it was written. */
  readonly compactedLength?: number
  /** What the runs that were sealed for it have in their seals; undefined in a compacted segment. */
  readonly salt?: Uint8Array | undefined
}

export const segmentName = (segment: number) => `${String(segment).padStart(10, '0')}.segment`
export const indexName = (segment: number) => `${String(segment).padStart(10, '0')}.index`

export function encodeHeader(segment: number, header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderLength)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(12, version, true)
  view.setFloat64(16, segment, true)
  view.setFloat64(24, header.previous, true)
  view.setFloat64(32, header.previousValid, true)
  view.setFloat64(40, header.createdMs, true)
  view.setFloat64(48, header.compactedLength ?? 0, true)
  if (header.salt) bytes.set(header.salt, 56)
  view.setUint32(8, crc32(bytes.subarray(12)), true)
  return bytes
}

/** The header that a segment's file begins with; undefined if it is damaged or another's. */
export function decodeHeader(bytes: Uint8Array, segment: number): SegmentHeader | undefined {
  if (bytes.byteLength < segmentHeaderLength || !magic.every((byte, i) => bytes[i] === byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (crc32(bytes.subarray(12, segmentHeaderLength)) !== view.getUint32(8, true)) return undefined
  if (view.getUint32(12, true) !== version || view.getFloat64(16, true) !== segment) return undefined
  const compactedLength = view.getFloat64(48, true)
  return {
    previous: view.getFloat64(24, true),
    previousValid: view.getFloat64(32, true),
    createdMs: view.getFloat64(40, true),
    compactedLength,
    salt: compactedLength === 0 ? bytes.slice(56, segmentHeaderLength) : undefined,
  }
}

export type Scanned = {
  /** The runs of good blocks. */
  readonly rows: RowTable
  /** How many of each log's are sealed. */
  readonly sealedRuns: ReadonlyMap<number, number>
  readonly validLength: number
  /** Ranges within `validLength` that hold no good block, though something had been acknowledged there. */
  readonly damage: readonly ByteRange[]
  /** What was cut off from `validLength` on, if anything: a write that was not finished, so far as one can know. */
  readonly tail?: ByteRange & {
    /** It seems to be there in full, and yet is broken: it may have been acknowledged, and damaged since. */
    readonly looksWhole: boolean
  }
}

/**
 * How much of a segment had been acknowledged: up to a length (known from the next segment or its index), all that was
 * written, or what the blocks' `durableTo` vouches for.
 */
export type Acknowledged = number | 'all' | undefined

/**
 * Finds the good blocks of a segment. A place without one is damage if something had been acknowledged there; else it is
 * cut off, with all behind it. What was written ahead at the end is neither.
 */
export function scanSegment(bytes: Uint8Array, segment: number, acknowledged?: Acknowledged): Scanned {
  if (typeof acknowledged === 'number') {
    const validLength = acknowledged
    const whole = scanTo(bytes, segment, Math.min(bytes.byteLength, validLength))
    const missing = { from: bytes.byteLength, to: validLength }
    const damage = bytes.byteLength < validLength ? [...whole.gaps, missing] : whole.gaps
    return { ...whole, validLength, damage }
  }
  const whole = scanTo(bytes, segment, bytes.byteLength)
  const written = fillBegin(bytes)
  const last = whole.gaps.at(-1)
  // A last block may itself end like fill: only where no block is, is it that.
  const isFilled = last !== undefined && last.to === bytes.byteLength && last.from >= written
  const validLength = isFilled ? last.from : bytes.byteLength
  const broken = isFilled ? whole.gaps.slice(0, -1) : whole.gaps
  const torn = acknowledged === 'all' ? undefined : broken.find(({ from }) => from >= whole.durableTo)
  if (!torn) return { ...whole, validLength, damage: broken }
  const { rows, sealedRuns, gaps } = scanTo(bytes, segment, torn.from)
  const tail = { from: torn.from, to: written, looksWhole: looksWhole(bytes, torn.from, segment) }
  return { rows, sealedRuns, validLength: torn.from, damage: gaps, tail }
}

function scanTo(bytes: Uint8Array, segment: number, end: number) {
  const within = bytes.subarray(0, end)
  const rows = new RowTable()
  const sealedRuns = new Map<number, number>()
  const gaps: ByteRange[] = []
  let durableTo = 0
  let at = segmentHeaderLength
  while (at < end) {
    const head = checkedHead(within, at, segment, at)
    if (!head) {
      const from = at
      at = nextBlock(within, segment, from)
      gaps.push({ from, to: at })
      continue
    }
    rows.pushHead(head, at)
    if (head.isSealed)
      for (const { logNumber } of head.runs) sealedRuns.set(logNumber, (sealedRuns.get(logNumber) ?? 0) + 1)
    durableTo = Math.max(durableTo, head.durableTo)
    at += head.length
  }
  rows.show()
  return { rows, sealedRuns, gaps, durableTo }
}

/** Where the next good block after a broken place begins; the end if there is none. */
function nextBlock(bytes: Uint8Array, segment: number, from: number): number {
  const byLength = from + claimedLength(bytes, from)
  if (byLength > from && byLength < bytes.byteLength && checkedHead(bytes, byLength, segment, byLength)) return byLength
  for (let at = from + 8; at < bytes.byteLength; at += 8) {
    if (claimedLength(bytes, at) > 0 && checkedHead(bytes, at, segment, at)) return at
  }
  return bytes.byteLength
}
