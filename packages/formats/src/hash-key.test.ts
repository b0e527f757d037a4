import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashKeyMax, hashKeyOf } from './hash-key.ts'
import { md5OfShortText, shortTextMax } from './md5.ts'

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

test('what does not fit one block, or is not ASCII, is left to OpenSSL', () => {
  assert.ok(md5OfShortText('k'.repeat(shortTextMax)))
  assert.equal(md5OfShortText('k'.repeat(shortTextMax + 1)), undefined)
  assert.equal(md5OfShortText('é'), undefined)
})

test('hash keys lie on the ring', () => {
  const key = hashKeyOf('orders')
  assert.ok(key >= 0n && key <= hashKeyMax)
})
