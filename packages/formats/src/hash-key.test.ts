import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashKeyMax, hashKeyOf, hashKeyOfBytes, hashKeyStart, hashKeyStarts } from './hash-key.ts'

const byOpenSsl = (text: string) => BigInt(`0x${createHash('md5').update(text).digest('hex')}`)

test('a hash key is the MD5 of the key, whatever its length and letters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 70 }), fc.string({ unit: 'grapheme', maxLength: 70 })), (text) => {
      assert.equal(hashKeyOf(text), byOpenSsl(text))
    }),
    { numRuns: 2000 },
  )
})

test('every length up to and beyond one block is hashed right', () => {
  for (let length = 0; length <= 130; length++)
    assert.equal(hashKeyOf('k'.repeat(length)), byOpenSsl('k'.repeat(length)))
})

test('a key is hashed where it lies, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 70 }), fc.nat(9), (text, before) => {
      const key = Buffer.from(text)
      const bytes = Buffer.concat([Buffer.alloc(before, 1), key, Buffer.alloc(3, 1)])
      assert.equal(hashKeyOfBytes(bytes, before, before + key.length), byOpenSsl(text))
      assert.equal(BigInt(hashKeyStart(bytes, before, before + key.length)), byOpenSsl(text) >> 96n)
    }),
  )
})

test('of many keys each begins as it does alone, whatever their lengths and however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 70 }), { minLength: 0, maxLength: 90 }), (texts) => {
      const keys = texts.map((text) => Buffer.from(text))
      const places = new Uint32Array(3 * keys.length)
      let at = 0
      for (const [i, key] of keys.entries()) {
        places.set([at, at + key.length, 9], 3 * i)
        at += key.length
      }
      const starts = hashKeyStarts(Buffer.concat(keys), places, 3, keys.length)
      assert.deepEqual(
        [...starts].map(BigInt),
        texts.map((text) => byOpenSsl(text) >> 96n),
      )
    }),
  )
})

test('hash keys lie on the ring', () => {
  const key = hashKeyOf('orders')
  assert.ok(key >= 0n && key <= hashKeyMax)
})
