import { strict as assert } from 'node:assert'
import { type BlockRun, blockLength, checkedHead, claimedLength, movedBlock } from './block-format.ts'
import { type File, ignoreMissing } from './file-system.ts'
import type { HeldLog } from './held-log.ts'
import type { OpenFile } from './open-files.ts'
import { RowTable } from './row-table.ts'
import { decodeHeader, encodeHeader, segmentHeaderLength } from './segment-file.ts'
import type { EncodedIndex } from './segment-index.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

/*
 * Compaction writes what still counts of neighbouring segments, block by block, into one new segment, in the same order,
 * beside the old ones, and then renames it over the last of them. The others go when that name is durable:
 *
 *   before                5 ← 6 ← 7 ← 8            8 says that 7 comes before it, 7 says 6, 6 says 5
 *   written beside        0000000007.segment.new   of 6 and 7: says that 5 comes before it
 *   renamed, synced       5 ← 7 ← 8                6 is beside the chain now: recovery would delete it, too
 *   6 deleted
 *
 * Whichever way a crash falls in between, the chain from the newest segment on comes past each block exactly once.
 * Readers that have an old file open go on reading from it.
 */

/** Blocks are copied in pieces of about this length: one read, one write. */
const pieceBytesMax = 1024 * 1024

/** Blocks that begin at most so far apart are read together. */
const gapBytesMax = 64 * 1024

/** What was copied is made durable so often, so that the disk never has much to do at once. */
const syncBytes = 4 * 1024 * 1024

/** Holds background work back, so that it does not get in the way of writes. */
export type Pace = {
  /** Resolves when it may go on after so many bytes. */
  wait(bytes: number): Promise<void>
  /** Aborted when the work is to stop at the next step. */
  readonly signal?: AbortSignal
}

export type Compacted = 'done' | 'stopped' | 'damaged' | 'not durable'

/**
 * Makes one segment of neighbouring finished ones, without the runs that no log needs. `logs` are all logs by number.
 * Nothing changes if it is stopped, or meets what cannot be read: that segment is kept as it is from then on. After
 * 'not durable' the new one is read from, and the old files stay for the next start to sort out.
 * @throws what the disk says of writing
 */
export async function compact(
  store: SegmentStore,
  run: readonly Segment[],
  logs: ReadonlyMap<number, HeldLog>,
  pace: Pace,
): Promise<Compacted> {
  // Held open to the end: who looked up a place in an old one reads from it, also when its name is the new one's.
  const files = run.map((segment) => store.open(segment))
  try {
    const live: Live[] = []
    let length = segmentHeaderLength
    for (const segment of run) {
      const found = await liveBlocks(store, segment, logs)
      live.push(found)
      length += found.length
    }
    const first = await headerOf(store, run[0]!, files[0]!)
    if (!first) return 'damaged'
    const { number } = run.at(-1)!
    const beside = `${store.pathOf(number)}.new`
    await store.fileSystem.remove(beside).catch(ignoreMissing)
    const file = await store.fileSystem.open(beside, 'create')
    const copy = new Copy(store, file, number, length, pace)
    let outcome: Compacted = 'done'
    try {
      await file.append([encodeHeader(number, { ...first, compactedLength: length, salt: undefined })])
      for (let i = 0; i < run.length && outcome === 'done'; i++) outcome = await copy.take(run[i]!, files[i]!, live[i]!)
      if (outcome === 'done') await file.dataSync()
    } catch (error) {
      outcome = 'stopped'
      throw error
    } finally {
      await file.close().catch(() => {})
      if (outcome !== 'done') await store.fileSystem.remove(beside).catch(() => {})
    }
    if (outcome !== 'done') return outcome
    copy.rows.show()
    assert(copy.position === length, 'what was copied is as long as its header says')
    const made: Segment = { number, previous: run[0]!.previous, rows: copy.rows }
    const index = await store.describe(made, length)
    await store.fileSystem.rename(beside, store.pathOf(number))
    return await takePlace(store, run, made, index, logs)
  } finally {
    for (const file of files) store.release(file)
  }
}

/** The segment that is being written. */
class Copy {
  readonly rows = new RowTable()
  position = segmentHeaderLength
  readonly #store: SegmentStore
  readonly #file: File
  readonly #number: number
  readonly #length: number
  readonly #pace: Pace
  #unsyncedBytes = 0

  constructor(store: SegmentStore, file: File, number: number, length: number, pace: Pace) {
    this.#store = store
    this.#file = file
    this.#number = number
    this.#length = length
    this.#pace = pace
  }

