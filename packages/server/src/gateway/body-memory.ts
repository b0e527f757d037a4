/*
 * Memory for the bodies of large requests, used again and again. Taken fresh each time, it would keep the garbage collector
 * busy with what it cannot see the size of, and each page of it would be cleared when it is first touched, which takes longer
 * than to write a body into it.
 */

/** Bodies from this size on; smaller ones come in one chunk, and are used as they come. */
export const reusedFromBytes = 16 * 1024

const smallestBytes = 64 * 1024

/** Kept while nobody uses it, over all sizes. */
const spareBytesMax = 32 * 1024 * 1024

const spare = new Map<number, Buffer[]>()
let spareBytes = 0

/** A buffer of at least so many bytes, with whatever is in it. */
export function takeMemory(sizeBytes: number): Buffer {
  const length = Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(sizeBytes)))
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
