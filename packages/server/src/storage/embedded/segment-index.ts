import { crc32 } from 'node:zlib'
import { BlockRows, rowWidth } from './block-rows.ts'

/*
 * What a finished segment holds, in a file beside it, so that opening need not read the segment. Little-endian f64
 * throughout, so that a table is in memory as it is on the disk:
 *
 *   magic  segment  validLength  damageCount  logCount  rowCount  headCrc  rowsCrc       (64 bytes)
 *   damage[damageCount]:  from  to                                   (byte ranges that are not served)
 *   logs[logCount], by number:  log  firstRow  rowCount  firstOffset  endOffset  firstMs  lastMs  0
 *   rows[rowCount]:  firstOffset  endOffset  timestampMs  position  length        (of the first log, the next, …)
 *
 * headCrc is over damage and logs, which are read at opening; rowsCrc over rows, which are read when needed. Beyond
 * validLength the segment holds nothing that counts.
 */

const magic = 0x4d494c4c4958 // "MILLIX"
const headCells = 8
const logCells = 8

export type ByteRange = { readonly from: number; readonly to: number }

/** Which logs a segment holds, and between which offsets and times. */
export class SegmentDirectory {
  readonly validLength: number
  readonly damage: readonly ByteRange[]
  readonly #logs: Float64Array
  readonly rowsCrc: number
  readonly rowsPosition: number
  readonly rowCount: number

  constructor(head: Float64Array, damage: readonly ByteRange[], logs: Float64Array) {
    this.validLength = head[2]!
    this.damage = damage
    this.#logs = logs
    this.rowCount = head[5]!
    this.rowsCrc = head[7]!
    this.rowsPosition = 8 * (headCells + 2 * damage.length + logs.length)
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

  endOffset(i: number): number {
    return this.#logs[i * logCells + 4]!
  }

  lastMs(i: number): number {
    return this.#logs[i * logCells + 6]!
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

/** The index file of a segment, as parts to write, and its directory. */
export function encodeIndex(
  segment: number,
  validLength: number,
  damage: readonly ByteRange[],
  rowsByLog: ReadonlyMap<number, BlockRows>,
): { parts: Uint8Array[]; directory: SegmentDirectory } {
  const numbers = [...rowsByLog.keys()].sort((a, b) => a - b)
  const logs = new Float64Array(numbers.length * logCells)
  let rowCount = 0
  let rowsCrc = 0
  const parts: Uint8Array[] = []
  for (const [i, number] of numbers.entries()) {
    const rows = rowsByLog.get(number)!
    const last = rows.count - 1
    const firstAndLast = [rows.firstOffset(0), rows.endOffset(last), rows.timestampMs(0), rows.timestampMs(last)]
    logs.set([number, rowCount, rows.count, ...firstAndLast], i * logCells)
    rowCount += rows.count
    const bytes = bytesOf(rows.cells)
    rowsCrc = crc32(bytes, rowsCrc)
    parts.push(bytes)
  }
  const ranges = new Float64Array(damage.flatMap(({ from, to }) => [from, to]))
  const head = new Float64Array([magic, segment, validLength, damage.length, numbers.length, rowCount, 0, rowsCrc])
  head[6] = headCrc(head, ranges, logs)
  const directory = new SegmentDirectory(head, damage, logs)
  return { parts: [bytesOf(head), bytesOf(ranges), bytesOf(logs), ...parts], directory }
}

export const indexHeadLength = 8 * headCells

/** How long the part before the rows is, by the file's first 64 bytes; undefined if it is no index of the segment. */
export function directoryLength(head: Uint8Array, segment: number): number | undefined {
  if (head.byteLength < indexHeadLength) return undefined
  const cells = cellsOf(head.subarray(0, indexHeadLength))
  const length = 8 * (headCells + 2 * cells[3]! + logCells * cells[4]!)
  return cells[0] === magic && cells[1] === segment && length >= indexHeadLength && length < 2 ** 31
    ? length
    : undefined
}

/** The directory in the bytes before the rows; undefined if they are damaged. */
export function decodeDirectory(bytes: Uint8Array): SegmentDirectory | undefined {
  const cells = cellsOf(bytes)
  const head = cells.subarray(0, headCells)
  const ranges = cells.subarray(headCells, headCells + 2 * head[3]!)
  const logs = cells.subarray(headCells + ranges.length)
  if (headCrc(head, ranges, logs) !== head[6]) return undefined
  const damage: ByteRange[] = []
  for (let i = 0; i < ranges.length; i += 2) damage.push({ from: ranges[i]!, to: ranges[i + 1]! })
  return new SegmentDirectory(head, damage, logs)
}

/** All rows of a segment, by log; undefined if they are damaged. */
export function decodeRows(bytes: Uint8Array, directory: SegmentDirectory): Map<number, BlockRows> | undefined {
  if (bytes.byteLength !== rowsLength(directory) || crc32(bytes) !== directory.rowsCrc) return undefined
  const cells = cellsOf(bytes)
  const rowsByLog = new Map<number, BlockRows>()
  for (let i = 0; i < directory.count; i++) {
    const from = directory.firstRow(i) * rowWidth
    const rows = cells.subarray(from, from + directory.rowsOf(i) * rowWidth)
    rowsByLog.set(directory.logNumber(i), new BlockRows(rows))
  }
  return rowsByLog
}

export const rowsLength = (directory: SegmentDirectory) => directory.rowCount * rowWidth * 8

function headCrc(head: Float64Array, ranges: Float64Array, logs: Float64Array): number {
  const withoutOwn = Float64Array.from(head)
  withoutOwn[6] = 0
  return crc32(bytesOf(logs), crc32(bytesOf(ranges), crc32(bytesOf(withoutOwn))))
}

const bytesOf = (cells: Float64Array) => new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength)

function cellsOf(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 3)
}
