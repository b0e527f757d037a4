import { crc32 } from 'node:zlib'
import { type Batch, type EntryBlock, entryCount } from '../log.ts'

/*
 * A block is one batch of one log. Blocks follow each other in a segment, each on a multiple of 8. Little-endian:
 *
 *   0   magic:u32 = "MRB1"     crc32:u32 (over everything from 8 to the end of bytes)
 *   8   length:u32 (of the block, padding and all)     log:u32 (the log's number)
 *   16  firstOffset:f64
 *   24  timestampMs:f64
 *   32  entryCount:u32         bytesLength:u32
 *   40  segment:u32            position:u32 (where the block begins: one that strayed is noticed)
 *   48  durableTo:u32 (how much of the segment had been acknowledged when this block was written)     0:u32
 *   56  ends[entryCount]:u32   (where each entry ends in bytes)
 *       bytes[bytesLength]
 *       zeros up to the next multiple of 8
 *
 * `durableTo` tells damage from an unfinished write: a broken block that lies before a later block's `durableTo` had
 * been acknowledged. A block of log 0 without entries is a mark: it is there for its `durableTo` alone, to vouch for the
 * last commit when no other follows (see SegmentWriter).
 */

export const blockHeaderLength = 56
const magic = 0x3142524d

/** The log number of marks: no log has it. */
export const markLogNumber = 0
const nothing: Batch = { bytes: new Uint8Array(0), positions: new Uint32Array(1) }
export const markLength = blockHeaderLength

export type Placement = {
  readonly logNumber: number
  readonly firstOffset: number
  readonly timestampMs: number
  readonly segment: number
  readonly position: number
  readonly durableTo: number
}

export const blockLength = (batch: Batch) =>
  roundedUp(blockHeaderLength + 4 * entryCount(batch) + batch.bytes.byteLength)

const roundedUp = (length: number) => Math.ceil(length / 8) * 8

/** Larger batches go to the disk from where they are; smaller ones are copied, so that one write has few parts. */
const copiedBytesMax = 4096

const isCopied = ({ bytes }: Batch) => bytes.byteLength <= copiedBytesMax

/** The blocks of one write, in memory that is used again for the next. */
export class Blocks {
  #memory = new Uint8Array(0)
  #view = new DataView(this.#memory.buffer)
  #at = 0
  /** From here on what is in memory is not a part yet. */
  #partFrom = 0
  #parts: Uint8Array[] = []
  count = 0

  /** Makes room for a write of these batches, or of some of them. */
  begin(appends: readonly { readonly batch: Batch | undefined }[]): void {
    let size = 0
    for (const { batch } of appends) {
      if (!batch) continue
      size += blockHeaderLength + 4 * entryCount(batch) + padding + (isCopied(batch) ? batch.bytes.byteLength : 0)
    }
    if (size > this.#memory.length || this.#memory.length > keptBytesMax) {
      this.#memory = new Uint8Array(size)
      this.#view = new DataView(this.#memory.buffer)
    }
    this.#at = 0
    this.#partFrom = 0
    this.#parts = []
    this.count = 0
  }

