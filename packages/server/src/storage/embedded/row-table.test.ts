import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockRows, rowWidth } from './block-rows.ts'
import { RowTable } from './row-table.ts'

const firstOffsets = (table: RowTable, logNumber: number) => {
  const rows = table.rowsOf(logNumber)
  return rows ? Array.from({ length: rows.count }, (_, row) => rows.firstOffset(row)) : []
}

const rowsOf = (count: number) => new BlockRows(new Float64Array(count * rowWidth))

const offsetTimeAndPlace = (rows: BlockRows, row: number) => [
  rows.firstOffset(row),
  rows.endOffset(row),
  rows.timestampMs(row),
  rows.position(row),
  rows.length(row),
  rows.bytes(row),
]

test('each log has its rows in order, whenever it is asked, and an index has all of them', () => {
  // Numbers of logs to which a row is added, or 0: what was added is durable.
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 9_000, size: 'max' }), (steps) => {
      const table = new RowTable()
      const wanted = new Map<number, number[]>()
      let unshown: [number, number][] = []
      for (const [i, log] of steps.entries()) {
        if (log > 0) {
          table.pushBlock(64 + 80 * i, 80, 1000 + i)
          table.push(table.placeOf(log), i, 1, 20)
          unshown.push([log, i])
          continue
        }
        table.show()
        for (const [shown, offset] of unshown) wanted.set(shown, [...(wanted.get(shown) ?? []), offset])
        unshown = []
        const asked = 1 + (i % 6)
        assert.deepEqual(firstOffsets(table, asked), wanted.get(asked) ?? [])
        assert.equal(table.endOffset(asked), (wanted.get(asked)?.at(-1) ?? -1) + 1)
      }
      const numbers = [...wanted.keys()].sort((a, b) => a - b)
      assert.deepEqual(table.logNumbers(), numbers)
      const { counts, bytes } = table.sums(numbers)
      const wantedCounts = numbers.map((number) => wanted.get(number)!.length)
      assert.deepEqual([...counts], wantedCounts)
      assert.deepEqual(
        [...bytes],
        wantedCounts.map((count) => 20 * count),
      )
      const parts = Array.from({ length: Math.ceil(table.count / 1024) }, () => rowsOf(1024))
      const added = steps.filter((log) => log > 0).length // also those that are not durable take a turn
      assert.equal([...table.deal(numbers, counts, parts, 10)].length, Math.ceil(added / 4096))
      assert.deepEqual(
        Array.from({ length: table.count }, (_, row) => offsetTimeAndPlace(parts[row >> 10]!, row & 1023)),
        numbers.flatMap((number) => wanted.get(number)!.map((i) => [i, i + 1, 1000 + i, 64 + 80 * i, 80, 20])),
      )
      const shownBytes = 20 * table.count
      assert.deepEqual(
        table.weigh(() => 0),
        { deadBytes: 0, liveBytes: shownBytes },
      )
      assert.deepEqual(
        table.weigh(() => Number.POSITIVE_INFINITY),
        { deadBytes: shownBytes, liveBytes: 0 },
      )
    }),
    { numRuns: 20 },
  )
})
