import { noDataKey } from '../data-key.ts'
import type { EntryBlock } from '../log.ts'
import { firstEntry, type PutRuns } from './put-runs.ts'

/** `isShown`: a reader has, or had, views of its bytes. */
type RecentPut = PutRuns & { isShown: boolean }

/** A block as it was put. */
export type RecentBlock = {
  readonly position: number
  readonly put: RecentPut
  readonly firstRun: number
  readonly endRun: number
  readonly timestampMs: number
}

/** Entries as they were put, and the number of the key that seals them on the disk: who may not have it may not have them. */
export type RecentEntries = EntryBlock & { readonly dataKey: number }

/**
 * The newest blocks of a segment that is written to, up to a number of bytes: readers at the tip need no disk. While there
 * are none it keeps less, so that what is written goes again and again into memory that the processor's caches hold.
 */
export class RecentBlocks {
  readonly #bytesMax: number
  #bytes = 0
  /** What came since a reader last asked, here or in the segment before. */
  #unaskedBytes: number
  /** In order of position; those before `#first` are gone. */
  #blocks: RecentBlock[] = []
  #lengths: number[] = []
  #first = 0

  /** `before`: those of the segment before. */
  constructor(bytesMax: number, before?: RecentBlocks) {
    this.#bytesMax = bytesMax
    this.#unaskedBytes = before ? before.#unaskedBytes : Number.POSITIVE_INFINITY
  }

  /** A block that is about to be written. */
  add(block: RecentBlock, length: number): void {
    this.#blocks.push(block)
    this.#lengths.push(length + overheadBytes)
    this.#bytes += length + overheadBytes
    this.#unaskedBytes += length + overheadBytes
  }

  /** All that was added is written: what is beyond the bound goes. */
  trim(): void {
    // Who asks less often than that would not find the first of what came in between, however much is kept.
    const isRead = this.#unaskedBytes <= this.#bytesMax
    const bytesMax = isRead ? this.#bytesMax : this.#bytesMax * unreadShare
    while (this.#bytes > bytesMax) this.#dropFirst()
    if (this.#first <= this.#blocks.length - this.#first) return
    this.#blocks = this.#blocks.slice(this.#first)
    this.#lengths = this.#lengths.slice(this.#first)
    this.#first = 0
  }

  /** Nobody will ask for any more, and nothing is being written. */
  clear(): void {
    while (this.#first < this.#blocks.length) this.#dropFirst()
  }

  #dropFirst(): void {
    const { put } = this.#blocks[this.#first]!
    this.#bytes -= this.#lengths[this.#first++]!
    const isLastOfPut = this.#blocks[this.#first]?.put !== put // those of a put lie behind each other
    if (isLastOfPut && !put.isShown) put.batch.release?.()
  }

  /** A log's entries in the block at a position; undefined if it is not here. Those behind it are here if it is. */
  entries(position: number, logNumber: number, firstOffset: number): RecentEntries | undefined {
    this.#unaskedBytes = 0
    let low = this.#first
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#blocks[middle]!.position < position) low = middle + 1
      else high = middle
    }
    const block = this.#blocks[low]
    return block?.position === position ? entriesIn(block, logNumber, firstOffset) : undefined
  }
}

/** Of the bound, while nobody reads. */
const unreadShare = 1 / 8

function entriesIn(
  { put, firstRun, endRun, timestampMs }: RecentBlock,
  logNumber: number,
  firstOffset: number,
): RecentEntries | undefined {
  const { batch, logs, ends, firstOffsets, dataKeys } = put
  for (let run = firstRun; run < endRun; run++) {
    if (logs[run]!.number !== logNumber || firstOffsets[run] !== firstOffset) continue
    put.isShown = true
    const positions = batch.positions.subarray(firstEntry(ends, run), ends[run]! + 1)
    return { bytes: batch.bytes, positions, firstOffset, timestampMs, dataKey: dataKeys?.[run] ?? noDataKey }
  }
  return undefined
}

/** What a block costs in memory beside its bytes, when it is all of its put: eight objects. Measured: 910. */
const overheadBytes = 900
