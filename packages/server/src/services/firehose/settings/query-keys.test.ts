import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryKeys } from './query-keys.ts'

test('the keys of an object that a query writes are known', () => {
  const cases: [string, string[]][] = [
    ['{a: .b}', ['a']],
    [' { "a-b" : .x , c , d : .e | strftime("%Y, %m") } ', ['a-b', 'c', 'd']],
    ['{a: {x: 1, y: 2}, b: [1, 2], c: (.d | {e, f})}', ['a', 'b', 'c']],
    ['{a: "}, b: \\"", c: .d}', ['a', 'c']],
    ['{}', []],
  ]
  for (const [query, keys] of cases) assert.deepEqual(queryKeys(query), keys, query)
})

test('where keys are not written down, nothing is said of them', () => {
  for (const query of [
    '.a',
    '.a | {b}',
    '{a: 1} + {b: 2}',
    '{(.a): 1}',
    '{$a}',
    '{"a\\(.b)": 1}',
    '{a: 1',
    'with_entries(.)',
  ])
    assert.equal(queryKeys(query), undefined, query)
})
