import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../log.ts'
import type { FileSystem } from './file-system.ts'
import { hastyDisk, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'
import { RowTable } from './row-table.ts'
import { type Segment, SegmentStore } from './segment-store.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test("a large index is made between the turns of others, and says what the segment's table said", async () => {
  const store = new SegmentStore(hastyDisk, temporaryDirectory(), new KeptLogger())
  const rows = new RowTable()
  const logCount = 1009
  const lengths = new Map<number, number>()
  for (let row = 0; row < 70_000; row++) {
    const logNumber = 1 + ((row * row) % logCount)
    const firstOffset = lengths.get(logNumber) ?? 0
    const entryCount = 1 + (row % 3)
    if (row % 20 === 0) rows.pushBlock(64 + row * 8, 160, 1_000 + row)
    rows.push(rows.placeOf(logNumber), firstOffset, entryCount, 30 + (row % 50))
    lengths.set(logNumber, firstOffset + entryCount)
  }
  rows.show()
  const tables = new Map(rows.logNumbers().map((number) => [number, rows.rowsOf(number)!]))
  const segment: Segment = { number: 1, previous: 0, rows }
  let turns = 0
  let isMade = false
  const made = store.describe(segment, 1 << 20).then((index) => {
    isMade = true
    return store.writeIndex(segment, index)
  })
  for (; !isMade; turns++) await nextTurn()
  await made
  assert.ok(turns >= 4, `${turns} turns for 70,000 rows`)
  assert.equal(segment.rows, undefined)
  assert.deepEqual(segment.directory!.logNumbers(), [...tables.keys()])
  for (const [logNumber, table] of tables) {
    const read = store.rowsOf(segment, logNumber)!
    assert.equal(read.count, table.count)
    assert.equal(store.bytesOf(segment, logNumber), table.totalBytes)
    for (let row = 0; row < read.count; ) {
      const { rows: found, first } = await read.runAt(row)
      assert.deepEqual(found.cells, table.slice(first, first + found.count).cells)
      row = first + found.count
    }
  }
  await store.close()
})

test('while the index of a segment waits for the disk one more segment is filled, and no third begun', async () => {
  const disk = Promise.withResolvers<void>()
  const begun: string[] = []
  const fileSystem: FileSystem = {
    ...hastyDisk,
    open: async (path, mode) => {
      if (path.endsWith('.index.new')) await disk.promise
      if (path.endsWith('.segment') && mode === 'create') begun.push(path)
      return hastyDisk.open(path, mode)
    },
  }
  const storage = await openIn(temporaryDirectory(), { fileSystem, segmentBytesMax: 256 })
  await storage.log.create('a', { retentionMs: 3_600_000 })
  const append = () => storage.log.append('a', batchOf([Buffer.alloc(100)]))
  for (let i = 0; i < 4; i++) await append() // two in each segment
  assert.equal(begun.length, 2)
  let isAppended = false
  const fifth = append().then(() => {
    isAppended = true
  })
  for (let turn = 0; turn < 500; turn++) await nextTurn()
  assert.deepEqual([isAppended, begun.length], [false, 2], 'what needs a third segment waits')
  disk.resolve()
  await fifth
  assert.equal(begun.length, 3)
  await storage.close()
})
