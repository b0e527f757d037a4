import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { deaggregateRecords, isAggregate, openSealed, parseSealed, sealOverheadBytesMax } from '@millrace/formats'
import { type DataKey, type KeyProvider, LocalKeys } from '@millrace/ports'
import { setUp, watched } from './kinesis-fixture.ts'

const keys = new LocalKeys({ current: 'a', keys: { a: Buffer.alloc(32, 1) } })

async function opened(data: Uint8Array, partitionKey: string): Promise<string> {
  const sealed = parseSealed(data)!
  const key = createSecretKey(await keys.unwrap(sealed.wrappedKey, { streamName: 'orders' }))
  return openSealed(sealed, key, { streamName: 'orders', partitionKey })!.toString()
}

/** Counts, and fails as long as it is told to. */
class CountedKeys implements KeyProvider {
  generated = 0
  failure: Error | undefined
  async generate(context: { streamName: string }): Promise<DataKey> {
    this.generated++
    if (this.failure) throw this.failure
    return keys.generate(context)
  }
  unwrap = keys.unwrap.bind(keys)
}

test('each user record is encrypted by itself, bound to its partition key, in an aggregate that every KCL takes apart', async () => {
  const { clock, kinesis, producer } = setUp({ encryption: { keys } })
  const puts = ['a', 'b'].map((key) => producer.put({ partitionKey: key, data: `secret of ${key}` }))
  await clock.advance(100)
  await Promise.all(puts)
  assert.equal(kinesis.stored.length, 1)
  assert.ok(isAggregate(kinesis.stored[0]!.Data) && !Buffer.from(kinesis.stored[0]!.Data).includes('secret'))
  const [one, two] = kinesis.read()
  assert.equal(await opened(one!.data, 'a'), 'secret of a')
  assert.equal(await opened(two!.data, 'b'), 'secret of b')
  assert.notDeepEqual(parseSealed(one!.data)!.nonce, parseSealed(two!.data)!.nonce)
})

test('a whole Kinesis record is encrypted at once: one head for all of its records', async () => {
  const { clock, kinesis, producer } = setUp({ encryption: { keys }, encodingScope: 'kinesis-record' })
  const puts = Array.from({ length: 50 }, (_, i) => producer.put({ partitionKey: 'k', data: `secret ${i}` }))
  await clock.advance(200)
  await Promise.all(puts)
  const [{ Data, PartitionKey }] = kinesis.stored as [(typeof kinesis.stored)[0]]
  const sealed = parseSealed(Data)!
  assert.equal(sealed.scope, 'kinesis-record')
  const key = createSecretKey(await keys.unwrap(sealed.wrappedKey, { streamName: 'orders' }))
  const whole = openSealed(sealed, key, { streamName: 'orders', partitionKey: PartitionKey })!
  assert.equal(deaggregateRecords([{ Data: whole, PartitionKey, SequenceNumber: '1' }]).length, 50)
})

test('a data key serves so many records and so long, and the provider is asked once however many wait', async () => {
  const counted = new CountedKeys()
  const encryption = { keys: counted, dataKeyRecordsMax: 10, dataKeyAgeMaxMs: 60_000 }
  const { clock, kinesis, producer } = setUp({ encryption, aggregation: false })
  const put = async (count: number) => {
    const puts = Array.from({ length: count }, () => producer.put({ partitionKey: 'k', data: 'd' }))
    await clock.advance(100)
    await Promise.all(puts)
  }
  await put(7)
  assert.equal(counted.generated, 1)
  await put(13)
  assert.ok([2, 3].includes(counted.generated), `${counted.generated}`)
  const byKey = new Map<string, number>()
  for (const { Data } of kinesis.stored) {
    const name = Buffer.from(parseSealed(Data)!.wrappedKey).toString('hex')
    byKey.set(name, (byKey.get(name) ?? 0) + 1)
  }
  assert.ok(Math.max(...byKey.values()) <= 10)
  const before = counted.generated
  await clock.advance(61_000)
  await put(1)
  assert.equal(counted.generated, before + 1)
})

test('the next data key is fetched before the old one is over, so that a short outage of its provider fails nothing', async () => {
  const counted = new CountedKeys()
  const { clock, producer } = setUp({ encryption: { keys: counted, dataKeyAgeMaxMs: 100_000 } })
  const put = async () => {
    const state = watched(producer.put({ partitionKey: 'k', data: 'd' }))
    await clock.advance(200)
    return state
  }
  assert.ok((await put()).value)
  counted.failure = new Error('KMS is down')
  await clock.advance(80_000)
  assert.ok((await put()).value)
  assert.equal(counted.generated, 2)
  counted.failure = undefined
  await clock.advance(6_000)
  assert.ok((await put()).value)
  await clock.advance(20_000)
  assert.ok((await put()).value)
  assert.equal(counted.generated, 3)
})

test('without any data key records fail, and say why; with the next one they go again', async () => {
  const counted = new CountedKeys()
  counted.failure = new Error('KMS is down')
  const { clock, producer } = setUp({ encryption: { keys: counted } })
  const failed = watched(producer.put({ partitionKey: 'k', data: 'd' }))
  await clock.advance(200)
  assert.equal(failed.error?.code, 'EncodingFailed')
  assert.match(failed.error!.message, /KMS is down/)
  counted.failure = undefined
  const put = watched(producer.put({ partitionKey: 'k', data: 'd' }))
  await clock.advance(200)
  assert.ok(put.value)
})

test('what encryption adds counts against the limit of a record', async () => {
  const { clock, producer } = setUp({ encryption: { keys }, recordSizeBytesMax: 10_000 })
  const states = [9_000, 9_950].map((size) => watched(producer.put({ partitionKey: 'k', data: Buffer.alloc(size) })))
  await clock.advance(200)
  assert.ok(states[0]!.value)
  assert.match(states[1]!.error!.message, /it made \d+ bytes, with the key, of recordSizeBytesMax 10000/)
  const whole = setUp({
    encryption: { keys },
    encodingScope: 'kinesis-record',
    aggregationSizeBytesMax: 99_000,
    recordSizeBytesMax: 100_000 + sealOverheadBytesMax,
  })
  const puts = Array.from({ length: 40 }, () => whole.producer.put({ partitionKey: 'k', data: Buffer.alloc(10_000) }))
  await whole.clock.advance(5_000)
  await Promise.all(puts)
})

test('it comes after compress, and not beside encrypt', async () => {
  assert.throws(() => setUp({ encryption: { keys }, encrypt: (data) => data }), /encryption or encrypt, and not both/)
  assert.throws(() => setUp({ encryption: { keys, dataKeyRecordsMax: 0 } }), /dataKeyRecordsMax is 0/)
  const { clock, kinesis, producer } = setUp({ encryption: { keys }, compress: (data) => data.toReversed() })
  void producer.put({ partitionKey: 'k', data: 'abc' })
  await clock.advance(200)
  assert.equal(await opened(kinesis.read()[0]!.data, 'k'), 'cba')
})
