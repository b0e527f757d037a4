import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { AggregateBuilder } from './aggregate-builder.ts'
import { hashKeyOf } from './hash-key.ts'
import { deaggregateRecords, isAggregate } from './user-records.ts'

const noLimit = Number.POSITIVE_INFINITY
const vectors = {
  /** Of aws-kinesis-agg 4.2.8: two keys, one of them twice, two hash keys, empty data. */
  small:
    'f3899ac20a05616c7068610a0462657461122733343032383233363639323039333834363334363333373436303734333137363832313134353512273137303134313138333436303436393233313733313638373330333731353838343130353732381a0708001a036f6e651a09080110001a0374776f1a0b080010011a0574687265651a0408001a006f7d402abeae0c4deae4d790274f5265',
  /** Of protobufjs: a key beyond ASCII, tags, the second key used first. */
  tagged:
    'f3899ac20a016b0a0a7363686cc3bc7373656c1a1208011a017822060a017412017622030a01751a0508001a0179573d605f255b6345029c1f5f436cb63f',
  /** SHA-256 of what aws-kinesis-agg 4.2.8 makes of `manyRecords`. */
  manyDigest: '55f9aa2e9b74597404756f1c8365fa274415c550c341d4cf5e230c61f6ded465',
}
const manyRecords = Array.from({ length: 300 }, (_, i) => ({
  partitionKey: `key-${i % 200}`,
  explicitHashKey: i % 3 ? undefined : `17014118346046923173168730371588410${i}`,
  data: Buffer.alloc((i * 7) % 400, i),
}))

test('an aggregate is, byte for byte, what the other libraries make of the same records', () => {
  const builder = new AggregateBuilder()
  builder.add('alpha', undefined, Buffer.from('one'), noLimit)
  builder.add('beta', '340282366920938463463374607431768211455', Buffer.from('two'), noLimit)
  builder.add('alpha', '170141183460469231731687303715884105728', Buffer.from('three'), noLimit)
  builder.add('alpha', undefined, Buffer.alloc(0), noLimit)
  assert.equal(Buffer.from(builder.finish()).toString('hex'), vectors.small)

  for (const { partitionKey, explicitHashKey, data } of manyRecords)
    builder.add(partitionKey, explicitHashKey, data, noLimit)
  assert.equal(createHash('sha256').update(builder.finish()).digest('hex'), vectors.manyDigest)
})

test('the records of other libraries come out, in order and numbered', () => {
  const plain = deaggregate(Buffer.from(vectors.small, 'hex'))
  assert.deepEqual(
    plain.map(({ partitionKey, explicitHashKey, data, subSequenceNumber }) => [
      ...[partitionKey, explicitHashKey, Buffer.from(data).toString(), subSequenceNumber],
    ]),
    [
      ['alpha', undefined, 'one', 0],
      ['beta', '340282366920938463463374607431768211455', 'two', 1],
      ['alpha', '170141183460469231731687303715884105728', 'three', 2],
      ['alpha', undefined, '', 3],
    ],
  )
  const tagged = deaggregate(Buffer.from(vectors.tagged, 'hex'))
  assert.deepEqual(
    tagged.map(({ partitionKey, data }) => [partitionKey, Buffer.from(data).toString()]),
    [
      ['schlüssel', 'x'],
      ['k', 'y'],
    ],
  )
})

test('what is put in comes out, whatever keys and data, in the size that was said', () => {
  const key = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).map((text) => text.toWellFormed()),
    fc.constantFrom('0', '1', '__proto__', 'constructor', 'a'.repeat(256)),
  )
  const hashKey = fc.option(fc.bigInt(0n, 2n ** 128n - 1n).map(String), { nil: undefined })
  const record = fc.tuple(key, hashKey, fc.uint8Array({ maxLength: 300 }))
  const builder = new AggregateBuilder()
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 60 }), (records) => {
      for (const [partitionKey, explicitHashKey, data] of records) {
        const before = builder.sizeBytes
        assert.equal(builder.add(partitionKey, explicitHashKey, data, noLimit), true)
        assert.ok(builder.sizeBytes > before)
      }
      const said = builder.sizeBytes
      const aggregate = builder.finish()
      assert.equal(aggregate.byteLength, said)
      assert.equal(builder.count, 0)
      const out = deaggregate(aggregate)
      assert.deepEqual(
        out.map(({ partitionKey, explicitHashKey, data }) => [partitionKey, explicitHashKey, data]),
        records,
      )
    }),
    { numRuns: 300 },
  )
})

test('no record is taken that makes the aggregate larger than it may be, save the first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 2000 }), fc.array(fc.nat(300), { minLength: 2 }), (sizeMax, lengths) => {
      const builder = new AggregateBuilder()
      for (const [i, length] of lengths.entries()) {
        const { count, sizeBytes } = builder
        if (builder.add(`key-${i % 5}`, undefined, new Uint8Array(length), sizeMax)) {
          assert.ok(builder.sizeBytes <= sizeMax || builder.count === 1)
        } else {
          assert.equal(builder.count, count)
          assert.equal(builder.sizeBytes, sizeBytes)
          // What was refused would indeed have been too large, and is refused for its size only.
          assert.ok(builder.add(`key-${i % 5}`, undefined, new Uint8Array(length), noLimit))
          assert.ok(builder.sizeBytes > sizeMax)
          builder.finish()
        }
      }
    }),
  )
})

