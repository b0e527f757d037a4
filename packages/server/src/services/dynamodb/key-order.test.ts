import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyText } from './key-order.ts'

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

test('texts are ordered by their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(order(keyText({ S: a }), keyText({ S: b })), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    {
      numRuns: 2000,
      examples: [
        ['\u{1f600}', '\ufffd'],
        ['\ue000', '\u{10000}'],
        ['a', 'a\0'],
      ],
    },
  )
})

test('byte strings are ordered by byte', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const text = (bytes: Uint8Array) => keyText({ B: Buffer.from(bytes).toString('base64') })
      assert.equal(order(text(a), text(b)), Buffer.compare(a, b))
    }),
  )
})
