import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../../../storage/log.ts'
import type { DeliveryRecord } from './delivery-record.ts'
import { dataLength, dataOf, onPage, StoredRecord } from './stored-record.ts'

const page = { lane: 'put', next: '1', left: 0, first: 0, end: 0 }
const blockOf = (firstOffset: number, ...texts: string[]) => ({
  ...batchOf(texts.map((text) => Buffer.from(text))),
  firstOffset,
  timestampMs: 1000 + firstOffset,
})
const recordsOf = (block: ReturnType<typeof blockOf>) =>
  Array.from({ length: block.positions.length - 1 }, (_, i) => new StoredRecord(block, i, (offset) => `id-${offset}`))
const texts = (parts: readonly Uint8Array[]) => parts.map((part) => Buffer.from(part).toString())

test('a record in a block has the id of its offset, the time of its block and its own bytes', () => {
  const [, second] = recordsOf(blockOf(5, 'a', 'bcd', ''))
  const { arrivalMs, data, recordId } = onPage(second!, page, true)
  assert.deepEqual([recordId, arrivalMs, Buffer.from(data).toString(), dataLength(second!)], ['id-6', 1005, 'bcd', 3])
})

test('a record that is copied by its members keeps all of them, and one that is not is the same with its page', () => {
  const [record] = recordsOf(blockOf(5, 'abc'))
  const copied = { ...onPage(record!, page, true), part: 1 }
  const { data, ...others } = copied
  assert.deepEqual(others, { position: 5, recordId: 'id-5', arrivalMs: 1005, page, part: 1 })
  assert.equal(Buffer.from(data).toString(), 'abc')
  const kept = onPage(record!, page, false)
  assert.equal(kept, record)
  assert.equal(kept.page, page)
})

test('neighbours of one block are one part without a copy; others are parts of their own, in order', () => {
  const [block, next] = [blockOf(0, 'a', 'b', 'c', 'd'), blockOf(4, 'e', 'f')]
  const [a, b, c, d] = recordsOf(block) as DeliveryRecord[] as [StoredRecord, StoredRecord, StoredRecord, StoredRecord]
  const plain: DeliveryRecord = { position: 0, recordId: 'p', arrivalMs: 0, data: Buffer.from('plain'), page }
  const records = [a, b, d, plain, c, d, ...recordsOf(next)]
  const parts = dataOf(records)
  assert.deepEqual(texts(parts), ['ab', 'd', 'plain', 'cd', 'ef'])
  assert.equal(parts[0]!.buffer, block.bytes.buffer)
  assert.deepEqual(texts(dataOf(records, 5)), ['d', 'ef'])
  assert.deepEqual(dataOf(records, records.length), [])
})
