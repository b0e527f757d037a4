import { crc32 } from 'node:zlib'
import { type EntryBlock, entryCount } from '../log.ts'
import { fillWord } from './fill.ts'
import { firstEntry, type PutRuns } from './put-runs.ts'
import { type Seal, type SealedRuns, sealAt, sealLength } from './seal.ts'

/*
 * A block holds runs: entries of one log each, put together and counting together. Small puts of one commit share a block,
 * also such as concern the same log. Blocks follow each other in a segment, each on a multiple of 8. Little-endian:
 *
 *   0   magic:u32 = "MRB2", or "MRS2" when its runs are sealed     crc32:u32 (over everything from 8 to the end of the block)
 *   8   length:u32 (of the block, padding and all)     runCount:u32
 *   16  timestampMs:f64
 *   24  segment:u32            position:u32 (where the block begins: one that strayed is noticed)
 *   32  durableTo:u32 (how much of the segment had been acknowledged when this block was written)     entryCount:u32
 *   40  runs[runCount]:        log:u32 (the log's number)   entryCount:u32   endOffset:f64 (after its last entry)
 *       seals[runCount]        (only in MRS2: see seal.ts; 36 bytes each)
 *       ends[entryCount]:u32   (where each entry ends in bytes; those of the first run, of the next, …)
 *       bytes
 *       zeros up to the next multiple of 8
 *
 * All runs of a block are sealed, or none. The bytes of sealed ones are encrypted; all else is as in a block that is not
 * sealed, so that whoever has no key still finds, checks and moves them.
 *
 * `durableTo` tells damage from an unfinished write: a broken block that lies before a later block's `durableTo` had
 * been acknowledged. A block without runs is a mark: it is there for its `durableTo` alone, to vouch for the last commit
 * when no other follows (see SegmentWriter).
 */

const magic = 0x3242524d
const sealedMagic = 0x3253524d
const headerLength = 40
const runLength = 16
export const markLength = headerLength

/**
 * Runs that are put together go into one block up to so many bytes: one checksum for all. Who reads one of them reads the
 * others along, so it is no more than a disk reads at the least.
 */
export const blockBytesMax = 4096

/** What a run takes in its block. */
export const runBytes = (count: number, bytesLength: number, isSealed = false) =>
  (isSealed ? runLength + sealLength : runLength) + 4 * count + bytesLength

/** The length of a block whose runs take so much together. */
export const blockLength = (bytes: number) => roundedUp(headerLength + bytes)

const roundedUp = (length: number) => Math.ceil(length / 8) * 8

export type Placement = { readonly segment: number; readonly position: number; readonly durableTo: number }

/** Larger ones go to the disk from where they are; smaller ones are copied, so that one write has few parts. */
const copiedBytesMax = 4096

/** Memory for blocks, or for what is before their bytes, comes in pieces. So many are used again for the next write. */
const pieceLength = 256 * 1024
const piecesKept = 16

/** The blocks of one write. */
export class Blocks {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = []
  #nextPiece = 0
  #memory = new Uint8Array(0)
  #view = new DataView(this.#memory.buffer)
  #at = 0
  /** From here on what is in memory is not a part yet. */
  #partFrom = 0
  #parts: Uint8Array[] = []

  /** Begins a write: the parts of the last one are on the disk. */
  begin(): void {
    this.#nextPiece = 0
    this.#use(this.#takePiece())
    this.#parts = []
  }

