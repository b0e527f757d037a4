import type { OpenFile } from './file-system.ts'

/** How far back a line's beginning is looked for. */
const searchBytesMax = 1024 * 1024
const stepBytes = 64 * 1024

/** Where the last line begins that has no end yet: that is where END_OF_FILE starts. */
export async function lastLineEnd(file: OpenFile, sizeBytes: number): Promise<number> {
  const chunk = Buffer.allocUnsafe(stepBytes)
  for (let end = sizeBytes; end > 0 && sizeBytes - end < searchBytesMax; end -= stepBytes) {
    const start = Math.max(0, end - stepBytes)
    const count = await file.read(chunk.subarray(0, end - start), start)
    const found = chunk.subarray(0, count).lastIndexOf(0x0a)
    if (found !== -1) return start + found + 1
    if (start === 0) return 0
  }
  return sizeBytes
}
