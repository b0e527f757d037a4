import type { EntryBlock, ReadLimits } from '../log.ts'
import { type BlockHead, checkedHead } from './block-format.ts'
import type { BlockRows } from './block-rows.ts'
import type { OpenFile } from './open-files.ts'
import type { SealedLog } from './seal.ts'
import type { FoundRun, SealedReading } from './sealed-reading.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

/** One read from the disk takes neighbouring blocks up to this length together. */
const windowBytesMax = 1024 * 1024

/** Other logs' blocks between them up to this length are read along rather than by a read of their own. */
const gapBytesMax = 64 * 1024

/** Blocks that lie apart are read at the same time, so many. */
const windowsMax = 16

/** A part of a segment that is read at once, and the rows of the blocks in it that are asked for. */
type Window = { readonly from: number; readonly to: number; readonly firstRow: number; readonly afterLastRow: number }

/**
 * Blocks of a log in a segment from an offset on, enough for the limits if it has them. Broken ones are told and left
 * out. @throws StorageFailed, what DataKeys do
 */
export function readSegment(
  store: SegmentStore,
  reading: SealedReading,
  segment: Segment,
  log: SealedLog,
  from: number,
  limits: ReadLimits,
): Promise<EntryBlock[]> {
  return store.withFile(segment, async (current, file) => {
    const found: EntryBlock[] = []
    const table = store.rowsOf(current, log.number)
    if (!table) return found
    let bytesLeft = limits.bytesMax
    let entriesLeft = limits.entriesMax
    let row = await table.rowEndingAfter(from)
    while (row < table.count && (found.length === 0 || bytesLeft > 0) && entriesLeft > 0) {
      const { rows, first } = await table.runAt(row)
      const windows = planWindows(rows, row - first, from, { bytesMax: bytesLeft, entriesMax: entriesLeft })
      const read = await Promise.all(
        windows.map((window) => readWindow(store, reading, current, file, log, rows, window)),
      )
      for (const block of read.flat()) {
        found.push(block)
        const skipped = Math.max(0, from - block.firstOffset)
        bytesLeft -= block.positions.at(-1)! - block.positions[skipped]!
        entriesLeft -= block.positions.length - 1 - skipped
      }
      row = first + windows.at(-1)!.afterLastRow
    }
    return found
  })
}

/** What to read for the rows from one on: until the limits are met or the rows end, at least one. */
function planWindows(rows: BlockRows, firstRow: number, from: number, limits: ReadLimits): Window[] {
  const windows: Window[] = []
  let bytesLeft = limits.bytesMax
  let row = firstRow
  const isEnough = () => bytesLeft <= 0 || rows.firstOffset(row) - from >= limits.entriesMax
  while (row < rows.count && windows.length < windowsMax && (windows.length === 0 || !isEnough())) {
    const begin = row
    const position = rows.position(row)
    let end = position
    do {
      end = rows.position(row) + rows.length(row)
      bytesLeft -= rows.bytes(row)
      row++
    } while (
      row < rows.count &&
      !isEnough() &&
      rows.position(row) - end <= gapBytesMax &&
      rows.position(row) + rows.length(row) - position <= windowBytesMax
    )
    windows.push({ from: position, to: end, firstRow: begin, afterLastRow: row })
  }
  return windows
}

async function readWindow(
  store: SegmentStore,
  reading: SealedReading,
  segment: Segment,
  file: OpenFile,
  log: SealedLog,
  rows: BlockRows,
  { from, to, firstRow, afterLastRow }: Window,
): Promise<EntryBlock[]> {
  const whole = new Uint8Array(new ArrayBuffer(to - from))
  const bytes = whole.subarray(0, await store.readAt(segment, file, whole, from))
  const found: (FoundRun | undefined)[] = []
  let head: BlockHead | undefined
  for (let row = firstRow; row < afterLastRow; row++) {
    const position = rows.position(row)
    // A block may have several runs of one log: it is checked once.
    if (row === firstRow || position !== rows.position(row - 1))
      head = checkedHead(bytes, position - from, segment.number, position)
    const firstOffset = rows.firstOffset(row)
    const run = head?.runs.find((one) => one.logNumber === log.number && one.firstOffset === firstOffset)
    found.push(head && run && { at: position - from, head, run })
  }
  const keys = await reading.keysOf(bytes, found)
  const blocks: EntryBlock[] = []
  for (const [i, one] of found.entries()) {
    const entries = one && reading.entries(bytes, one, keys, segment, log)
    const position = rows.position(firstRow + i)
    if (entries) blocks.push(entries)
    else store.tellDamage(segment.number, { from: position, to: position + rows.length(firstRow + i) })
  }
  return blocks
}
