import type { GrowingBytes } from './growing-bytes.ts'

/*
 * Whole numbers from 0 below 2^53, each in `width` bits, the highest bit first, without gaps; the last byte is filled with
 * zeros. A width has a code of five bits:
 *
 *   width  1..24        26 28 30 32 40 48 56 64
 *   code   width - 1    24 25 26 27 28 29 30 31
 *
 * "Aligned" widths are those that readers unpack fastest: 1, 2, 4 and whole bytes.
 */

const widthsAbove24 = [26, 28, 30, 32, 40, 48, 56, 64]

/** The smallest width there is a code for, that holds so many bits. */
export function widthFor(bits: number): number {
  return bits <= 24 ? Math.max(bits, 1) : widthsAbove24.find((width) => width >= bits)!
}

/** The smallest aligned width that holds so many bits. */
export function alignedWidthFor(bits: number): number {
  if (bits <= 2) return Math.max(bits, 1)
  return bits <= 4 ? 4 : Math.ceil(bits / 8) * 8
}

export const widthCode = (width: number): number => (width <= 24 ? width - 1 : 24 + widthsAbove24.indexOf(width))

/** How many bits the number takes; 0 for 0. */
export function bitsOf(value: number): number {
  return value > 0xffffffff ? 64 - Math.clz32(value / 0x1_0000_0000) : 32 - Math.clz32(value)
}

export const packedBytes = (count: number, width: number): number => Math.ceil((count * width) / 8)

/** Packs the numbers from `from` to before `to`, in an aligned width. */
export function packAligned(values: Float64Array, from: number, to: number, width: number, out: GrowingBytes): void {
  out.reserve(packedBytes(to - from, width))
  if (width < 8) packParts(values, from, to, width, out)
  else if (width === 8) packBytes(values, from, to, out)
  else if (width === 16) packPairs(values, from, to, out)
  else packLong(values, from, to, width / 8, out)
}

/** 1, 2 or 4 bits: several in a byte. */
function packParts(values: Float64Array, from: number, to: number, width: number, out: GrowingBytes): void {
  const bytes = out.bytes
  let at = out.length
  let byte = 0
  let room = 8
  for (let i = from; i < to; i++) {
    room -= width
    byte |= values[i]! << room
    if (room > 0) continue
    bytes[at++] = byte
    byte = 0
    room = 8
  }
  if (room < 8) bytes[at++] = byte
  out.length = at
}

function packBytes(values: Float64Array, from: number, to: number, out: GrowingBytes): void {
  const bytes = out.bytes
  let at = out.length
  for (let i = from; i < to; i++) bytes[at++] = values[i]!
  out.length = at
}

function packPairs(values: Float64Array, from: number, to: number, out: GrowingBytes): void {
  const bytes = out.bytes
  let at = out.length
  for (let i = from; i < to; i++) {
    const value = values[i]! | 0
    bytes[at] = value >>> 8
    bytes[at + 1] = value
    at += 2
  }
  out.length = at
}

/** Three bytes or more. */
function packLong(values: Float64Array, from: number, to: number, width: number, out: GrowingBytes): void {
  const bytes = out.bytes
  let at = out.length
  for (let i = from; i < to; i++) {
    const value = values[i]!
    const high = Math.floor(value / 0x1_0000_0000)
    for (let byte = width - 1; byte >= 4; byte--) bytes[at++] = high >>> ((byte - 4) * 8)
    const low = value >>> 0
    if (width > 3) bytes[at++] = low >>> 24
    bytes[at] = low >>> 16
    bytes[at + 1] = low >>> 8
    bytes[at + 2] = low
    at += 3
  }
  out.length = at
}

/** Packs numbers of any width one after another, where there are few of them. */
export class BitPacker {
  #out: GrowingBytes
  #byte = 0
  #room = 8

  constructor(out: GrowingBytes) {
    this.#out = out
  }

  /** The low `width` bits of a number from 0 below 2^53; bits above the number's own are zeros. */
  add(value: number, width: number): void {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.#byte = (this.#byte << 1) | (bit > 52 ? 0 : Math.floor(value / 2 ** bit) % 2)
      if (--this.#room === 0) this.end()
    }
  }

  /** Fills the last byte. */
  end(): void {
    if (this.#room === 8) return
    this.#out.u8((this.#byte << this.#room) & 0xff)
    this.#byte = 0
    this.#room = 8
  }
}