  push(batch: Batch, placement: Placement): void {
    const view = this.#view
    const at = this.#at
    const { bytes, positions } = batch
    const count = entryCount(batch)
    const length = blockLength(batch)
    const bytesAt = at + blockHeaderLength + 4 * count
    view.setUint32(at, magic, true)
    view.setUint32(at + 8, length, true)
    view.setUint32(at + 12, placement.logNumber, true)
    view.setFloat64(at + 16, placement.firstOffset, true)
    view.setFloat64(at + 24, placement.timestampMs, true)
    view.setUint32(at + 32, count, true)
    view.setUint32(at + 36, bytes.byteLength, true)
    view.setUint32(at + 40, placement.segment, true)
    view.setUint32(at + 44, placement.position, true)
    view.setUint32(at + 48, placement.durableTo, true)
    view.setUint32(at + 52, 0, true)
    for (let i = 1; i <= count; i++) view.setUint32(at + blockHeaderLength + 4 * (i - 1), positions[i]!, true)
    const padded = length - (bytesAt - at) - bytes.byteLength
    if (isCopied(batch)) {
      const end = bytesAt + bytes.byteLength
      this.#memory.set(bytes, bytesAt)
      view.setUint32(at + 4, crc32(this.#memory.subarray(at + 8, end)), true)
      this.#pad(end, padded)
    } else {
      view.setUint32(at + 4, crc32(bytes, crc32(this.#memory.subarray(at + 8, bytesAt))), true)
      this.#parts.push(this.#memory.subarray(this.#partFrom, bytesAt), bytes)
      this.#partFrom = bytesAt
      this.#pad(bytesAt, padded)
    }
    this.count++
  }

  /** What is to be written; good until the next `begin`. */
  taken(): Uint8Array[] {
    if (this.#at > this.#partFrom) this.#parts.push(this.#memory.subarray(this.#partFrom, this.#at))
    return this.#parts
  }

  #pad(at: number, length: number): void {
    for (let i = at; i < at + length; i++) this.#memory[i] = 0
    this.#at = at + length
  }
}

/** More than any block's. */
const padding = 8

/** Memory beyond this is given back after the write that needed it. */
const keptBytesMax = 4 * 1024 * 1024

/** A mark, as it is written: vouches for the segment up to `durableTo`. */
export function markBlock(segment: number, position: number, durableTo: number): Uint8Array[] {
  const blocks = new Blocks()
  blocks.begin([{ batch: nothing }])
  blocks.push(nothing, { logNumber: markLogNumber, firstOffset: 0, timestampMs: 0, segment, position, durableTo })
  return blocks.taken()
}

/** Changes where a block, which `checkedHead` has found good, says that it lies: for one that moves to another segment. */
export function placeBlock(
  block: Uint8Array,
  { segment, position, durableTo }: Pick<Placement, 'segment' | 'position' | 'durableTo'>,
): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  view.setUint32(40, segment, true)
  view.setUint32(44, position, true)
  view.setUint32(48, durableTo, true)
  const checkedLength = blockHeaderLength + 4 * view.getUint32(32, true) + view.getUint32(36, true)
  view.setUint32(4, crc32(block.subarray(8, checkedLength)), true)
}

/** What a block says of itself. */
export type BlockHead = {
  readonly length: number
  readonly logNumber: number
  readonly firstOffset: number
  readonly endOffset: number
  readonly timestampMs: number
  readonly durableTo: number
}

/**
 * The head of the block at `at` in `bytes`, if it is whole and true: it lies at `position` in that segment, and its
 * CRC holds. Undefined if not.
 */
export function checkedHead(bytes: Uint8Array, at: number, segment: number, position: number): BlockHead | undefined {
  const available = bytes.byteLength - at
  if (available < blockHeaderLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available)
  if (view.getUint32(0, true) !== magic) return undefined
  const length = view.getUint32(8, true)
  const count = view.getUint32(32, true)
  const checkedLength = blockHeaderLength + 4 * count + view.getUint32(36, true)
  if (length > available || roundedUp(checkedLength) !== length) return undefined
  if (view.getUint32(40, true) !== segment || view.getUint32(44, true) !== position) return undefined
  if (crc32(bytes.subarray(at + 8, at + checkedLength)) !== view.getUint32(4, true)) return undefined
  for (let i = checkedLength; i < length; i++) if (bytes[at + i] !== 0) return undefined
  const firstOffset = view.getFloat64(16, true)
  return {
    length,
    logNumber: view.getUint32(12, true),
    firstOffset,
    endOffset: firstOffset + count,
    timestampMs: view.getFloat64(24, true),
    durableTo: view.getUint32(48, true),
  }
}

/** The length that the block at `at` claims, unchecked; 0 if there is no block's head. */
export function claimedLength(bytes: Uint8Array, at: number): number {
  if (bytes.byteLength - at < blockHeaderLength) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  return view.getUint32(0, true) === magic ? view.getUint32(8, true) : 0
}

/**
 * Whether a broken block seems to be there in full: two of the three marks of a head that belongs here, a length that
 * fits, and no eight bytes of zeros where a disk may have left out a sector. Then it was damaged rather than cut short.
 */
export function looksWhole(bytes: Uint8Array, at: number, segment: number): boolean {
  const available = bytes.byteLength - at
  if (available < blockHeaderLength) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available)
  const isMagic = view.getUint32(0, true) === magic
  const isSegment = view.getUint32(40, true) === segment
  const isPosition = view.getUint32(44, true) === at
  if (Number(isMagic) + Number(isSegment) + Number(isPosition) < 2) return false
  const byCounts = roundedUp(blockHeaderLength + 4 * view.getUint32(32, true) + view.getUint32(36, true))
  const length = [view.getUint32(8, true), byCounts].find((claimed) => claimed % 8 === 0 && claimed <= available)
  if (length === undefined) return false
  for (let i = 0; i < length; i += 8)
    if (view.getUint32(i, true) === 0 && view.getUint32(i + 4, true) === 0) return false
  return true
}

/** The entries of a block that `checkedHead` has found good: views of `bytes`. */
export function entriesOf(bytes: Uint8Array, at: number, head: BlockHead): EntryBlock {
  const count = head.endOffset - head.firstOffset
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const positions = new Uint32Array(count + 1)
  for (let i = 1; i <= count; i++) positions[i] = view.getUint32(blockHeaderLength + 4 * (i - 1), true)
  const start = at + blockHeaderLength + 4 * count
  const { firstOffset, timestampMs } = head
  return { bytes: bytes.subarray(start, start + positions[count]!), positions, firstOffset, timestampMs }
}
