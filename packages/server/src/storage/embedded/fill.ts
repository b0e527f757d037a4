/*
 * Fill is written ahead of small commits, for them to go over: a sync that finds its place made changes no length, so
 * that the file system need not commit its journal, too, which takes longer than all else in a small commit.
 *
 *   segment   [ header | blocks ...... | fill fill fill ]
 *                                      ^ where the next block goes
 *
 * It is no part of the log. What stands there of it at a start ends the segment; anything else there is what it would be
 * without: a commit that was not finished, or damage. It is not zeros, so that a part of the disk that became zeros does
 * not look like it. Each byte of a segment is written at most twice: as fill, and as what came.
 */

export const fillByte = 0xe5

/** Four bytes of it. */
export const fillWord = 0xe5e5e5e5

/** Larger commits take longer to write twice than their syncs gain. */
const commitBytesMax = 128 * 1024

/** As much as the segment holds already, between these: what is not used is no great part of it. */
const fillBytesMin = 64 * 1024
const fillBytesMax = 1024 * 1024

/** How much goes behind a commit that ends at `end` and has lengthened the file; none behind what ends the segment. */
export function fillLength(commitBytes: number, end: number, segmentBytesMax: number): number {
  if (commitBytes > commitBytesMax) return 0
  return Math.max(0, Math.min(Math.max(end, fillBytesMin), fillBytesMax, segmentBytesMax - end))
}

let piece = new Uint8Array(0)

/** So much fill, as parts to write. */
export function fillParts(length: number): Uint8Array[] {
  if (piece.byteLength === 0) piece = new Uint8Array(fillBytesMin).fill(fillByte)
  const parts: Uint8Array[] = []
  for (let left = length; left > 0; left -= piece.byteLength) parts.push(piece.subarray(0, left))
  return parts
}

/** Where the fill begins that bytes end with; their length if they do not. */
export function fillBegin(bytes: Uint8Array): number {
  let begin = bytes.byteLength
  while (begin > 0 && bytes[begin - 1] === fillByte) begin--
  return begin
}
