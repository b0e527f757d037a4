import assert from 'node:assert/strict'
import { test } from 'node:test'
import { javaTimes } from './java-times-fixture.ts'
import { formatTime, isTimePattern } from './time-format.ts'

test('times are written as Java writes them', () => {
  for (const [pattern, at, timeZone, text] of javaTimes)
    assert.equal(formatTime(pattern, at, timeZone), text, `${pattern} in ${timeZone}`)
})

test('the letters that AWS refuses alone are refused, and no others', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const refused = [...letters].filter((letter) => !isTimePattern(letter)).join('')
  assert.equal(refused, 'CIJPRTUVbfijloprt')
})

test('fields that are too wide, text that does not end and what Java keeps for later are refused', () => {
  for (const pattern of [
    ...[
      'ddd',
      'HHH',
      'MMMMMM',
      'aa',
      'DDDD',
      'www',
      'WW',
      'cc',
      'BB',
      'OO',
      'XXXXXX',
      'zzzzz',
      'V',
      'VVV',
      'SSSSSSSSSS',
    ],
    ...["yyyy'T", "'''", 'yyyy]', '{', '}', '#', 'p', 'pp-', "p'x'"],
  ])
    assert.equal(isTimePattern(pattern), false, pattern)
})

test('a field that is wider than its padding is written all the same', () => {
  const at = (month: number, day: number) => Date.UTC(2026, month - 1, day)
  assert.equal(formatTime('pd/ppd/ppppppppMMMM', at(9, 9)), '9/ 9/September')
  assert.equal(formatTime('pd/ppd/ppppppppMMMM', at(12, 10)), '10/10/December')
})
