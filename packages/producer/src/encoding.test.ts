import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { deaggregateRecords, isAggregate } from '@millrace/formats'
import { setUp, watched } from './kinesis-fixture.ts'
import type { PutError } from './put-errors.ts'

/** A cipher that anyone can read, and that takes its time. */
const xor = (data: Uint8Array) => data.map((byte) => byte ^ 0x5a)

test('each record is compressed, then encrypted, and still travels in an aggregate that every KCL takes apart', async () => {
  const { clock, kinesis, producer } = setUp({ compress: (data) => gzipSync(data), encrypt: (data) => xor(data) })
  const texts = ['one', 'two'].map((text) => text.repeat(100))
  const puts = texts.map((data) => producer.put({ partitionKey: 'k', data }))
  await clock.advance(100)
  await Promise.all(puts)
  assert.equal(kinesis.stored.length, 1)
  assert.deepEqual(
    kinesis.read().map(({ data }) => gunzipSync(xor(data)).toString()),
    texts,
  )
})

test('encoding that takes its time does not change the order, and flush waits for it', async () => {
  const { clock, kinesis, producer } = setUp({
    encrypt: async (data) => {
      await clock.sleep(Buffer.from(data).toString() === '0' ? 500 : 10)
      return xor(data)
    },
  })
  for (const data of ['0', '1', '2']) void producer.put({ partitionKey: 'k', data })
  const flushed = watched(producer.flush())
  await clock.advance(499)
  assert.equal(kinesis.calls.length, 0)
  assert.equal(flushed.isSettled, false)
  await clock.advance(1)
  assert.equal(flushed.isSettled, true)
  assert.deepEqual(
    kinesis.read().map(({ data }) => Buffer.from(xor(data)).toString()),
    ['0', '1', '2'],
  )
})

for (const isLater of [false, true])
  test(`a whole aggregate can be encoded at once${isLater ? ', also later' : ''}: a reader undoes it first`, async () => {
    const { clock, kinesis, producer } = setUp({
      encodingScope: 'kinesis-record',
      compress: (data) => (isLater ? clock.sleep(20).then(() => gzipSync(data)) : gzipSync(data)),
    })
    const puts = Array.from({ length: 50 }, (_, i) => producer.put({ partitionKey: 'k', data: `the same text ${i}` }))
    await clock.advance(200)
    assert.equal((await Promise.all(puts))[49]!.subSequenceNumber, 49)
    const [{ Data, PartitionKey, SequenceNumber }] = kinesis.stored as [(typeof kinesis.stored)[0]]
    assert.equal(isAggregate(Data), false)
    assert.ok(Data.length < 400)
    const records = deaggregateRecords([{ Data: gunzipSync(Data), PartitionKey, SequenceNumber }])
    assert.equal(Buffer.from(records[49]!.data).toString(), 'the same text 49')
  })

for (const encodingScope of ['user-record', 'kinesis-record'] as const)
  for (const [what, encrypt, message] of [
    ['throws', () => assert.fail('no key'), /compress or encrypt failed: .*no key/],
    ['rejects', () => Promise.reject(new Error('no key')), /compress or encrypt failed: Error: no key/],
    ['rejects with nothing', () => Promise.reject(), /failed without a reason/],
    ['gives something else', () => 'text' as never, /it gave no Uint8Array/],
    ['gives too much', () => new Uint8Array(1_001), /it made 1002 bytes, with the key, of recordSizeBytesMax 1000/],
  ] as const)
    test(`an encoding of a ${encodingScope} that ${what} fails its records, and no others`, async () => {
      const { clock, kinesis, producer } = setUp({
        encodingScope,
        recordSizeBytesMax: 1_000,
        aggregation: false,
        encrypt: (data, partitionKey) => (partitionKey === 'x' ? encrypt() : data),
      })
      const [bad, good] = ['x', 'k'].map((partitionKey) => watched(producer.put({ partitionKey, data: 'd' })))
      const all = watched(
        producer.putAll([
          { partitionKey: 'x', data: 'd' },
          { partitionKey: 'k', data: 'd' },
        ]),
      )
      await clock.advance(200)
      assert.equal(bad!.error?.code, 'EncodingFailed')
      assert.match(bad!.error!.message, message)
      assert.deepEqual((bad!.error as PutError).attempts, [])
      assert.ok(good!.value)
      assert.deepEqual([all.value?.putCount, all.value?.failedCount], [1, 1])
      assert.equal(kinesis.stored.length, 2)
      assert.equal(producer.pendingRecords, 0)
      await producer.close()
    })
