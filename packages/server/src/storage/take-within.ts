import { type EntryBlock, entryCount, type ReadLimits } from './log.ts'

/**
 * Of blocks in order of offset, the entries from an offset on that fit the limits: views, not copies. At least one
 * entry, if there is one.
 */
export function takeWithin(blocks: readonly EntryBlock[], from: number, limits: ReadLimits): EntryBlock[] {
  const taken: EntryBlock[] = []
  let bytesLeft = limits.bytesMax
  let entriesLeft = limits.entriesMax
  for (let b = firstBlockWith(blocks, from); b < blocks.length && entriesLeft > 0; b++) {
    const { bytes, positions, firstOffset, timestampMs } = blocks[b]!
    const first = Math.max(0, from - firstOffset)
    const last = Math.min(entryCount(blocks[b]!), first + entriesLeft)
    let end = first
    while (end < last && positions[end + 1]! - positions[first]! <= bytesLeft) end++
    if (end === first && taken.length === 0 && first < last) end++ // one entry is given however large it is
    if (end > first)
      taken.push({
        bytes,
        positions: positions.subarray(first, end + 1),
        firstOffset: firstOffset + first,
        timestampMs,
      })
    if (end < last) break
    bytesLeft -= positions[end]! - positions[first]!
    entriesLeft -= end - first
  }
  return taken
}

/** The index of the first block that holds an entry at or after `from`. */
function firstBlockWith(blocks: readonly EntryBlock[], from: number): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const block = blocks[middle]!
    if (block.firstOffset + entryCount(block) <= from) low = middle + 1
    else high = middle
  }
  return low
}
