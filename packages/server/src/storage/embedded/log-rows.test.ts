import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockRows } from './block-rows.ts'
import { LogRows } from './log-rows.ts'

const rowsPerPart = 512

/** A table in parts, of which `looks` tells those that were looked at. A row holds ten entries. */
function tableOf(timestampsMs: readonly number[]) {
  const all = new BlockRows()
  all.grow(timestampsMs.length)
  for (const [row, timestampMs] of timestampsMs.entries()) all.set(row, row * 10, row * 10 + 10, timestampMs, 0, 0, 0)
  const looks: number[] = []
  const table = new LogRows(all.count, all.ends, (row) => {
    const first = row - (row % rowsPerPart)
    looks.push(first)
    return { rows: all.slice(first, Math.min(first + rowsPerPart, all.count)), first }
  })
  return { table, looks }
}

const counted = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i))

test('where rows come evenly, a place is found in the first part that is looked at', async () => {
  const { table, looks } = tableOf(counted(20_000, (i) => 1_000_000 + 3 * i))
  for (const row of [1, 777, 9_999, 19_998]) {
    assert.equal(await table.rowAtOrAfter(1_000_000 + 3 * row - 1), row)
    assert.equal(await table.rowEndingAfter(row * 10 + 5), row)
  }
  assert.equal(looks.length, 8)
})

test('where rows come in bursts, a place is found by few parts more than halving takes', async () => {
  const steps = [1, 1, 1, 3_600_000] // each of the last is an hour in which nothing came
  let timestampMs = 0
  const timestampsMs = counted(50_000, (i) => {
    timestampMs += steps[Math.floor(i / 5_000) % 4]! * (i % 97)
    return timestampMs
  })
  const { table, looks } = tableOf(timestampsMs)
  let most = 0
  for (let row = 0; row < timestampsMs.length; row += 487) {
    looks.length = 0
    const expected = timestampsMs.findIndex((timestampMs) => timestampMs >= timestampsMs[row]!)
    assert.equal(await table.rowAtOrAfter(timestampsMs[row]!), expected)
    most = Math.max(most, looks.length)
  }
  assert.ok(most <= 6 + Math.ceil(Math.log2(50_000 / rowsPerPart)), `${most} parts`)
})

test('what is before the first row and behind the last is told, also where all rows have one time', async () => {
  for (const timestampsMs of [counted(2_000, () => 5), counted(2_000, (i) => 5 + i)]) {
    const { table } = tableOf(timestampsMs)
    assert.equal(await table.rowAtOrAfter(4), 0)
    assert.equal(await table.rowAtOrAfter(5), 0)
    assert.equal(await table.rowAtOrAfter(5_000), 2_000)
    assert.equal(await table.rowEndingAfter(20_000), 2_000)
    assert.equal(await table.rowEndingAfter(0), 0)
  }
})