  /** Copies what is live of a segment. */
  async take(segment: Segment, source: OpenFile, live: Live): Promise<Compacted> {
    const { positions } = live
    for (let next = 0; next < positions.length; ) {
      if (this.#pace.signal?.aborted) return 'stopped'
      const piece = await readPiece(this.#store, segment, source, positions, next)
      if (!piece) return 'damaged'
      const { count, bytes } = this.#pack(segment, piece, live, next)
      if (count === 0) {
        segment.isKept = true
        this.#store.tellDamage(segment.number, { from: positions[next]!, to: positions[next]! + piece.byteLength })
        return 'damaged'
      }
      next += count
      await this.#append(piece.subarray(0, bytes))
      await this.#pace.wait(piece.byteLength + bytes)
    }
    return 'done'
  }

  /** Moves what is live of a piece's whole blocks to its beginning, marked with its new place. Tells how many there were. */
  #pack(segment: Segment, piece: Uint8Array, { positions, isLive }: Live, next: number) {
    const begin = positions[next]!
    let packed = 0
    let count = 0
    for (; next + count < positions.length; count++) {
      const position = positions[next + count]!
      const at = position - begin
      const head = at < piece.byteLength ? checkedHead(piece, at, segment.number, position) : undefined
      if (!head) break // the piece ends here, or the block is broken: then the next piece begins with it
      const runs = head.runs.filter(isLive)
      const placement = { segment: this.#number, position: this.position + packed, durableTo: this.#length }
      const moved = movedBlock(piece, at, head, runs, placement)
      piece.set(moved, packed)
      this.rows.pushHead({ ...head, runs, length: moved.length }, placement.position)
      packed += moved.length
    }
    return { count, bytes: packed }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#file.append([bytes])
    this.position += bytes.byteLength
    this.#unsyncedBytes += bytes.byteLength
    if (this.#unsyncedBytes < syncBytes) return
    await this.#file.dataSync()
    this.#unsyncedBytes = 0
  }
}

/** What some log still needs of a segment. */
type Live = {
  /** Where the blocks begin that hold it, in order. */
  readonly positions: Float64Array
  readonly isLive: (run: BlockRun) => boolean
  /** How long those blocks are without what is not live. */
  readonly length: number
}

function liveBlocks(store: SegmentStore, asked: Segment, logs: ReadonlyMap<number, HeldLog>): Promise<Live> {
  return store.withSegment(asked, async (segment) => {
    const directory = segment.directory!
    const starts = new Map<number, number>() // as they are now: what expires meanwhile is copied all the same
    const bytesAt = new Map<number, number>()
    for (let i = 0; i < directory.count; i++) {
      const log = logs.get(directory.logNumber(i))
      if (!log || directory.endOffset(i) <= log.start) continue
      const { number, start } = log
      starts.set(number, start)
      const table = store.rowsOf(segment, number)!
      for (let row = await table.rowEndingAfter(start); row < table.count; ) {
        const { rows, first } = await table.runAt(row)
        for (; row < first + rows.count; row++) {
          const position = rows.position(row - first)
          bytesAt.set(position, (bytesAt.get(position) ?? 0) + rows.bytes(row - first))
        }
      }
    }
    let length = 0
    for (const bytes of bytesAt.values()) length += blockLength(bytes)
    const isLive = ({ logNumber, endOffset }: BlockRun) => endOffset > (starts.get(logNumber) ?? endOffset)
    return { positions: Float64Array.from(bytesAt.keys()).sort(), isLive, length }
  })
}

/** What a segment's file begins with; undefined if it is damaged: then the segment is kept as it is. */
async function headerOf(store: SegmentStore, segment: Segment, source: OpenFile) {
  const bytes = new Uint8Array(segmentHeaderLength)
  const length = await store.readAt(segment, source, bytes, 0)
  const header = decodeHeader(bytes.subarray(0, length), segment.number)
  if (!header) segment.isKept = true
  return header
}

/** The bytes from a block on, with those of its neighbours that are asked for; the whole block at least. */
async function readPiece(
  store: SegmentStore,
  segment: Segment,
  source: OpenFile,
  positions: Float64Array,
  next: number,
): Promise<Uint8Array | undefined> {
  const begin = positions[next]!
  let last = next
  while (
    last + 1 < positions.length &&
    positions[last + 1]! - positions[last]! <= gapBytesMax &&
    positions[last + 1]! - begin < pieceBytesMax
  )
    last++
  const end = Math.min(positions[last]! + gapBytesMax, segment.directory!.validLength)
  try {
    const piece = await readAt(store, segment, source, begin, end - begin)
    const firstLength = Math.min(claimedLength(piece, 0), segment.directory!.validLength - begin)
    return firstLength <= piece.byteLength ? piece : await readAt(store, segment, source, begin, firstLength)
  } catch {
    segment.isKept = true // who reads it is told why
    return undefined
  }
}

async function readAt(store: SegmentStore, segment: Segment, source: OpenFile, position: number, length: number) {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, await store.readAt(segment, source, bytes, position))
}

/** The new segment has the name of the last one: from here on it is the one that is read. */
async function takePlace(
  store: SegmentStore,
  run: readonly Segment[],
  made: Segment,
  index: EncodedIndex,
  logs: ReadonlyMap<number, HeldLog>,
): Promise<Compacted> {
  const old = new Set(run)
  const held = new Set(made.rows!.logNumbers())
  const concerned = new Set(run.flatMap(({ directory }) => directory!.logNumbers()))
  store.replace(run, made)
  for (const number of concerned) {
    const log = logs.get(number)
    if (log) log.segments = replaced(log.segments, old, held.has(number) ? [made] : [])
  }
  try {
    await store.syncDirectory()
  } catch (error) {
    made.isUnsure = true
    store.tellUnsure(error as Error)
    return 'not durable' // it has no index, and the others stay: after a power loss either may be what is there
  }
  await store.writeIndex(made, index)
  await store.removeLeftover(...run.slice(0, -1).map(({ number }) => number))
  return 'done'
}

/** A log's segments with others in the place of those that are old. */
function replaced(segments: readonly Segment[], old: ReadonlySet<Segment>, made: readonly Segment[]): Segment[] {
  const at = segments.findIndex((segment) => old.has(segment))
  if (at < 0) return [...segments]
  return [...segments.slice(0, at), ...made, ...segments.slice(at).filter((segment) => !old.has(segment))]
}
