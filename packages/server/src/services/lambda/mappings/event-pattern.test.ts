import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventFilter } from './event-filter.ts'
import { compilePattern } from './event-pattern.ts'

const record = { data: { temperature: 31, room: 'cellar-2', tags: ['a', 'b'], deep: { er: null } }, partitionKey: 'k' }

const cases: [object, boolean][] = [
  [{ data: { temperature: [31] } }, true],
  [{ data: { temperature: ['31'] } }, false],
  [{ data: { temperature: [{ numeric: ['>', 30, '<=', 31] }] } }, true],
  [{ data: { temperature: [{ numeric: ['=', 30] }] } }, false],
  [{ data: { room: [{ numeric: ['>', 0] }] } }, false],
  [{ data: { room: ['hall', { prefix: 'cellar-' }] } }, true],
  [{ data: { room: [{ suffix: '-3' }] } }, false],
  [{ data: { room: [{ 'equals-ignore-case': 'CELLAR-2' }] } }, true],
  [{ data: { room: [{ 'anything-but': ['hall', 'cellar-2'] }] } }, false],
  [{ data: { room: [{ 'anything-but': { prefix: 'hall' } }] } }, true],
  [{ data: { nowhere: [{ 'anything-but': 'x' }] } }, false],
  [{ data: { nowhere: [{ exists: false }] } }, true],
  [{ data: { room: [{ exists: true }] } }, true],
  [{ data: { deep: { er: [null] } } }, true],
  [{ data: { tags: ['b'] } }, true],
  [{ data: { tags: ['c'] } }, false],
  [{ data: { room: ['cellar-2'], temperature: [30] } }, false],
  [{ data: { $or: [{ room: ['hall'] }, { temperature: [{ numeric: ['>', 30] }] }] } }, true],
  [{ partitionKey: ['k'] }, true],
  [{ partitionKey: ['other'] }, false],
]
for (const [pattern, isMatch] of cases)
  test(`${JSON.stringify(pattern)} ${isMatch ? 'matches' : 'does not match'}`, () => {
    assert.equal(compilePattern(JSON.stringify(pattern))(record), isMatch)
  })

for (const text of [
  '',
  'rubbish',
  '[]',
  '{}',
  '"data"',
  '{"data":"x"}',
  '{"data":{}}',
  '{"data":[]}',
  '{"data":[[1]]}',
  '{"data":[{"nonsense":1}]}',
  '{"data":[{"prefix":1}]}',
  '{"data":[{"prefix":"a","suffix":"b"}]}',
  '{"data":[{"exists":"yes"}]}',
  '{"data":[{"numeric":[">"]}]}',
  '{"data":[{"numeric":["~",1]}]}',
  '{"data":[{"toString":"a"}]}',
  '{"data":{"$or":[{"a":[1]}]}}',
  `${'{"a":'.repeat(40)}[1]${'}'.repeat(40)}`,
])
  test(`${text.slice(0, 40)} is no pattern`, () => {
    assert.throws(() => compilePattern(text))
  })

test('a filter sees JSON objects as trees, anything else as text, and passes what one of its patterns matches', () => {
  const filter = new EventFilter(['{"data":{"a":[1]}}', '{"data":["plain"]}', '{"partitionKey":["always"]}'])
  const passes = (data: string, partitionKey = 'k') =>
    filter.passes({ data: Buffer.from(data), partitionKey, sequenceNumber: '1', offset: 0, arrivedAtMs: 0 })
  assert.deepEqual(
    ['{"a":1}', '{"a":2}', 'plain', '"plain"', '{"a":', '[{"a":1}]'].map((data) => passes(data)),
    [true, false, true, false, false, true],
  )
  assert.equal(passes('whatever', 'always'), true)
})
