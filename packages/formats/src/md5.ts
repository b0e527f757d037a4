/*
 * MD5 (RFC 1321) of a few bytes, for partition keys: they nearly always fit one block, and calling into OpenSSL for each
 * of the 500 records of a request costs two to four times what the hash itself does (benchmarks/README.md).
 *
 *   one block of 64 bytes:   bytes   0x80   zeros   length in bits:u64 little-endian, at 56
 */

/** As many bytes fit one block with their padding. */
export const shortBytesMax = 55

const block = new Int32Array(16)
const blockBytes = new Uint8Array(block.buffer)
const digest = new DataView(new ArrayBuffer(16))

/**
 * The digest of at most `shortBytesMax` bytes, as a view that the next call overwrites. RFC 1321's 64 steps are written out
 * (the constant of step i is floor(2^32 × |sin(i)|)): as a loop over tables they take nearly twice as long.
 */
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
  a = (a + (((c ^ d) & b) ^ d) + block[0]! - 0x28955b88) | 0
  a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (((b ^ c) & a) ^ c) + block[1]! - 0x173848aa) | 0
  d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (((a ^ b) & d) ^ b) + block[2]! + 0x242070db) | 0
  c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (((d ^ a) & c) ^ a) + block[3]! - 0x3e423112) | 0
  b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (((c ^ d) & b) ^ d) + block[4]! - 0x0a83f051) | 0
  a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (((b ^ c) & a) ^ c) + block[5]! + 0x4787c62a) | 0
  d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (((a ^ b) & d) ^ b) + block[6]! - 0x57cfb9ed) | 0
  c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (((d ^ a) & c) ^ a) + block[7]! - 0x02b96aff) | 0
  b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (((c ^ d) & b) ^ d) + block[8]! + 0x698098d8) | 0
  a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (((b ^ c) & a) ^ c) + block[9]! - 0x74bb0851) | 0
  d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (((a ^ b) & d) ^ b) + block[10]! - 0x0000a44f) | 0
  c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (((d ^ a) & c) ^ a) + block[11]! - 0x76a32842) | 0
  b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (((c ^ d) & b) ^ d) + block[12]! + 0x6b901122) | 0
  a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (((b ^ c) & a) ^ c) + block[13]! - 0x02678e6d) | 0
  d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (((a ^ b) & d) ^ b) + block[14]! - 0x5986bc72) | 0
  c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (((d ^ a) & c) ^ a) + block[15]! + 0x49b40821) | 0
  b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (((b ^ c) & d) ^ c) + block[1]! - 0x09e1da9e) | 0
  a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (((a ^ b) & c) ^ b) + block[6]! - 0x3fbf4cc0) | 0
  d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (((d ^ a) & b) ^ a) + block[11]! + 0x265e5a51) | 0
  c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (((c ^ d) & a) ^ d) + block[0]! - 0x16493856) | 0
  b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (((b ^ c) & d) ^ c) + block[5]! - 0x29d0efa3) | 0
  a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (((a ^ b) & c) ^ b) + block[10]! + 0x02441453) | 0
  d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (((d ^ a) & b) ^ a) + block[15]! - 0x275e197f) | 0
  c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (((c ^ d) & a) ^ d) + block[4]! - 0x182c0438) | 0
  b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (((b ^ c) & d) ^ c) + block[9]! + 0x21e1cde6) | 0
  a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (((a ^ b) & c) ^ b) + block[14]! - 0x3cc8f82a) | 0
  d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (((d ^ a) & b) ^ a) + block[3]! - 0x0b2af279) | 0
  c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (((c ^ d) & a) ^ d) + block[8]! + 0x455a14ed) | 0
  b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (((b ^ c) & d) ^ c) + block[13]! - 0x561c16fb) | 0
  a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (((a ^ b) & c) ^ b) + block[2]! - 0x03105c08) | 0
  d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (((d ^ a) & b) ^ a) + block[7]! + 0x676f02d9) | 0
  c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (((c ^ d) & a) ^ d) + block[12]! - 0x72d5b376) | 0
  b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (b ^ c ^ d) + block[5]! - 0x0005c6be) | 0
  a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + block[8]! - 0x788e097f) | 0
  d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + block[11]! + 0x6d9d6122) | 0
  c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + block[14]! - 0x021ac7f4) | 0
  b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + block[1]! - 0x5b4115bc) | 0
  a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + block[4]! + 0x4bdecfa9) | 0
  d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + block[7]! - 0x0944b4a0) | 0
  c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + block[10]! - 0x41404390) | 0
  b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + block[13]! + 0x289b7ec6) | 0
  a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + block[0]! - 0x155ed806) | 0
  d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + block[3]! - 0x2b10cf7b) | 0
  c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + block[6]! + 0x04881d05) | 0
  b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + block[9]! - 0x262b2fc7) | 0
  a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + block[12]! - 0x1924661b) | 0
  d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + block[15]! + 0x1fa27cf8) | 0
  c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + block[2]! - 0x3b53a99b) | 0
  b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (c ^ (b | ~d)) + block[0]! - 0x0bd6ddbc) | 0
  a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + block[7]! + 0x432aff97) | 0
  d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + block[14]! - 0x546bdc59) | 0
  c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + block[5]! - 0x036c5fc7) | 0
  b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + block[12]! + 0x655b59c3) | 0
  a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + block[3]! - 0x70f3336e) | 0
  d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + block[10]! - 0x00100b83) | 0
  c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + block[1]! - 0x7a7ba22f) | 0
  b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + block[8]! + 0x6fa87e4f) | 0
  a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + block[15]! - 0x01d31920) | 0
  d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + block[6]! - 0x5cfebcec) | 0
  c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + block[13]! + 0x4e0811a1) | 0
  b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + block[4]! - 0x08ac817e) | 0
  a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + block[11]! - 0x42c50dcb) | 0
  d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + block[2]! + 0x2ad7d2bb) | 0
  c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + block[9]! - 0x14792c6f) | 0
  b = (((b << 21) | (b >>> 11)) + c) | 0
  digest.setInt32(0, (a + 0x67452301) | 0, true)
  digest.setInt32(4, (b + 0xefcdab89) | 0, true)
  digest.setInt32(8, (c + 0x98badcfe) | 0, true)
  digest.setInt32(12, (d + 0x10325476) | 0, true)
  return digest
}
