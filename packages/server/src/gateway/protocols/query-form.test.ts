import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AwsError } from '../../core/aws-error.ts'
import { type Form, parseForm } from './query-form.ts'
import { textWire } from './text-wire.ts'
import { xmlOf } from './xml.ts'

const name = fc.stringMatching(/^[A-Za-z_]{1,8}$/)
const tree = fc.letrec((tie) => ({
  form: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, fc.string(), tie('form')), { minKeys: 1, maxKeys: 4 }),
})).form as fc.Arbitrary<Form>

test('a form gives back the tree whose paths it names', () => {
  fc.assert(
    fc.property(tree, (form) => {
      const fields = new URLSearchParams(fieldsOf(form, ''))
      assert.deepEqual(JSON.parse(JSON.stringify(parseForm(fields.toString()))), JSON.parse(JSON.stringify(form)))
    }),
    { numRuns: 300 },
  )
})

test('no form breaks the parser, and none reaches a prototype', () => {
  const parts = fc.constantFrom('a', 'b', '.', '=', '&', '%', '%2e', '+', '__proto__', 'constructor', '1', '\u0000')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 60 }), (pieces) => {
      try {
        parseForm(pieces.join(''))
      } catch (error) {
        assert.ok(error instanceof AwsError)
      }
      assert.equal(Reflect.get({}, 'a'), undefined)
      assert.equal(Reflect.get({}, 'b'), undefined)
    }),
    { numRuns: 500 },
  )
})

test('a form of too many values is refused', () => {
  const text = Array.from({ length: 100_001 }, (_, i) => `a${i}=1`).join('&')
  assert.throws(() => parseForm(text), /at most 100000 values/)
})

test('a name that stands twice is refused, whatever its values are and however it is written', () => {
  const twice = { code: 'MalformedQueryString', message: /stands twice/ }
  for (const text of ['A=1&B=2&A=1', 'L.member.1=a&L.member.1=b', 'A=1&%41=2', 'A=&A=', '__proto__=1&__proto__=1'])
    assert.throws(() => parseForm(text), twice, text)
  assert.equal(parseForm('A=1&a=2').A, '1', 'small and large letters are two')
})

test('lists are in the order of their numbers, whatever is between them', () => {
  const list = (text: string) => textWire.list!(parseForm(text).L)
  assert.deepEqual(list('L.member.10=c&L.member.2=b&L.member.1=a'), ['a', 'b', 'c'])
  assert.deepEqual(list('L.2=b&L.1=a'), ['a', 'b'], 'flattened')
  assert.deepEqual(list('L.member.999999999=a'), ['a'], 'and not as long as the number says')
  assert.deepEqual(list('L='), [])
  assert.equal(list('L.member.x=a'), undefined)
  assert.equal(list('L.member.1234567890=a'), undefined)
})

test('what is markup in a text is none in XML, and what XML cannot hold is replaced', () => {
  assert.equal(xmlOf('<a b="c">&\r\n\u0000\uffff'), '&lt;a b=&quot;c&quot;&gt;&amp;&#xD;\n\ufffd\ufffd')
  assert.equal(
    xmlOf({ A: [1, true], B: undefined, C: { D: Buffer.from('x') } }),
    '<A><member>1</member><member>true</member></A><C><D>eA==</D></C>',
  )
})

function fieldsOf(form: Form, prefix: string): [string, string][] {
  return Object.entries(form).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : fieldsOf(value, `${prefix}${key}.`),
  )
}
