/*
 * MD5 (RFC 1321) of a few bytes, for partition keys: they nearly always fit one block, and calling into OpenSSL for each
 * of the 500 records of a request costs two to four times what the hash itself does (benchmarks/README.md).
 *
 *   one block of 64 bytes:   bytes   0x80   zeros   length in bits:u64 little-endian, at 56
 */

/** As many bytes fit one block with their padding. */
export const shortBytesMax = 55

/** floor(2^32 × |sin(i + 1)|): RFC 1321's table T. */
const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)

/** How far each step rotates: four numbers for each of the four rounds. */
const rotations = Int32Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21)

const block = new Int32Array(16)
const blockBytes = new Uint8Array(block.buffer)
const digest = new DataView(new ArrayBuffer(16))

/** The digest of at most `shortBytesMax` bytes, as a view that the next call overwrites. */
export function md5OfShortBytes(bytes: Uint8Array, start: number, end: number): DataView {
  const length = end - start
  block.fill(0)
  for (let i = 0; i < length; i++) blockBytes[i] = bytes[start + i]!
  blockBytes[length] = 0x80
  block[14] = length * 8

  let a = 0x67452301
  let b = 0xefcdab89 | 0
  let c = 0x98badcfe | 0
  let d = 0x10325476
  for (let step = 0; step < 64; step++) {
    const round = step >> 4
    let mixed: number
    let word: number
    if (round === 0) {
      mixed = (b & c) | (~b & d)
      word = step
    } else if (round === 1) {
      mixed = (b & d) | (c & ~d)
      word = 5 * step + 1
    } else if (round === 2) {
      mixed = b ^ c ^ d
      word = 3 * step + 5
    } else {
      mixed = c ^ (b | ~d)
      word = 7 * step
    }
    const sum = (a + mixed + sines[step]! + block[word & 15]!) | 0
    const rotation = rotations[round * 4 + (step & 3)]!
    a = d
    d = c
    c = b
    b = (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0
  }
  digest.setInt32(0, (a + 0x67452301) | 0, true)
  digest.setInt32(4, (b + 0xefcdab89) | 0, true)
  digest.setInt32(8, (c + 0x98badcfe) | 0, true)
  digest.setInt32(12, (d + 0x10325476) | 0, true)
  return digest
}
