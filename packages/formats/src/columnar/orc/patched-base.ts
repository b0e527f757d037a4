import { alignedWidthFor, BitPacker, bitsOf, packAligned, packedBytes, widthCode, widthFor } from './bit-packing.ts'
import type { GrowingBytes } from './growing-bytes.ts'

/*
 * Many small numbers and a few large ones, as their distance from the smallest; bits from the highest:
 *
 *   10  width code:5  count - 1:9
 *   base bytes - 1:3  patch width code:5  gap width - 1:3  patches:5
 *   base      big-endian: a bit for its sign, and its magnitude
 *   values    width bits each: the low ones of the distance
 *   patches   gap:gap width  high bits:patch width    each filled in front to a width that has a code
 *
 * A gap is how many places a patch is behind the one before. One above 255 is written as patches of nothing between.
 */
const patchedBase = 2
const gapWidth = 8
const gapMax = 255
/** 31 have room; up to two of them may be needed to bridge gaps. */
const patchesMax = 29

export type Patches = { readonly width: number; readonly patchWidth: number; readonly bytes: number }

const aligned = [1, 2, 4, 8, 16, 24, 32, 40, 48]
const withBits = new Uint16Array(54)
const low = new Float64Array(512)

/** The width for which a run becomes smallest when what does not fit in it is patched; undefined if there is none. */
export function planPatches(values: Float64Array, count: number, min: number, max: number): Patches | undefined {
  const bitsMax = bitsOf(max - min)
  withBits.fill(0)
  for (let i = 0; i < count; i++) withBits[bitsOf(values[i]! - min)]!++
  const headBytes = 4 + baseBytes(min)
  let best: Patches | undefined
  let bits = bitsMax
  let patched = 0
  for (let i = aligned.length - 1; i >= 0; i--) {
    const width = aligned[i]!
    for (; bits > width; bits--) patched += withBits[bits]!
    if (patched > patchesMax) break
    if (width >= bitsMax) continue
    const patchWidth = widthFor(bitsMax - width)
    const bytes = headBytes + packedBytes(count, width) + packedBytes(patched, widthFor(gapWidth + patchWidth))
    if (best === undefined || bytes < best.bytes) best = { width, patchWidth, bytes }
  }
  return best
}

export function writePatched(
  values: Float64Array,
  count: number,
  min: number,
  { width, patchWidth }: Patches,
  out: GrowingBytes,
): void {
  const limit = 2 ** width
  const patches: { readonly gap: number; readonly high: number }[] = []
  let lastAt = 0
  for (let i = 0; i < count; i++) {
    const distance = values[i]! - min
    low[i] = distance % limit
    if (distance < limit) continue
    for (; i - lastAt > gapMax; lastAt += gapMax) patches.push({ gap: gapMax, high: 0 })
    patches.push({ gap: i - lastAt, high: Math.floor(distance / limit) })
    lastAt = i
  }
  const bytes = baseBytes(min)
  out.u8((patchedBase << 6) | (widthCode(width) << 1) | ((count - 1) >>> 8))
  out.u8((count - 1) & 0xff)
  out.u8(((bytes - 1) << 5) | widthCode(patchWidth))
  out.u8(((gapWidth - 1) << 5) | patches.length)
  writeBase(min, bytes, out)
  packAligned(low, 0, count, width, out)
  const packer = new BitPacker(out)
  const entryWidth = widthFor(gapWidth + patchWidth)
  for (const { gap, high } of patches) {
    packer.add(gap, entryWidth - patchWidth)
    packer.add(high, patchWidth)
  }
  packer.end()
}

const baseBytes = (base: number): number => alignedWidthFor(Math.max(8, bitsOf(Math.abs(base)) + 1)) / 8

function writeBase(base: number, bytes: number, out: GrowingBytes): void {
  const magnitude = Math.abs(base)
  for (let byte = bytes - 1; byte >= 0; byte--) {
    const sign = byte === bytes - 1 && base < 0 ? 0x80 : 0
    out.u8((Math.floor(magnitude / 2 ** (byte * 8)) & 0xff) | sign)
  }
}
