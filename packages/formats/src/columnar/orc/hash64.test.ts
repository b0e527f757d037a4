import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashHigh, hashLow, murmur3, wang } from './hash64.ts'

/* The same hashes with bigints, from their definitions. */

const bits = (value: bigint) => BigInt.asUintN(64, value)
const rotate = (value: bigint, by: bigint) => bits(value << by) | (value >> (64n - by))

function plainMurmur3(bytes: Uint8Array): bigint {
  const c1 = 0x87c37b91114253d5n
  const c2 = 0x4cf5ad432745937fn
  let h = 104729n
  const mix = (k: bigint) => bits(rotate(bits(k * c1), 31n) * c2)
  const word = (from: number) =>
    bytes.slice(from, from + 8).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const whole = bytes.length - (bytes.length % 8)
  for (let at = 0; at < whole; at += 8) h = bits(rotate(h ^ mix(word(at)), 27n) * 5n + 0x52dce729n)
  if (whole < bytes.length) h ^= mix(word(whole))
  h ^= BigInt(bytes.length)
  h = bits((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn)
  h = bits((h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return h ^ (h >> 33n)
}

function plainWang(value: bigint): bigint {
  const signed = (key: bigint) => BigInt.asIntN(64, key)
  let key = signed(~value + (value << 21n))
  key = signed(key ^ (key >> 24n))
  key = signed(key * 265n)
  key = signed(key ^ (key >> 14n))
  key = signed(key * 21n)
  key = signed(key ^ (key >> 28n))
  return bits(key + (key << 31n))
}

const left = () => (BigInt(hashHigh() >>> 0) << 32n) | BigInt(hashLow() >>> 0)

test('Murmur3 in halves is Murmur3, of any number of bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      murmur3(bytes, 0, bytes.length)
      assert.equal(left(), plainMurmur3(bytes))
    }),
    { numRuns: 500 },
  )
})

test('Wang’s hash in halves is Wang’s hash', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      wang(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)))
      assert.equal(left(), plainWang(value))
    }),
    { numRuns: 500 },
  )
})
