import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Point } from './point.ts'
import { statOf } from './stat.ts'

const point = new Point()
for (let i = 1; i <= 100; i++) point.addValue(i)

const figures: [string, number | undefined][] = [
  ['p1', 1],
  ['p50', 50],
  ['p99', 99],
  ['p99.99', 100],
  ['tm90', 45.5],
  ['TM(2%:98%)', 50.5],
  ['TM(50:)', 75.5],
  ['TM(:50)', 25.5],
  ['wm90', (4095 + 10 * 90) / 100],
  ['tc90', 90],
  ['ts90', 4095],
  ['TC(10:20)', 10],
  ['TS(80%:)', 1810],
  ['IQM', 50.5],
  ['PR(:30)', 30],
  ['PR(30:70)', 40],
]
for (const [name, figure] of figures)
  test(`of 1 to 100, ${name} is ${figure}`, () => {
    assert.ok(Math.abs(statOf(name)!(point)! - figure!) < 1e-9, `${statOf(name)!(point)}`)
  })

for (const name of [
  'p',
  'p101',
  'p-1',
  'average',
  'TM(90)',
  'TM(90%:10%)',
  'TM(1%:10)',
  'PR(1%:2%)',
  'TM(:)',
  'x90',
  'constructor',
  '',
])
  test(`there is no statistic called "${name}"`, () => {
    assert.equal(statOf(name), undefined)
  })

test('values below zero have no percentiles, but all else', () => {
  const negative = new Point()
  negative.addValue(-1)
  assert.equal(statOf('p50')!(negative), undefined)
  assert.equal(statOf('Minimum')!(negative), -1)
})
