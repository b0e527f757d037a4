/*
 * The two hashes of ORC's bloom filters, of 64 bits. They are computed in halves, which is ten times as fast as with
 * bigints, and left in a place of this module: read it before the next call.
 */
let high = 0
let low = 0

export const hashHigh = (): number => high
export const hashLow = (): number => low

const seed = 104729

/**
 * Murmur3 as ORC uses it, of bytes from `start` to before `end`: the one of 64 bits that Hive made of the one of 128.
 *
 *   block   k = 8 bytes, little-endian; k *= c1; k = rotl(k, 31); k *= c2; h ^= k; h = rotl(h, 27) * 5 + n
 *   tail    the same with what is left, but for the last step
 *   end     h ^= length; h ^= h >>> 33; h *= f1; h ^= h >>> 33; h *= f2; h ^= h >>> 33
 */
export function murmur3(bytes: Uint8Array, start: number, end: number): void {
  let stateHigh = 0
  let stateLow = seed
  let at = start
  for (; at + 8 <= end; at += 8) {
    mixBlock(word(bytes, at, 4), word(bytes, at + 4, 4))
    xor(stateHigh, stateLow)
    rotateLeft(27)
    multiply(0, 5)
    add(0, 0x52dce729)
    stateHigh = high
    stateLow = low
  }
  if (at < end) {
    const left = end - at
    mixBlock(word(bytes, at, Math.min(left, 4)), left > 4 ? word(bytes, at + 4, left - 4) : 0)
    xor(stateHigh, stateLow)
    stateHigh = high
    stateLow = low
  }
  high = stateHigh
  low = stateLow ^ (end - start)
  low ^= high >>> 1
  multiply(0xff51afd7, 0xed558ccd)
  low ^= high >>> 1
  multiply(0xc4ceb9fe, 0x1a85ec53)
  low ^= high >>> 1
}

/**
 * Thomas Wang's hash of a number of 64 bits, in halves; its shifts to the right keep the sign, as in Java.
 *
 *   k = ~k + (k << 21); k ^= k >> 24; k *= 265; k ^= k >> 14; k *= 21; k ^= k >> 28; k += k << 31
 */
export function wang(keyHigh: number, keyLow: number): void {
  high = (keyHigh << 21) | (keyLow >>> 11)
  low = keyLow << 21
  add(~keyHigh, ~keyLow)
  xorShifted(24)
  multiply(0, 265)
  xorShifted(14)
  multiply(0, 21)
  xorShifted(28)
  const hashedHigh = high
  const hashedLow = low
  high = (hashedHigh << 31) | (hashedLow >>> 1)
  low = hashedLow << 31
  add(hashedHigh, hashedLow)
}

/** Up to four bytes, little-endian. */
function word(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value |= bytes[at + i]! << (i * 8)
  return value
}

function mixBlock(blockLow: number, blockHigh: number): void {
  high = blockHigh
  low = blockLow
  multiply(0x87c37b91, 0x114253d5)
  rotateLeft(31)
  multiply(0x4cf5ad43, 0x2745937f)
}

function xor(otherHigh: number, otherLow: number): void {
  high ^= otherHigh
  low ^= otherLow
}

/** By 1 to 31 bits. */
function rotateLeft(bits: number): void {
  const wasHigh = high
  high = (high << bits) | (low >>> (32 - bits))
  low = (low << bits) | (wasHigh >>> (32 - bits))
}

function xorShifted(bits: number): void {
  low ^= (low >>> bits) | (high << (32 - bits))
  high ^= high >> bits
}

function add(otherHigh: number, otherLow: number): void {
  const sum = (low >>> 0) + (otherLow >>> 0)
  low = sum | 0
  high = (high + otherHigh + (sum > 0xffffffff ? 1 : 0)) | 0
}

/** The low 64 bits of the product. */
function multiply(otherHigh: number, otherLow: number): void {
  const crossed = Math.imul(high, otherLow) + Math.imul(low, otherHigh)
  const a = low >>> 16
  const b = low & 0xffff
  const c = otherLow >>> 16
  const d = otherLow & 0xffff
  const lowest = b * d
  const middle = b * c + (lowest >>> 16)
  const middleLow = (middle & 0xffff) + a * d
  const carried = a * c + Math.floor(middle / 0x1_0000) + Math.floor(middleLow / 0x1_0000)
  low = (middleLow << 16) | (lowest & 0xffff)
  high = (carried + crossed) | 0
}
