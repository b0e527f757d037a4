import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JqRunner } from './jq-runner.ts'
import { PlainQuery } from './plain-query.ts'

const never = new AbortController().signal

const queries = ['{a: .x}', '{x}', ' { "a" : .x.y , b: .z }\n', '{a: .x.y.z, b: .toString, c: .x}', '{a:.constructor}']

const word = fc.constantFrom('x', 'y', 'z', 'toString', '__proto__', 'constructor')
const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, '', 1e308, -0, 2 ** 60),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 2 }),
    fc.array(fc.tuple(word, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
  ),
}))

/** What JSON.stringify never writes. */
const odd = [
  '{"x":1e999}',
  '{"x":1,"x":2}',
  '{"x":"\\ud800"}',
  '{"x":12345678901234567890}',
  '{"x":1.0}',
  '{"x":{"__proto__":{"y":1}}}',
  '{"__proto__":{"x":"inherited"}}',
  ' {"x":"padded"} \n',
  '{"x":"a"} {"x":"b"}',
  '{x:1}',
  '',
  'nan',
  '[1]',
  '"text"',
]

for (const query of queries)
  test(`${query.trim()} means the same to jq wherever jq need not be asked`, async (t) => {
    const jq = new JqRunner(query)
    t.after(() => jq.close())
    const texts = [...fc.sample(value, { numRuns: 1500, seed: 6 }).map((made) => JSON.stringify(made)), ...odd]
    const records = texts.map((text) => Buffer.from(text))
    const plain = PlainQuery.of(query)!
    const wanted = await jq.run(records, never)
    let answered = 0
    for (const [i, record] of records.entries()) {
      const found = plain.resultOf(record)
      if (!found) continue
      answered++
      assert.deepEqual(found, wanted[i], texts[i])
    }
    t.diagnostic(`${answered} of ${records.length} without jq`)
    assert.ok(answered > 0)
  })

test('a number beyond all doubles is the largest of them, with jq and without', async (t) => {
  const jq = new JqRunner('{a: .x} | .')
  t.after(() => jq.close())
  const records = ['{"x":1e999}', '{"x":-1e999}'].map((text) => Buffer.from(text))
  const largest = [{ keys: { a: '1.7976931348623157e+308' } }, { keys: { a: '-1.7976931348623157e+308' } }]
  assert.deepEqual(await jq.run(records, never), largest)
  assert.deepEqual(
    records.map((record) => PlainQuery.of('{a: .x}')!.resultOf(record)),
    largest,
  )
})

test('what is more than paths is left to jq', () => {
  const more = [
    '.',
    '{a: .b | ascii_downcase}',
    '{a: .b // "none"}',
    '{a: .b[0]}',
    '{a: .b?}',
    '{(.a): .b}',
    '{a: {b: .c}}',
    '{a: "text"}',
    '{a: 1}',
    '{a: .b, a: .c}',
    '{if: .b}',
    '{a: .and}',
    '{a: .b} # so much for that',
    '{a: .b};',
    '{a: .b}, {a: .c}',
    '{}',
    '{a: .}',
    '{a: .b.}',
    '{a: ..b}',
    '{$__loc__}',
    '{@base64}',
    '',
  ]
  for (const query of more) assert.equal(PlainQuery.of(query), undefined, query)
})
