import { crc32 } from 'node:zlib'
import { giveBackMemory, takeMemory } from '../../core/reused-memory.ts'
import { BlockRows, type RowEnds, rowWidth } from './block-rows.ts'
import type { RowTable } from './row-table.ts'

/*
 * What a finished segment holds, in a file beside it, so that opening need not read the segment. Little-endian f64
 * throughout, so that a table is in memory as it is on the disk:
 *
 *   magic  segment  previous  validLength  damageCount  logCount  rowCount  headCrc  rowsPerPage       (72 bytes)
 *   damage[damageCount]:  from  to                                   (byte ranges that are not served)
 *   logs[logCount], by number:  log  firstRow  rowCount  firstOffset  endOffset  firstMs  lastMs  bytes
 *   pages[rowCount / rowsPerPage, rounded up]:  crc
 *   rows[rowCount]:  firstOffset  endOffset  timestampMs  position  length  bytes     (of the first log, the next, …)
 *
 * headCrc is over all before the rows, which is read at opening. Rows are read when needed, in pages of rowsPerPage,
 * each with its crc: to find a time among a million blocks takes a few pages. Beyond validLength the segment holds
 * nothing that counts. `previous` is the segment's own: a compacted segment takes the file's name before its index does,
 * and names an earlier one or is shorter, so that the index of what was there before is not taken for its own. A row is a run (see block-format.ts); its position and length are those of its block, `bytes` is
 * what the run takes in it, and in `logs` what all runs of the log do.
 */

const magic = 0x4d494c4c4934 // "MILLI4"
const headCells = 9
const logCells = 8

/** A page is 24 KiB: small beside a segment, and large enough that a search needs few. */
export const rowsPerPage = 512
const rowBytes = 8 * rowWidth

export type ByteRange = { readonly from: number; readonly to: number }

/** Which logs a segment holds, and between which offsets and times. */
export class SegmentDirectory {
  /** The segment before it. */
  readonly previous: number
  readonly validLength: number
  readonly damage: readonly ByteRange[]
  readonly #logs: Float64Array
  readonly #pageCrcs: Float64Array
  readonly #rowsPosition: number
  readonly rowCount: number

  constructor(head: Float64Array, damage: readonly ByteRange[], logs: Float64Array, pageCrcs: Float64Array) {
    this.previous = head[2]!
    this.validLength = head[3]!
    this.damage = damage
    this.#logs = logs
    this.#pageCrcs = pageCrcs
    this.rowCount = head[6]!
    this.#rowsPosition = 8 * (headCells + 2 * damage.length + logs.length + pageCrcs.length)
  }

  /** How long the index file is. */
  get fileLength(): number {
    return this.#rowsPosition + this.rowCount * rowBytes
  }

  /** Where a page of rows lies in the index file. */
  pageRange(page: number): ByteRange {
    const from = this.#rowsPosition + page * rowsPerPage * rowBytes
    return { from, to: Math.min(from + rowsPerPage * rowBytes, this.fileLength) }
  }

  /** The rows in a page's bytes, of one log after the other; undefined if they are damaged. */
  decodePage(page: number, bytes: Uint8Array): BlockRows | undefined {
    const { from, to } = this.pageRange(page)
    if (bytes.byteLength !== to - from || crc32(bytes) !== this.#pageCrcs[page]) return undefined
    return new BlockRows(cellsOf(bytes))
  }

  /** Whether all rows in the bytes of the index file are as they were written, and nothing is behind them. */
  hasGoodRows(bytes: Uint8Array): boolean {
    if (bytes.byteLength !== this.fileLength) return false
    return this.#pageCrcs.every((_, page) => {
      const { from, to } = this.pageRange(page)
      return this.decodePage(page, bytes.subarray(from, to)) !== undefined
    })
  }

  get count(): number {
    return this.#logs.length / logCells
  }

  logNumber(i: number): number {
    return this.#logs[i * logCells]!
  }

  firstRow(i: number): number {
    return this.#logs[i * logCells + 1]!
  }

  rowsOf(i: number): number {
    return this.#logs[i * logCells + 2]!
  }

  firstOffset(i: number): number {
    return this.#logs[i * logCells + 3]!
  }

  endOffset(i: number): number {
    return this.#logs[i * logCells + 4]!
  }

  firstMs(i: number): number {
    return this.#logs[i * logCells + 5]!
  }

  lastMs(i: number): number {
    return this.#logs[i * logCells + 6]!
  }

  /** What the rows of a log begin and end with. */
  endsOf(i: number): RowEnds {
    return {
      firstOffset: this.firstOffset(i),
      endOffset: this.endOffset(i),
      firstMs: this.firstMs(i),
      lastMs: this.lastMs(i),
    }
  }

  /** What a log's runs take in the segment. */
  bytesOf(i: number): number {
    return this.#logs[i * logCells + 7]!
  }

  /** All logs of which the segment holds something. */
  logNumbers(): number[] {
    return Array.from({ length: this.count }, (_, i) => this.logNumber(i))
  }

  /** Where a log is in the directory; -1 if the segment does not hold it. */
  find(logNumber: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.logNumber(middle) < logNumber) low = middle + 1
      else high = middle
    }
    return low < this.count && this.logNumber(low) === logNumber ? low : -1
  }
}

