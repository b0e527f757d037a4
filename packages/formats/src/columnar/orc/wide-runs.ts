import { alignedWidthFor, bitsOf, packAligned, widthCode } from './bit-packing.ts'
import type { GrowingBytes } from './growing-bytes.ts'
import { header } from './run-encodings.ts'
import { narrowMax, wideZigzag, writeVarint } from './zigzag.ts'

/*
 * Runs with numbers that only a bigint holds: by their steps where these all go one way and are small, as with times in
 * nanoseconds and ids that rise; else each in 64 bits.
 */
const delta = 3
const direct = 1

const steps = new Float64Array(512)

/** 1 to 512 values. */
export function writeWideRun(values: readonly bigint[], signed: boolean, out: GrowingBytes): void {
  const stepMax = takeSteps(values)
  if (stepMax === undefined) {
    header(direct, widthCode(64), values.length, out)
    out.reserve(values.length * 8)
    for (const value of values) out.length = out.bytes.writeBigUInt64BE(signed ? wideZigzag(value) : value, out.length)
    return
  }
  const alike = steps.subarray(1, values.length).every((step) => step === steps[1])
  const width = Math.max(2, alignedWidthFor(bitsOf(stepMax)))
  header(delta, alike ? 0 : widthCode(width), values.length, out)
  writeVarint(out, values[0]!, signed)
  writeVarint(out, steps[1]!, true)
  if (alike) return
  for (let i = 2; i < values.length; i++) steps[i] = Math.abs(steps[i]!)
  packAligned(steps, 2, values.length, width, out)
}

/** Puts the steps in `steps`, and gives the largest; undefined where they do not go one way, or are too large. */
function takeSteps(values: readonly bigint[]): number | undefined {
  if (values.length < 2) return undefined
  let max = 0
  let alike = true
  for (let i = 1; i < values.length; i++) {
    const wide = values[i]! - values[i - 1]!
    if (wide > narrowMax || wide < -narrowMax) return undefined
    const step = Number(wide)
    steps[i] = step
    if (step * steps[1]! < 0) return undefined
    if (step !== steps[1]) alike = false
    max = Math.max(max, Math.abs(step))
  }
  return steps[1] === 0 && !alike ? undefined : max
}
