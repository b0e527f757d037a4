import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameMatches, parseGlob } from './glob.ts'

test('a pattern is a directory to begin with, and names below it', () => {
  assert.deepEqual(parseGlob('/var/log/app.log'), { base: '/var/log', names: ['app.log'] })
  assert.deepEqual(parseGlob('/app.log'), { base: '/', names: ['app.log'] })
  assert.equal(parseGlob('/var/*/app.log').base, '/var')
  assert.deepEqual(parseGlob('/var/**/app.log').names, ['**', 'app.log'])
  assert.deepEqual(parseGlob('/a\\*b/c').base, '/a*b')
})

test('a name matches as Java matches globs', () => {
  const cases: [pattern: string, matches: string[], others: string[]][] = [
    ['app.log*', ['app.log', 'app.log.1', 'app.log-x'], ['app_log', 'xapp.log']],
    ['*.log', ['a.log', '.log', 'a b.log', 'a\nb.log'], ['a.log.1']],
    ['a?c', ['abc', 'a.c'], ['ac', 'abbc']],
    ['[a-c]x', ['ax', 'cx'], ['dx']],
    ['[!a-c]x', ['dx'], ['ax']],
    ['[]x', [], []],
    ['{app,web}-*.log', ['app-1.log', 'web-.log'], ['db-1.log']],
    ['{a*,[bc]}', ['axx', 'b'], ['d']],
    ['a\\*', ['a*'], ['ab']],
    ['a(b)+.$^|', ['a(b)+.$^|'], []],
    ['a**b', ['ab', 'axxb'], []],
  ]
  for (const [pattern, matches, others] of cases) {
    if (pattern === '[]x') {
      assert.throws(() => parseGlob(`/d/${pattern}`))
      continue
    }
    const wanted = parseGlob(`/d/${pattern}`).names[0]!
    for (const name of matches) assert.ok(nameMatches(name, wanted), `${pattern} matches ${name}`)
    for (const name of others) assert.ok(!nameMatches(name, wanted), `${pattern} does not match ${name}`)
  }
})
