import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IndexRotationPeriod, indexNameAt } from './index-name.ts'

const named = (rotation: IndexRotationPeriod, at: string) => indexNameAt('myindex', rotation, Date.parse(at))

test('the index rotates as AWS’s guide says', () => {
  const names = (['NoRotation', 'OneHour', 'OneDay', 'OneWeek', 'OneMonth'] as const).map((rotation) =>
    named(rotation, '2016-02-25T13:00:00Z'),
  )
  assert.deepEqual(names, [
    'myindex',
    'myindex-2016-02-25-13',
    'myindex-2016-02-25',
    'myindex-2016-w09',
    'myindex-2016-02',
  ])
})

test('weeks begin on Sunday at midnight UTC, and the first of a year is the one with its first Saturday', () => {
  const weeks: [string, string][] = [
    ['2016-01-01T00:00:00Z', '2016-w01'], // a Friday: its Saturday is January 2
    ['2016-01-02T23:59:59Z', '2016-w01'],
    ['2016-01-03T00:00:00Z', '2016-w02'],
    ['2015-12-27T00:00:00Z', '2016-w01'], // the Sunday of that week
    ['2015-12-26T23:59:59Z', '2015-w52'],
    ['2016-12-31T12:00:00Z', '2016-w53'], // a leap year that ends with a Saturday
    ['2017-01-01T00:00:00Z', '2017-w01'],
    ['2020-08-13T00:00:00Z', '2020-w33'],
    ['2026-02-28T00:00:00Z', '2026-w09'],
  ]
  for (const [at, week] of weeks) assert.equal(named('OneWeek', at), `myindex-${week}`, at)
})
