import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PositionSet, readRuns, runsOf, runsOfSet, spanMax } from './position-set.ts'

const numbersOf = (text: string) => {
  const numbers: number[] = []
  readRuns(text, (start, end) => {
    assert.ok(end > start)
    for (let n = start; n < end; n++) numbers.push(n)
  })
  return numbers
}

const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b)

test('it holds what came and was not forgotten, in whatever order, and its runs are the same', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ add: fc.nat(400) }) },
    fc.record({ forgetBefore: fc.nat(400) }),
  )
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.array(step, { maxLength: 200 }), (base, steps) => {
      const set = new PositionSet()
      let model = new Set<number>()
      for (const each of steps) {
        if ('add' in each) {
          set.add(base + each.add)
          model.add(base + each.add)
        } else {
          set.forgetBefore(base + each.forgetBefore)
          model = new Set([...model].filter((n) => n >= base + each.forgetBefore))
        }
        assert.equal(set.end, model.size === 0 ? 0 : Math.max(...model) + 1)
      }
      for (let n = base - 40; n < base + 440; n++) assert.equal(set.has(n), model.has(n))
      assert.deepEqual(numbersOf(runsOfSet(set)), sorted(model))
      assert.equal(runsOfSet(set), runsOf([...model]))
    }),
  )
})

test('what is too far away is left out, and the rest stays', () => {
  const set = new PositionSet()
  set.add(100)
  set.add(100 + 2 * spanMax)
  set.add(5)
  assert.deepEqual(numbersOf(runsOfSet(set)), [5, 100])
  set.forgetBefore(50)
  set.add(60 + spanMax - 1000)
  assert.deepEqual(numbersOf(runsOfSet(set)), [100, 60 + spanMax - 1000])
})

test('a hundred thousand numbers with a hole each ten take two bytes a hole', () => {
  const numbers = Array.from({ length: 100_000 }, (_, i) => 2 ** 50 + i + Math.floor(i / 9))
  const text = runsOf(numbers)
  assert.ok(text.length < 31_000, `${text.length}`)
  assert.deepEqual(numbersOf(text), numbers)
})
