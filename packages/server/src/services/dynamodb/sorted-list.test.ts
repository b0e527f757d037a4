import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SortedList } from './sorted-list.ts'

const listOf = (numbers: Iterable<number>) => {
  const list = new SortedList<number>((a, b) => a - b)
  for (const number of numbers) list.insert(number)
  return list
}

test('a sorted list is what a sorted array would be, from any place in either direction', () => {
  const step = fc.record({ value: fc.integer({ min: 0, max: 3000 }), isDeletion: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000 }), fc.integer({ min: -1, max: 3001 }), (steps, from) => {
      const list = listOf([])
      const model = new Set<number>()
      for (const { value, isDeletion } of steps) {
        if (isDeletion) assert.equal(list.delete(value), model.delete(value) ? value : undefined)
        else if (!model.has(value)) {
          list.insert(value)
          model.add(value)
        }
      }
      const sorted = [...model].sort((a, b) => a - b)
      assert.equal(list.length, sorted.length)
      assert.deepEqual(
        [...list.ascending((entry) => entry - from)],
        sorted.filter((each) => each >= from),
      )
      assert.deepEqual([...list.descending((entry) => entry - from)], sorted.filter((each) => each <= from).reverse())
    }),
    { numRuns: 60 },
  )
})

test('ten thousand entries in falling order come back in rising order', () => {
  const list = listOf(Array.from({ length: 10_000 }, (_, i) => 10_000 - i))
  const all = [...list.ascending(() => 0)]
  assert.equal(all.length, 10_000)
  assert.ok(all.every((each, i) => each === i + 1))
})
