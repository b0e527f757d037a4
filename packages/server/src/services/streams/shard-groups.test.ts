import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ShardGrouping } from './shard-groups.ts'

test('each shard has its records, in the order of the request, and shards come in theirs', () => {
  const place = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 9_999 }))
  fc.assert(
    fc.property(fc.array(place, { maxLength: 500 }), (placeOf) => {
      const grouping = new ShardGrouping(10_000, 500)
      for (const [index, at] of placeOf.entries()) grouping.add(at, index)
      const { places, indexes, ends } = grouping.groups()
      assert.deepEqual(
        [...places],
        [...new Set(placeOf)].sort((a, b) => a - b),
      )
      let start = 0
      for (const [group, at] of places.entries()) {
        const wanted = placeOf.flatMap((other, index) => (other === at ? [index] : []))
        assert.deepEqual([...indexes.subarray(start, ends[group])], wanted)
        start = ends[group]!
      }
      assert.equal(start, placeOf.length)
    }),
  )
})
