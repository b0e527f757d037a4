/*
 * Memory for what is large and passes through, used again and again: bodies of requests, entries on their way into a log.
 * Taken fresh each time, each page of it would be cleared when it is first touched, which takes longer than to write into it;
 * and whatever has lived for a second or two is freed only when the garbage collector has marked all that there is.
 */

/** From this size on it is worth it. */
export const reusedFromBytes = 16 * 1024

/** Kept while nobody uses it, over all sizes. */
const spareBytesMax = 32 * 1024 * 1024

const spare = new Map<number, Buffer[]>()
let spareBytes = 0

/** A buffer of at least so many bytes, with whatever is in it. */
export function takeMemory(sizeBytes: number): Buffer {
  const length = roundedUp(sizeBytes)
  const found = spare.get(length)?.pop()
  if (!found) return Buffer.allocUnsafeSlow(length)
  spareBytes -= length
  return found
}

/** Nobody looks at it any more. */
export function giveBackMemory(memory: Buffer): void {
  if (spareBytes + memory.length > spareBytesMax) return
  spareBytes += memory.length
  const ofLength = spare.get(memory.length)
  if (ofLength) ofLength.push(memory)
  else spare.set(memory.length, [memory])
}

/** To one of four lengths between a power of two and the next: a fifth at most stays unused, and few lengths are kept. */
function roundedUp(sizeBytes: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.max(sizeBytes, reusedFromBytes))) - 2)
  return Math.ceil(Math.max(sizeBytes, reusedFromBytes) / step) * step
}
