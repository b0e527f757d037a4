import assert from 'node:assert/strict'
import { test } from 'node:test'
import { javaPattern } from './java-pattern.ts'

test('what Java and JavaScript write differently means what Java means', () => {
  const cases: [pattern: string, matches: string[], others: string[]][] = [
    ['\\p{Alpha}+\\p{Digit}', ['ab1'], ['é1']],
    ['[\\p{Upper}_]+', ['A_B'], ['a']],
    ['\\Qa.b*\\E+', ['a.b*', 'a.b***'], ['aXb*']],
    ['(?i)error.*', ['ERROR x', 'error'], ['err']],
    ['(?s)a.b', ['a\nb'], ['ab']],
    ['(?is)A.B', ['a\nb'], []],
    ['\\Aab\\z', ['ab'], ['xab']],
    ['a\\hb', ['a b', 'a\tb'], ['a\nb']],
    ['\\x41\\u0042\\x{43}', ['ABC'], ['abc']],
    ['\\0101', ['A'], []],
    ['[]a]+', [']a]'], ['[']],
    ['[^\\s]+', ['a\u00a0b'], ['a b']],
    ['a\\-\\_\\"b', ['a-_"b'], []],
    ['(?<year>\\d{4})-(?:0[1-9]|1[0-2])', ['2026-11'], ['2026-13']],
    ['a{2,3}?', ['aa', 'aaa'], ['a']],
    ['\\e\\a\\cA', ['\x1b\x07\x01'], []],
    ['a(?!c)\\w', ['ab'], ['ac']],
    ['(a)\\1', ['aa'], ['ab']],
    ['a\\Rb', ['a\r\nb', 'a\nb'], ['ab']],
    ['x}]', ['x}]'], []],
  ]
  for (const [pattern, matches, others] of cases) {
    for (const text of matches) assert.ok(javaPattern(pattern).matchWhole(text), `${pattern} matches ${text}`)
    for (const text of others) assert.equal(javaPattern(pattern).matchWhole(text), undefined, `${pattern}: not ${text}`)
  }
})

test('groups are counted and given, those that did not take part as undefined', () => {
  const pattern = javaPattern('(a)|(?:b)(c)?(?<d>d)?')
  assert.equal(pattern.groupCount, 3)
  assert.deepEqual(pattern.matchWhole('bd'), [undefined, undefined, 'd'])
  assert.equal(javaPattern('x').matchesStart('xyz'), true)
  assert.equal(javaPattern('x').matchesStart('yx'), false)
  assert.deepEqual(javaPattern('\\s*,\\s*').split('a , b,,c,,'), ['a', 'b', '', 'c'])
})

test('what cannot be said is refused in one sentence', () => {
  const cases = {
    'a++': /possessive quantifiers/,
    'a{2}+': /possessive quantifiers/,
    '(?>a)b': /atomic groups/,
    '[a-z&&[^b]]': /intersection of classes/,
    '[a[bc]]': /class within a class/,
    '(?x) a # b': /\(\?x\)/,
    '\\p{IsHan}': /POSIX names/,
    '\\G': /\\G/,
    'a(': /is not a regular expression/,
    'a)': /is not a regular expression/,
    '[a': /\[ is not closed/,
    'a{': /is not a quantifier/,
    '*a': /is not a regular expression/,
    'a\\': /ends with a backslash/,
    'a(?i)b': /within the pattern/,
  }
  for (const [pattern, sentence] of Object.entries(cases)) assert.throws(() => javaPattern(pattern), sentence, pattern)
})

test('no pattern and no line holds the process up', (t) => {
  const hostile: [string, string][] = [
    ['(a+)+', `${'a'.repeat(50_000)}!`],
    ['(a|aa)+', `${'a'.repeat(50_000)}!`],
    ['(\\w+\\s?)*', `${'ab '.repeat(10_000)}!`],
    ['(.*a){20}', `${'a'.repeat(3000)}!`],
    ['(?=(a+)+$)b', `${'a'.repeat(60)}!`],
    ['(a+)+\\1', `${'a'.repeat(60)}!`],
    ['(?i)(a+)+', `${'a'.repeat(60)}!`],
    ['(a{1,30}){1,30}', `${'a'.repeat(2000)}!`],
    ['x', 'x'.repeat(5_000_000)],
  ]
  for (const [pattern, line] of hostile) {
    const compiled = javaPattern(pattern)
    const before = process.cpuUsage()
    assert.equal(compiled.matchWhole(line), undefined, pattern)
    compiled.matchesStart(line)
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1000 // of the processor: what else it had to do is no fault of the pattern
    t.diagnostic(`${pattern}: ${tookMs.toFixed(1)} ms`)
    assert.ok(tookMs < 3000, `${pattern} took ${tookMs} ms`)
  }
})