  /** Adds a block of neighbouring runs, which may be `sealed`. Returns its length. */
  push(
    put: PutRuns,
    firstRun: number,
    endRun: number,
    timestampMs: number,
    placement: Placement,
    sealed?: SealedRuns,
  ): number {
    const { batch, logs, ends, firstOffsets } = put
    const first = firstEntry(ends, firstRun)
    const end = firstEntry(ends, endRun)
    const start = batch.positions[first]!
    const bytes = sealed?.bytes ?? batch.bytes.subarray(start, batch.positions[end]!)
    const count = end - first
    const sealsLength = sealed?.seals.byteLength ?? 0
    const length = blockLength((endRun - firstRun) * runLength + sealsLength + 4 * count + bytes.byteLength)
    const isCopied = bytes.byteLength <= copiedBytesMax
    this.#reserve(isCopied ? length : length - bytes.byteLength)
    const at = this.#at
    const view = this.#view
    writeHeader(view, at, length, endRun - firstRun, count, timestampMs, placement, sealed !== undefined)
    let to = at + headerLength
    for (let run = firstRun; run < endRun; run++, to += runLength) {
      const runCount = ends[run]! - firstEntry(ends, run)
      view.setUint32(to, logs[run]!.number, true)
      view.setUint32(to + 4, runCount, true)
      view.setFloat64(to + 8, firstOffsets[run]! + runCount, true)
    }
    if (sealed) this.#memory.set(sealed.seals, to)
    to += sealsLength
    for (let i = first + 1; i <= end; i++, to += 4) view.setUint32(to, batch.positions[i]! - start, true)
    const padding = length - (to - at) - bytes.byteLength
    if (isCopied) {
      this.#memory.set(bytes, to)
      this.#memory.fill(0, to + bytes.byteLength, at + length)
      view.setUint32(at + 4, crc32(this.#memory.subarray(at + 8, at + length)), true)
      this.#at = at + length
    } else {
      const zeros = this.#memory.subarray(to, to + padding).fill(0)
      view.setUint32(at + 4, crc32(zeros, crc32(bytes, crc32(this.#memory.subarray(at + 8, to)))), true)
      this.#parts.push(this.#memory.subarray(this.#partFrom, to), bytes)
      this.#partFrom = to
      this.#at = to + padding
    }
    return length
  }

  /** What is to be written; good until the next `begin`. */
  taken(): Uint8Array[] {
    this.#endPart()
    return this.#parts
  }

  #endPart(): void {
    if (this.#at > this.#partFrom) this.#parts.push(this.#memory.subarray(this.#partFrom, this.#at))
    this.#partFrom = this.#at
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#memory.length) return
    this.#endPart()
    this.#use(length > pieceLength ? new Uint8Array(length) : this.#takePiece())
  }

  #takePiece(): Uint8Array<ArrayBuffer> {
    const piece = this.#pieces[this.#nextPiece] ?? new Uint8Array(pieceLength)
    if (this.#nextPiece < piecesKept) this.#pieces[this.#nextPiece++] = piece
    return piece
  }

  #use(memory: Uint8Array<ArrayBuffer>): void {
    this.#memory = memory
    this.#view = new DataView(memory.buffer)
    this.#at = 0
    this.#partFrom = 0
  }
}

function writeHeader(
  view: DataView,
  at: number,
  length: number,
  runCount: number,
  count: number,
  timestampMs: number,
  { segment, position, durableTo }: Placement,
  isSealed: boolean,
): void {
  view.setUint32(at, isSealed ? sealedMagic : magic, true)
  view.setUint32(at + 8, length, true)
  view.setUint32(at + 12, runCount, true)
  view.setFloat64(at + 16, timestampMs, true)
  view.setUint32(at + 24, segment, true)
  view.setUint32(at + 28, position, true)
  view.setUint32(at + 32, durableTo, true)
  view.setUint32(at + 36, count, true)
}

/** A mark, as it is written: vouches for the segment up to `durableTo`. */
export function markBlock(placement: Placement): Uint8Array {
  const bytes = new Uint8Array(markLength)
  const view = new DataView(bytes.buffer)
  writeHeader(view, 0, markLength, 0, 0, 0, placement, false)
  view.setUint32(4, crc32(bytes.subarray(8)), true)
  return bytes
}

/** What a block says of itself. */
export type BlockHead = {
  readonly length: number
  readonly timestampMs: number
  readonly durableTo: number
  readonly runs: readonly BlockRun[]
  readonly isSealed: boolean
}

/** Its entries are those of the block from `first` up to `end`, by number. */
export type BlockRun = {
  readonly logNumber: number
  readonly firstOffset: number
  readonly endOffset: number
  readonly first: number
  readonly end: number
  /** What it takes in the block. */
  readonly bytes: number
  /** Which one of the block's it is. */
  readonly index: number
}

/**
 * The head of the block at `at` in `bytes`, if it is whole and true: it lies at `position` in that segment, and its
 * CRC holds. Undefined if not.
 */
export function checkedHead(bytes: Uint8Array, at: number, segment: number, position: number): BlockHead | undefined {
  const available = bytes.byteLength - at
  if (available < headerLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available)
  const isSealed = view.getUint32(0, true) === sealedMagic
  if (!isSealed && view.getUint32(0, true) !== magic) return undefined
  const length = view.getUint32(8, true)
  if (length > available || length !== lengthByCounts(view, available, isSealed)) return undefined
  if (view.getUint32(24, true) !== segment || view.getUint32(28, true) !== position) return undefined
  if (crc32(bytes.subarray(at + 8, at + length)) !== view.getUint32(4, true)) return undefined
  const timestampMs = view.getFloat64(16, true)
  return { length, timestampMs, durableTo: view.getUint32(32, true), runs: runsOf(view, isSealed), isSealed }
}

/** The length that a block must have by its counts and its last end; undefined if that is beyond what there is. */
function lengthByCounts(view: DataView, available: number, isSealed: boolean): number | undefined {
  const runCount = view.getUint32(12, true)
  if (isSealed && runCount === 0) return undefined
  const count = view.getUint32(36, true)
  const bytesAt = endsAtOf(runCount, isSealed) + 4 * count
  if (bytesAt > available) return undefined
  return roundedUp(bytesAt + (count === 0 ? 0 : view.getUint32(bytesAt - 4, true)))
}

/** Where in a block the ends begin. */
const endsAtOf = (runCount: number, isSealed: boolean) => headerLength + runCount * runBytes(0, 0, isSealed)

function runsOf(view: DataView, isSealed: boolean): BlockRun[] {
  const runCount = view.getUint32(12, true)
  const endsAt = endsAtOf(runCount, isSealed)
  const endOf = (entry: number) => (entry === 0 ? 0 : view.getUint32(endsAt + 4 * (entry - 1), true))
  const runs: BlockRun[] = []
  let first = 0
  for (let index = 0; index < runCount; index++) {
    const at = headerLength + index * runLength
    const count = view.getUint32(at + 4, true)
    const end = first + count
    const endOffset = view.getFloat64(at + 8, true)
    const bytes = runBytes(count, endOf(end) - endOf(first), isSealed)
    const logNumber = view.getUint32(at, true)
    runs.push({ logNumber, firstOffset: endOffset - count, endOffset, first, end, bytes, index })
    first = end
  }
  return runs
}

/** The seal of a run in a block that `checkedHead` has found good; undefined if it is not sealed. */
export function sealOf(bytes: Uint8Array, at: number, { runs, isSealed }: BlockHead, run: BlockRun): Seal | undefined {
  return isSealed ? sealAt(bytes, at + headerLength + runs.length * runLength + run.index * sealLength) : undefined
}

/** The entries of a run in a block that `checkedHead` has found good: views of `bytes`, sealed if the block is. */
export function entriesOf(bytes: Uint8Array, at: number, head: BlockHead, run: BlockRun): EntryBlock {
  const { runs, timestampMs, isSealed } = head
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const endsAt = endsAtOf(runs.length, isSealed)
  const bytesAt = endsAt + 4 * runs.at(-1)!.end
  const start = run.first === 0 ? 0 : view.getUint32(endsAt + 4 * (run.first - 1), true)
  const positions = new Uint32Array(run.end - run.first + 1)
  for (let i = 1; i < positions.length; i++)
    positions[i] = view.getUint32(endsAt + 4 * (run.first + i - 1), true) - start
  const from = at + bytesAt + start
  return { bytes: bytes.subarray(from, from + positions.at(-1)!), positions, firstOffset: run.firstOffset, timestampMs }
}

/**
 * A block that `checkedHead` has found good with only some of its runs, for another place: that is where compaction
 * takes what still counts.
 */
export function movedBlock(
  bytes: Uint8Array,
  at: number,
  head: BlockHead,
  runs: readonly BlockRun[],
  placement: Placement,
): Uint8Array {
  const entries = runs.map((run) => entriesOf(bytes, at, head, run))
  const moved = new Uint8Array(blockLength(runs.reduce((sum, run) => sum + run.bytes, 0)))
  const view = new DataView(moved.buffer)
  const count = entries.reduce((sum, batch) => sum + entryCount(batch), 0)
  writeHeader(view, 0, moved.length, runs.length, count, head.timestampMs, placement, head.isSealed)
  let runAt = headerLength
  let sealTo = headerLength + runLength * runs.length
  let endAt = endsAtOf(runs.length, head.isSealed)
  const bytesAt = endAt + 4 * count
  let end = 0
  for (const [i, run] of runs.entries()) {
    const { logNumber, endOffset } = run
    const seal = sealOf(bytes, at, head, run)
    if (seal) moved.set(seal.bytes, sealTo)
    sealTo += sealLength
    const { bytes: runBytes, positions } = entries[i]!
    view.setUint32(runAt, logNumber, true)
    view.setUint32(runAt + 4, positions.length - 1, true)
    view.setFloat64(runAt + 8, endOffset, true)
    for (let entry = 1; entry < positions.length; entry++, endAt += 4)
      view.setUint32(endAt, end + positions[entry]!, true)
    moved.set(runBytes, bytesAt + end)
    runAt += runLength
    end += runBytes.byteLength
  }
  view.setUint32(4, crc32(moved.subarray(8)), true)
  return moved
}

const isMagic = (view: DataView) => view.getUint32(0, true) === magic || view.getUint32(0, true) === sealedMagic

/** The length that the block at `at` claims, unchecked; 0 if there is no block's head. */
export function claimedLength(bytes: Uint8Array, at: number): number {
  if (bytes.byteLength - at < headerLength) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  return isMagic(view) ? view.getUint32(8, true) : 0
}

/**
 * Whether a broken block seems to be there in full: two of the three marks of a head that belongs here, a length that
 * fits, and no eight bytes of zeros or fill where a disk may have left out a sector. Then it was damaged rather than cut short.
 */
export function looksWhole(bytes: Uint8Array, at: number, segment: number): boolean {
  const available = bytes.byteLength - at
  if (available < headerLength) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available)
  const isSegment = view.getUint32(24, true) === segment
  const isPosition = view.getUint32(28, true) === at
  if (Number(isMagic(view)) + Number(isSegment) + Number(isPosition) < 2) return false
  const byCounts = [false, true].map((isSealed) => lengthByCounts(view, available, isSealed))
  const claimed = [view.getUint32(8, true), ...byCounts]
  const length = claimed.find((one) => one !== undefined && one >= headerLength && one % 8 === 0 && one <= available)
  if (length === undefined) return false
  for (let i = 0; i < length; i += 8) {
    const word = view.getUint32(i, true)
    if ((word === 0 || word === fillWord) && view.getUint32(i + 4, true) === word) return false
  }
  return true
}
