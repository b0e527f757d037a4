import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatch } from '../../core/record-batch.ts'
import { type Batch, entryCount } from '../../storage/log.ts'
import { countedBytes, encodeRecords, placeRecord } from './record-codec.ts'

/** The key and the data of a batch's entry. */
function recordIn({ bytes, positions }: Batch, i: number): [key: string, data: Buffer] {
  const end = positions[i + 1]!
  const { keyStart, dataStart } = placeRecord(bytes, positions[i]!, end)
  return [Buffer.from(bytes.subarray(keyStart, dataStart)).toString(), Buffer.from(bytes.subarray(dataStart, end))]
}

test('any key and any data come back as they were put, in the order of the indexes', () => {
  const key = fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }), { nil: undefined })
  const list = fc.array(fc.record({ PartitionKey: key, Data: fc.uint8Array({ maxLength: 300 }) }), { minLength: 1 })
  fc.assert(
    fc.property(list, (given) => {
      const records = RecordBatch.of(given)
      const indexes = given.map((_, i) => given.length - 1 - i)
      const batch = encodeRecords(records, Uint16Array.from(indexes))
      assert.equal(entryCount(batch), given.length)
      for (const [i, index] of indexes.entries()) {
        const [key, data] = recordIn(batch, i)
        assert.equal(key, given[index]!.PartitionKey ?? '')
        assert.deepEqual(data, Buffer.from(given[index]!.Data))
      }
      const sizeBytes = indexes.reduce((sum, index) => sum + records.sizeBytes(index), 0)
      assert.equal(countedBytes(batch.bytes.byteLength, given.length), sizeBytes)
    }),
    { numRuns: 50 },
  )
})

test('only the records that are asked for are in the batch', () => {
  const given = ['a', 'b', 'c', 'd'].map((PartitionKey) => ({ PartitionKey, Data: Buffer.from(PartitionKey) }))
  const batch = encodeRecords(RecordBatch.of(given), Uint16Array.of(1, 3, 0))
  assert.deepEqual(
    [0, 1, 2].map((i) => recordIn(batch, i)[0]),
    ['b', 'd', 'a'],
  )
  assert.equal(entryCount(batch), 3)
})

test('the bytes of an entry are as drawn', () => {
  const batch = encodeRecords(RecordBatch.of([{ PartitionKey: 'é', Data: Buffer.from([7, 8]) }]), Uint16Array.of(0))
  assert.equal(Buffer.from(batch.bytes).toString('hex'), '01000002c3a90708')
})

test('a half surrogate in a key is stored as Unicode’s replacement character, as in every UTF-8', () => {
  const record = { PartitionKey: '\ud800', Data: Buffer.of() }
  assert.equal(recordIn(encodeRecords(RecordBatch.of([record]), Uint16Array.of(0)), 0)[0], '\ufffd')
})

test('bytes of another format are not taken for a record', () => {
  assert.throws(() => placeRecord(Buffer.from('02000000', 'hex'), 0, 4), /storage gives back/)
})
