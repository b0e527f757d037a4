import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalText } from './decimal-statistics.ts'
import { precedes, StringStatistics } from './string-statistics.ts'

test('strings go by the order of their UTF-8, also those of pairs', () => {
  const unit = fc.constantFrom('a', 'b', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}')
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (a, b) => {
      assert.equal(precedes(a, b), Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0)
    }),
    { numRuns: 1000 },
  )
})

test('of a string above 1,024 bytes there are bounds of whole characters, with no string between them and it', () => {
  for (const text of [
    'a'.repeat(1025),
    '€'.repeat(400),
    `${'x'.repeat(1023)}😀`,
    '\ud7ff'.repeat(400),
    '\u{10ffff}'.repeat(300),
  ]) {
    const statistics = new StringStatistics()
    statistics.count(1, 0)
    statistics.add(text)
    const fields = stringsOf(statistics.message().written())
    const lower = fields.get(4)!
    const upper = fields.get(5)
    assert.ok(Buffer.byteLength(lower) <= 1024 && text.startsWith(lower) && !lower.includes('\ufffd'))
    assert.equal(fields.get(1), undefined)
    if (upper === undefined) assert.equal(fields.get(2), text)
    else assert.ok(precedes(text, upper) && !upper.includes('\ufffd'))
  }
})

test('a decimal is written without zeros at its end', () => {
  assert.equal(decimalText(1500n, 3), '1.5')
  assert.equal(decimalText(-5n, 3), '-0.005')
  assert.equal(decimalText(0n, 2), '0')
  assert.equal(decimalText(12300n, 0), '12300')
  assert.equal(decimalText(-(10n ** 38n - 1n), 38), `-0.${'9'.repeat(38)}`)
})

/** The strings within a message of ColumnStatistics, by their field. */
function stringsOf(message: Buffer): Map<number, string> {
  const strings = new Map<number, string>()
  let at = message.indexOf(Buffer.from([4 * 8 + 2])) + 1
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const end = varint() + at
  while (at < end) {
    const tag = varint()
    const length = varint()
    if (tag % 8 !== 2) continue
    strings.set(tag >> 3, message.toString('utf8', at, at + length))
    at += length
  }
  return strings
}