test('a builder that was used ten thousand times makes the same as a new one', () => {
  const used = new AggregateBuilder()
  for (let round = 0; round < 10_000; round++) {
    for (let i = 0; i < (round % 7) + 1; i++) used.add(`${round}-${i}`, undefined, new Uint8Array(i), noLimit)
    used.clear()
  }
  for (const builder of [used, new AggregateBuilder()]) {
    for (const { partitionKey, explicitHashKey, data } of manyRecords)
      builder.add(partitionKey, explicitHashKey, data, noLimit)
    assert.equal(createHash('sha256').update(builder.finish()).digest('hex'), vectors.manyDigest)
  }
})

test('twenty thousand different keys in one aggregate come out right', () => {
  const builder = new AggregateBuilder()
  for (let i = 0; i < 20_000; i++) builder.add(`device/${i}/état`, undefined, new Uint8Array(0), noLimit)
  for (let i = 0; i < 20_000; i++) builder.add(`device/${i}/état`, undefined, new Uint8Array(0), noLimit)
  const records = deaggregate(builder.finish())
  assert.equal(records.length, 40_000)
  for (let i = 0; i < 40_000; i++) assert.equal(records[i]!.partitionKey, `device/${i % 20_000}/état`)
})

test('data are views of the record that they came in, not copies', () => {
  const aggregate = Buffer.from(vectors.small, 'hex')
  for (const { data } of deaggregate(aggregate)) assert.equal(data.buffer, aggregate.buffer)
})

test('a batch comes out whole: aggregates opened, other records as they are', () => {
  const arrived = new Date(1_000)
  const records = deaggregateRecords([
    record(Buffer.from('plain'), { PartitionKey: 'p', SequenceNumber: '1', ApproximateArrivalTimestamp: arrived }),
    record(Buffer.from(vectors.small, 'hex'), { SequenceNumber: '2', ApproximateArrivalTimestamp: arrived }),
    record(undefined, { PartitionKey: 'q', SequenceNumber: '3' }),
  ])
  assert.deepEqual(
    records.map((one) => [one.sequenceNumber, one.subSequenceNumber, one.partitionKey, one.aggregated]),
    [
      ['1', 0, 'p', false],
      ['2', 0, 'alpha', true],
      ['2', 1, 'beta', true],
      ['2', 2, 'alpha', true],
      ['2', 3, 'alpha', true],
      ['3', 0, 'q', false],
    ],
  )
  assert.equal(records[1]!.approximateArrivalTimestamp, arrived)
  assert.equal(records[5]!.data.byteLength, 0)
})

test('records of an aggregate that belong to another shard are left out when a range is asked for', () => {
  const alpha = hashKeyOf('alpha')
  const aggregateOf = (...records: [string, string?][]) => {
    const builder = new AggregateBuilder()
    for (const [key, hashKey] of records) builder.add(key, hashKey, Buffer.from('x'), noLimit)
    return record(builder.finish())
  }
  const within = { start: alpha, end: alpha + 10n }
  const places = (one: ReturnType<typeof record>) =>
    deaggregateRecords([one], within).map(({ subSequenceNumber }) => subSequenceNumber)
  assert.deepEqual(places(aggregateOf(['alpha'], ['alpha'])), [0, 1])
  assert.deepEqual(places(aggregateOf(['alpha'], ['beta'], ['alpha'])), [0, 2])
  assert.deepEqual(places(aggregateOf(['beta'], ['beta', String(alpha + 10n)])), [1])
  assert.deepEqual(places(aggregateOf(['alpha'], ['alpha', String(alpha + 11n)])), [0])
  assert.deepEqual(places(aggregateOf(['beta'], ['beta'])), [])
  assert.deepEqual(
    places(aggregateOf(['alpha'], ['alpha', 'not a number'])),
    [0, 1],
    'nobody knows that it lies outside',
  )
  assert.deepEqual(places(record(Buffer.from('plain'))), [0], 'a plain record is where it was put')
})

test('of many keys, short and long, just those are in a range whose hash keys are, also where they are its borders', () => {
  const keys = Array.from({ length: 100 }, (_, i) => `${'long '.repeat(i % 20)}${i}`)
  const sorted = keys.map(hashKeyOf).sort((a, b) => (a < b ? -1 : 1))
  const builder = new AggregateBuilder()
  for (const key of keys) builder.add(key, undefined, Buffer.from('x'), noLimit)
  const aggregate = record(builder.finish())
  for (const [from, to] of [
    [20, 60],
    [0, 0],
    [99, 99],
  ] as const)
    for (const inwards of [0n, 1n]) {
      const range = { start: sorted[from]! + inwards, end: sorted[to]! - inwards }
      assert.deepEqual(
        deaggregateRecords([aggregate], range).map(({ partitionKey }) => partitionKey),
        keys.filter((key) => hashKeyOf(key) >= range.start && hashKeyOf(key) <= range.end),
      )
    }
})

test('isAggregate tells a sound aggregate from its beginning alone', () => {
  const aggregate = Buffer.from(vectors.small, 'hex')
  assert.equal(isAggregate(aggregate), true)
  assert.equal(isAggregate(aggregate.subarray(0, 40)), false)
})

function record(data: Uint8Array | undefined, more: object = {}) {
  return { Data: data, PartitionKey: 'outer', SequenceNumber: '49', ...more }
}

function deaggregate(data: Uint8Array) {
  const records = deaggregateRecords([record(data)])
  for (const [i, { aggregated, subSequenceNumber, sequenceNumber }] of records.entries()) {
    assert.equal(aggregated, true)
    assert.equal(subSequenceNumber, i)
    assert.equal(sequenceNumber, '49')
  }
  return records
}
