import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPrefixes } from './prefix-checks.ts'

const withType = 'e/!{firehose:error-output-type}/'
const refused: readonly [what: Parameters<typeof checkPrefixes>[0], message: string][] = [
  [
    { Prefix: '!{timestamp:yyyy/MM/dd}', ErrorOutputPrefix: undefined },
    'ErrorOutputPrefix cannot be null or empty when Prefix contains expressions',
  ],
  [
    { Prefix: '!{firehose:error-output-type}/', ErrorOutputPrefix: withType },
    'Prefix must not contain any occurrence of !{firehose:error-output-type}',
  ],
  [
    { Prefix: '', ErrorOutputPrefix: 'e/!{timestamp:yyyy}/' },
    'ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}',
  ],
  [
    { Prefix: '', ErrorOutputPrefix: `${withType}!{partitionKeyFromQuery:a}` },
    "Dynamic Partitioning Namespaces can't be part of an error prefix expression",
  ],
  [{ Prefix: 'a!{timestamp', ErrorOutputPrefix: withType }, 'Invalid expression usage'],
  [{ Prefix: '!{timestamp}/', ErrorOutputPrefix: withType }, 'Invalid expression usage'],
  [{ Prefix: '!{timestamp:a{b}}', ErrorOutputPrefix: withType }, 'Invalid expression usage'],
  [
    { Prefix: '!{Timestamp:yyyy}/', ErrorOutputPrefix: withType },
    'Namespace to the left of colon (Timestamp) is an invalid keyword!',
  ],
  [
    { Prefix: '!{timestamp:yyyy-T}/', ErrorOutputPrefix: withType },
    'Invalid conversion character used in the value of the expression in Prefix',
  ],
  [
    { Prefix: '', ErrorOutputPrefix: `${withType}!{firehose:random}` },
    'Invalid conversion character used in the value of the expression in ErrorOutputPrefix',
  ],
  [{ Prefix: 'x'.repeat(513), ErrorOutputPrefix: undefined }, 'Length of evaluated prefix cannot be greater than 512'],
  [
    { Prefix: '', ErrorOutputPrefix: `${withType}${'x'.repeat(500)}` },
    'Length of evaluated ErrorOutputPrefix cannot be greater than 512',
  ],
]

for (const [prefixes, message] of refused)
  test(`refused: ${message}`, () => {
    assert.throws(() => checkPrefixes(prefixes, false), { message })
  })

test('an hour that is added does not count against the length, and what an expression stands for does', () => {
  checkPrefixes({ Prefix: 'x'.repeat(512), ErrorOutputPrefix: undefined }, false)
  checkPrefixes({ Prefix: `${'x'.repeat(508)}!{timestamp:yyyy}`, ErrorOutputPrefix: withType }, false)
  const tooLong = { Prefix: `${'x'.repeat(509)}!{timestamp:yyyy}`, ErrorOutputPrefix: withType }
  assert.throws(() => checkPrefixes(tooLong, false), /greater than 512/)
})

test('partition keys are for prefixes of delivery streams that partition', () => {
  const prefixes = { Prefix: '!{partitionKeyFromQuery:a}/', ErrorOutputPrefix: withType }
  checkPrefixes(prefixes, true)
  assert.throws(() => checkPrefixes(prefixes, false), /when Dynamic Partitioning is enabled\.$/)
})

test("zones are those of AWS's list, and others are refused", () => {
  // links and names that were given up since are the ones to miss
  for (const CustomTimeZone of ['UTC', 'Asia/Tokyo', 'America/Godthab', 'Asia/Ujung_Pandang', 'Pacific/Ponape', ''])
    checkPrefixes({ Prefix: '', ErrorOutputPrefix: undefined, CustomTimeZone }, false)
  const nowhere = { Prefix: '', ErrorOutputPrefix: undefined, CustomTimeZone: 'Not/AZone' }
  assert.throws(() => checkPrefixes(nowhere, false), /not a time zone/)
})
