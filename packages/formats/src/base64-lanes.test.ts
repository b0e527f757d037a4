import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Base64Lanes, lettersAtOnce } from './base64-lanes.ts'

const lanes = new Base64Lanes()
const { letters, bytes } = lanes
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Letters that meet every lane. */
const textOf = (length: number) => Array.from({ length }, (_, i) => alphabet[(i * 7 + (i >> 6)) % 64]).join('')

test('letters are decoded as Node decodes them, by sixteen, wherever they lie', () => {
  for (let length = 0; length < 300; length++) {
    const start = 11 * length
    letters.fill(0x7e).write(textOf(length), start)
    const taken = lanes.decode(start, letters.length, length)
    assert.equal(taken, length - (length % lettersAtOnce))
    const decoded = Buffer.from(textOf(length).slice(0, taken), 'base64')
    assert.deepEqual(bytes.subarray(length, length + decoded.length), decoded)
  }
})

test('nothing is decoded that lies behind the end', () => {
  letters.write(textOf(letters.length))
  for (let end = 0; end < 100; end++) assert.equal(lanes.decode(0, end, 0), end - (end % lettersAtOnce))
  assert.equal(lanes.decode(0, letters.length, 0), letters.length)
  assert.deepEqual(bytes, Buffer.from(textOf(letters.length), 'base64'))
})

test('every byte that is no letter ends them, at each place', () => {
  for (let byte = 0; byte < 256; byte++) {
    const isLetter = byte < 128 && alphabet.includes(String.fromCharCode(byte))
    for (let place = 0; place < lettersAtOnce; place++) {
      letters.write(textOf(3 * lettersAtOnce))
      letters[lettersAtOnce + place] = byte
      const taken = lanes.decode(0, 3 * lettersAtOnce, 0)
      assert.equal(taken, isLetter ? 3 * lettersAtOnce : lettersAtOnce, `${byte} at ${place}`)
      const text = letters.toString('latin1', 0, taken)
      assert.deepEqual(bytes.subarray(0, (taken / 4) * 3), Buffer.from(text, 'base64'))
    }
  }
})
