import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addNumbers, canonicalNumber, compareNumbers, orderTextOf, subtractNumbers } from './decimal.ts'

test('a number has one text, however it is written', () => {
  const cases: [string, string][] = [
    ['0', '0'],
    ['-0.000', '0'],
    ['007', '7'],
    ['+1.50', '1.5'],
    ['1e3', '1000'],
    ['12.34E-3', '0.01234'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-1E-130', `-0.${'0'.repeat(129)}1`],
    ['9.9999999999999999999999999999999999999E+125', `${'9'.repeat(38)}${'0'.repeat(88)}`],
    ['1234567890123456789012345678901234567800', '1234567890123456789012345678901234567800'],
  ]
  for (const [written, text] of cases) assert.equal(canonicalNumber(written), text)
})

test('what is no number, or too long or large a one, is told in AWS words', () => {
  const cases: [string, RegExp][] = [
    ['', /^The parameter cannot be converted to a numeric value$/],
    ['abc', /^The parameter cannot be converted to a numeric value: abc$/],
    ['1 ', /numeric value: 1 /],
    ['.', /numeric value/],
    ['1e', /numeric value/],
    ['NaN', /numeric value: NaN/],
    ['0x10', /numeric value/],
    ['1E126', /^Number overflow\. Attempting to store a number with magnitude larger than supported range$/],
    ['1E-131', /^Number underflow\. Attempting to store a number with magnitude smaller than supported range$/],
    [`${'1'.repeat(39)}`, /^Attempting to store more than 38 significant digits in a Number$/],
    ['1e999999999999', /Number overflow/],
    ['9'.repeat(5000), /numeric value/],
  ]
  for (const [written, sentence] of cases)
    assert.throws(() => canonicalNumber(written), { name: 'ValidationException', message: sentence }, written)
})

/** A number as an integer count of 10^-150, which holds all that DynamoDB's numbers can be. */
function exact(text: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)!
  const magnitude = BigInt(whole + fraction.padEnd(200, '0'))
  return sign === '-' ? -magnitude : magnitude
}

const number = fc
  .record({
    negative: fc.boolean(),
    digits: fc.bigInt({ min: 0n, max: 10n ** 19n }),
    exponent: fc.integer({ min: -9, max: 9 }),
  })
  .map(({ negative, digits, exponent }) => `${negative ? '-' : ''}${digits}e${exponent}`)

const wide = fc
  .record({
    negative: fc.boolean(),
    digits: fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
    exponent: fc.integer({ min: -130, max: 80 }),
  })
  .map(({ negative, digits, exponent }) => `${negative ? '-' : ''}${digits}e${exponent}`)

test('numbers are ordered by value, and so are their order texts', () => {
  fc.assert(
    fc.property(fc.oneof(number, wide), fc.oneof(number, wide), (a, b) => {
      const [left, right] = [canonicalNumber(a), canonicalNumber(b)]
      const order = exact(left) < exact(right) ? -1 : exact(left) > exact(right) ? 1 : 0
      assert.equal(Math.sign(compareNumbers(left, right)), order)
      const [leftText, rightText] = [orderTextOf(left), orderTextOf(right)]
      assert.equal(leftText < rightText ? -1 : leftText > rightText ? 1 : 0, order)
      assert.equal(canonicalNumber(left), left)
    }),
    { numRuns: 2000 },
  )
})

test('sums and differences are exact', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [left, right] = [canonicalNumber(a), canonicalNumber(b)]
      assert.equal(exact(addNumbers(left, right)), exact(left) + exact(right))
      assert.equal(exact(subtractNumbers(left, right)), exact(left) - exact(right))
    }),
    { numRuns: 2000 },
  )
})

test('a sum that needs more than 38 digits is refused rather than rounded', () => {
  assert.throws(() => addNumbers('1e38', '0.1'), /more than 38 significant digits/)
  assert.throws(() => addNumbers('9e125', '9e125'), /Number overflow/)
})
