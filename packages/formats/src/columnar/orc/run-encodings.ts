import { alignedWidthFor, bitsOf, packAligned, packedBytes, widthCode } from './bit-packing.ts'
import type { GrowingBytes } from './growing-bytes.ts'
import { planPatches, writePatched } from './patched-base.ts'
import { writeVarint, zigzag } from './zigzag.ts'

/*
 * The four ways to write a run of whole numbers; bits from the highest:
 *
 *   short repeat   00  bytes - 1:3  count - 3:3     value: big-endian, of so many bytes
 *   direct         01  width code:5  count - 1:9    values: width bits each
 *   patched base   10  width code:5  count - 1:9    and more, see patched-base.ts
 *   delta          11  width code:5  count - 1:9    first: varint  step: zigzag varint  further steps: width bits each
 *
 * Values are zigzag where the stream is signed. In delta the sign of the first step is that of all, and width code 0 means
 * that all are as the first. Whichever is smallest is chosen.
 */
const delta = 3
const direct = 1
const repeatsMax = 10

const packed = new Float64Array(512)

export function header(kind: number, code: number, count: number, out: GrowingBytes): void {
  out.u8((kind << 6) | (code << 1) | ((count - 1) >>> 8))
  out.u8((count - 1) & 0xff)
}

/** The same value, 3 to 512 times. */
export function writeRepeat(value: number, count: number, signed: boolean, out: GrowingBytes): void {
  if (count > repeatsMax) {
    header(delta, 0, count, out)
    writeVarint(out, value, signed)
    out.varint(0)
    return
  }
  const repeated = signed ? zigzag(value) : value
  const bytes = Math.max(1, Math.ceil(bitsOf(repeated) / 8))
  out.u8(((bytes - 1) << 3) | (count - 3))
  for (let byte = bytes - 1; byte >= 0; byte--) out.u8(Math.floor(repeated / 2 ** (byte * 8)) & 0xff)
}

/** 1 to 512 values. */
export function writeRun(values: Float64Array, count: number, signed: boolean, out: GrowingBytes): void {
  let min = values[0]!
  let max = min
  let rises = true
  let falls = true
  let stepMax = 0
  const firstStep = count > 1 ? values[1]! - min : 0
  let sameStep = count > 2
  let last = min
  for (let i = 1; i < count; i++) {
    const value = values[i]!
    const step = value - last
    if (step < 0) {
      rises = false
      if (value < min) min = value
      if (i > 1 && -step > stepMax) stepMax = -step
    } else {
      if (step > 0) falls = false
      if (value > max) max = value
      if (i > 1 && step > stepMax) stepMax = step
    }
    if (step !== firstStep) sameStep = false
    last = value
  }
  if (sameStep) {
    writeSteps(values, count, 0, signed, out)
    return
  }
  const width = alignedWidthFor(bitsOf(signed ? Math.max(zigzag(min), zigzag(max)) : max))
  const directBytes = 2 + packedBytes(count, width)
  // One bit has no code here: it would be that of no further steps.
  const stepWidth = Math.max(2, alignedWidthFor(bitsOf(stepMax)))
  const deltaBytes = 2 + varintBytes(values[0]!) + varintBytes(firstStep) + packedBytes(count - 2, stepWidth)
  if ((rises || falls) && count > 2 && firstStep !== 0 && deltaBytes < directBytes) {
    writeSteps(values, count, stepWidth, signed, out)
    return
  }
  const patches = width > 2 ? planPatches(values, count, min, max) : undefined
  if (patches && patches.bytes < directBytes) writePatched(values, count, min, patches, out)
  else writeDirect(values, count, width, signed, out)
}

function writeDirect(values: Float64Array, count: number, width: number, signed: boolean, out: GrowingBytes): void {
  header(direct, widthCode(width), count, out)
  if (!signed) {
    packAligned(values, 0, count, width, out)
    return
  }
  for (let i = 0; i < count; i++) packed[i] = zigzag(values[i]!)
  packAligned(packed, 0, count, width, out)
}

/** Steps that all go one way, the further ones in so many bits; 0 where all are alike. */
function writeSteps(values: Float64Array, count: number, width: number, signed: boolean, out: GrowingBytes): void {
  header(delta, width === 0 ? 0 : widthCode(width), count, out)
  writeVarint(out, values[0]!, signed)
  writeVarint(out, values[1]! - values[0]!, true)
  if (width === 0) return
  for (let i = 2; i < count; i++) packed[i] = Math.abs(values[i]! - values[i - 1]!)
  packAligned(packed, 2, count, width, out)
}

/** At most: a zigzag bit is counted also where there is none. */
const varintBytes = (value: number): number => Math.ceil((bitsOf(Math.abs(value)) + 1) / 7)
