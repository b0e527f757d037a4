import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entryCount } from '../../storage/log.ts'
import { countedBytes, decodeRecord, encodeRecords, recordSizeBytes } from './record-codec.ts'

test('any key and any data come back as they were put, in the order of the indexes', () => {
  const key = fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }), { nil: undefined })
  const records = fc.array(fc.record({ PartitionKey: key, Data: fc.uint8Array({ maxLength: 300 }) }), { minLength: 1 })
  fc.assert(
    fc.property(records, (given) => {
      const indexes = given.map((_, i) => given.length - 1 - i)
      const batch = encodeRecords(given, indexes)
      assert.equal(entryCount(batch), given.length)
      for (const [i, index] of indexes.entries()) {
        const { PartitionKey, Data } = decodeRecord(batch.bytes, batch.positions[i]!, batch.positions[i + 1]!)
        assert.equal(PartitionKey, given[index]!.PartitionKey)
        assert.deepEqual(Buffer.from(Data), Buffer.from(given[index]!.Data))
      }
      const sizeBytes = given.reduce((sum, record) => sum + recordSizeBytes(record), 0)
      assert.equal(countedBytes(batch.bytes.byteLength, given.length), sizeBytes)
    }),
    { numRuns: 50 },
  )
})

test('the bytes of an entry are as drawn', () => {
  const { bytes } = encodeRecords([{ PartitionKey: 'é', Data: Buffer.from([7, 8]) }], [0])
  assert.equal(Buffer.from(bytes).toString('hex'), '01000002c3a90708')
})

test('a half surrogate in a key is stored as Unicode’s replacement character, as in every UTF-8', () => {
  const record = { PartitionKey: '\ud800', Data: Buffer.of() }
  const { bytes, positions } = encodeRecords([record], [0])
  assert.equal(decodeRecord(bytes, 0, positions[1]!).PartitionKey, '\ufffd')
})

test('bytes of another format are not taken for a record', () => {
  assert.throws(() => decodeRecord(Buffer.from('02000000', 'hex'), 0, 4), /storage gives back/)
})
