import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Base64Lanes } from '@millrace/formats'
import fc from 'fast-check'
import { Base64Window } from './base64-window.ts'

const withVectors = new Base64Window()
const { letters, bytes } = new Base64Lanes()
const without = new Base64Window({ letters, bytes, decode: () => 0 })

/** What the texts of a body stand for, each taken up to its quote; undefined from the first that is not canonical. */
function decoded(texts: readonly string[], { behind = '"', window = withVectors } = {}): (Buffer | undefined)[] {
  const body = Buffer.from(texts.map((text) => `{"Data":"${text}${behind},"PartitionKey":"k"}`).join(','), 'latin1')
  const into = Buffer.alloc(body.length, 0xee)
  window.begin(body, into)
  const ends: (number | undefined)[] = []
  let at = 0
  for (const text of texts) {
    const start = body.indexOf('"Data":"', at) + 8
    at = window.take(start)
    if (at < 0) break
    assert.equal(at, start + text.length + 1, 'past the quote')
    ends.push(window.written)
  }
  window.end()
  assert.ok(
    into.subarray(window.written).every((byte) => byte === 0xee),
    'nothing is written behind',
  )
  return texts.map((_, i) => (ends[i] === undefined ? undefined : into.subarray(ends[i - 1] ?? 0, ends[i])))
}

test('texts of all lengths are decoded, within one window and over many', () => {
  const lengths = fc.oneof(fc.nat(40), fc.nat(2000), fc.nat(150_000))
  const bytes = fc.array(lengths, { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(bytes, fc.nat(255), (lengths, seed) => {
      const data = lengths.map((length) => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * i + seed + i) >> 1)))
      const texts = data.map((one) => one.toString('base64'))
      assert.deepEqual(decoded(texts), data)
      assert.deepEqual(decoded(texts, { window: without }), data, 'also where the processor has no vectors')
    }),
    { numRuns: 60 },
  )
})

test('a text ends right at every place of a window, with whatever padding', () => {
  for (let before = 48_990; before < 49_160; before++) {
    const data = [Buffer.alloc(before, before), Buffer.alloc(before % 50, 7), Buffer.from('behind')]
    assert.deepEqual(decoded(data.map((one) => one.toString('base64'))), data)
  }
})

test('what is not canonical is not taken', () => {
  const long = 'A'.repeat(64)
  for (const prefix of ['', long, 'A'.repeat(65_520)])
    for (const text of [
      'A',
      'AA',
      'AAA',
      'AB==',
      'AAB=',
      'A===',
      '====',
      'AA=A',
      'AA= ',
      'AAA-',
      'AA_A',
      'AA\\/',
      'AA==AAAA',
      'é',
    ])
      assert.deepEqual(decoded([prefix + text]), [undefined], prefix.length + text)
  for (const text of ['AAAA', 'AA==', 'AAA=', long])
    assert.deepEqual(decoded([text], { behind: '' }), [undefined], `${text} has no quote`)
})