export type EncodedIndex = {
  readonly parts: readonly Uint8Array[]
  readonly directory: SegmentDirectory
  /** Nobody looks at the parts any more. */
  readonly release: () => void
}

/** Rows are made in parts of so many, of 768 KiB, in memory that is used again for the next index. */
const partBits = 14
const rowsInPart = 1 << partBits
const partBytes = rowsInPart * rowBytes

/** So many pages, or logs, are done in one step. */
const pagesInStep = 8
const logsInStep = 1024

/**
 * The index file of a segment, as parts to write, and its directory. Made step by step, each of a fraction of a
 * millisecond, between which others may have their turn: the index of a full segment is as large as a third of it.
 */
export function* encodeIndex(
  { number, previous }: { readonly number: number; readonly previous: number },
  validLength: number,
  damage: readonly ByteRange[],
  table: RowTable,
): Generator<void, EncodedIndex> {
  const numbers = table.logNumbers()
  const { counts, bytes } = table.sums(numbers)
  const rowCount = table.count
  const memory = Array.from({ length: Math.ceil(rowCount / rowsInPart) }, () => takeMemory(partBytes))
  const parts = memory.map((part, i) => part.subarray(0, (rowCount - i * rowsInPart) * rowBytes))
  const rows = parts.map((part) => new BlockRows(cellsOf(part)))
  yield* table.deal(numbers, counts, rows, partBits)
  const logs = new Float64Array(numbers.length * logCells)
  let first = 0
  for (const [i, logNumber] of numbers.entries()) {
    const last = first + counts[i]! - 1
    const [firstRows, lastRows] = [rows[first >> partBits]!, rows[last >> partBits]!]
    const [firstRow, lastRow] = [first % rowsInPart, last % rowsInPart]
    logs.set([logNumber, first, counts[i]!, firstRows.firstOffset(firstRow), lastRows.endOffset(lastRow)], i * logCells)
    logs.set([firstRows.timestampMs(firstRow), lastRows.timestampMs(lastRow), bytes[i]!], i * logCells + 5)
    first = last + 1
    if (i % logsInStep === 0) yield
  }
  const pageCrcs = new Float64Array(pagesOf(rowCount))
  const pagesInPart = rowsInPart / rowsPerPage
  for (let page = 0; page < pageCrcs.length; page++) {
    const from = (page % pagesInPart) * rowsPerPage * rowBytes
    pageCrcs[page] = crc32(parts[Math.floor(page / pagesInPart)]!.subarray(from, from + rowsPerPage * rowBytes))
    if (page % pagesInStep === 0) yield
  }
  const ranges = new Float64Array(damage.flatMap(({ from, to }) => [from, to]))
  const counted = [damage.length, numbers.length, rowCount]
  const head = new Float64Array([magic, number, previous, validLength, ...counted, 0, rowsPerPage])
  head[7] = headCrc(head, ranges, logs, pageCrcs)
  const directory = new SegmentDirectory(head, damage, logs, pageCrcs)
  const release = () => memory.forEach(giveBackMemory)
  return { parts: [...[head, ranges, logs, pageCrcs].map(bytesOf), ...parts], directory, release }
}

export const indexHeadLength = 8 * headCells

/** How long the part before the rows is, by the file's first 72 bytes; undefined if it is no index of the segment. */
export function directoryLength(head: Uint8Array, segment: number): number | undefined {
  if (head.byteLength < indexHeadLength) return undefined
  const cells = cellsOf(head.subarray(0, indexHeadLength))
  const length = 8 * (headCells + 2 * cells[4]! + logCells * cells[5]! + pagesOf(cells[6]!))
  const isOurs = cells[0] === magic && cells[1] === segment && cells[8] === rowsPerPage
  return isOurs && length >= indexHeadLength && length < 2 ** 31 ? length : undefined
}

/** The directory in the bytes before the rows; undefined if they are damaged. */
export function decodeDirectory(bytes: Uint8Array): SegmentDirectory | undefined {
  const cells = cellsOf(bytes)
  const head = cells.subarray(0, headCells)
  const rangesEnd = headCells + 2 * head[4]!
  const logsEnd = rangesEnd + logCells * head[5]!
  const ranges = cells.subarray(headCells, rangesEnd)
  const logs = cells.subarray(rangesEnd, logsEnd)
  const pageCrcs = cells.subarray(logsEnd)
  if (headCrc(head, ranges, logs, pageCrcs) !== head[7]) return undefined
  const damage: ByteRange[] = []
  for (let i = 0; i < ranges.length; i += 2) damage.push({ from: ranges[i]!, to: ranges[i + 1]! })
  return new SegmentDirectory(head, damage, logs, pageCrcs)
}

const pagesOf = (rowCount: number) => Math.ceil(rowCount / rowsPerPage)

function headCrc(head: Float64Array, ...tables: readonly Float64Array[]): number {
  const withoutOwn = Float64Array.from(head)
  withoutOwn[7] = 0
  return tables.reduce((crc, table) => crc32(bytesOf(table), crc), crc32(bytesOf(withoutOwn)))
}

const bytesOf = (cells: Float64Array) => new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength)

function cellsOf(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 3)
}
