import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { AggregateBuilder } from './aggregate-builder.ts'
import { magic } from './aggregate-format.ts'
import { deaggregateRecords } from './user-records.ts'

const message = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const sound = '0a 01 6b 1a 05 0800 1a01 78'

test('a sound message, which the broken ones below are made of, gives its record', () => {
  assert.deepEqual(taken(framed(message(sound))), [['k', 'x']])
})

test('every truncation of an aggregate is a plain record', () => {
  const aggregate = sample()
  for (let length = 0; length < aggregate.length; length++) assertPlain(aggregate.subarray(0, length))
})

test('every truncation of a message with its right MD5 is a plain record, or whole fields of it', () => {
  const { keys, body } = sampleMessage()
  const whole = taken(framed(body))
  for (let length = 0; length < body.length; length++) {
    const records = outcome(framed(body.subarray(0, length)))
    if (records.length === 1 && !records[0]!.aggregated) continue
    assert.deepEqual(
      records.map(({ partitionKey, data }) => [partitionKey, Buffer.from(data).toString()]),
      whole.slice(0, records.length),
    )
    assert.ok(length >= keys || records.length === 0)
  }
})

test('every changed bit of an aggregate makes it a plain record', () => {
  const aggregate = sample()
  for (let bit = 0; bit < 8 * aggregate.length; bit++) {
    const damaged = Buffer.from(aggregate)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    assertPlain(damaged)
  }
})

test('every changed bit of a message with its right MD5 gives views of it, or a plain record', () => {
  const { body } = sampleMessage()
  for (let bit = 0; bit < 8 * body.length; bit++) {
    const damaged = Buffer.from(body)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    assertWithin(framed(damaged))
  }
})

const broken: Record<string, string> = {
  'no record has its key': '1a 05 0800 1a01 78',
  'a key index beyond the table': '0a 01 6b 1a 05 0801 1a01 78',
  'a hash key index without a table': '0a 01 6b 1a 07 0800 1000 1a01 78',
  'a key index of 2^31': '0a 01 6b 1a 09 088080808008 1a01 78',
  'a key index of 2^64 - 1': '0a 01 6b 1a 0e 08ffffffffffffffffff01 1a01 78',
  'a varint of eleven bytes': '0a 01 6b 1a 0f 08808080808080808080 8000 1a01 78',
  'a record without a key index': '0a 01 6b 1a 03 1a01 78',
  'a record without data': '0a 01 6b 1a 02 0800',
  'an empty record': '0a 01 6b 1a 00',
  'data longer than its record': '0a 01 6b 1a 05 0800 1a02 78',
  'data of 2^31 bytes': '0a 01 6b 1a 0a 0800 1a8080808008 78',
  'data of 2^63 bytes': '0a 01 6b 1a 0f 0800 1a80808080808080808001 78',
  'a record longer than the message': '0a 01 6b 1a 06 0800 1a01 78',
  'a record of 2^64 - 1 bytes': '0a 01 6b 1a ffffffffffffffffff01 0800 1a01 78',
  'a key longer than the message': '0a 7f 6b',
  'a varint that never ends': '0a 01 6b 1a ff',
  'a field that ends with the message': '0a 01 6b 1a',
  'field number 0': '00 00 0a 01 6b 1a 05 0800 1a01 78',
  'a type that does not exist': '0a 01 6b 27 00',
  'the end of a group that did not begin': '0a 01 6b 24 1a 05 0800 1a01 78',
  'a group without an end': '0a 01 6b 23 08 01',
  'an unknown field of 8 bytes, of which 3 are there': '0a 01 6b 21 010203',
  'a tag without its key': `0a 01 6b 1a 0a 0800 1a01 78 2203 120176`,
  'a tag that is cut': `0a 01 6b 1a 09 0800 1a01 78 2202 0a05`,
}

for (const [what, hex] of Object.entries(broken))
  test(`with a right MD5, ${what}: a plain record`, () => assertPlain(framed(message(hex))))

const unusual: Record<string, [string, [string, string][]]> = {
  'records before their tables': ['1a 05 0800 1a01 78 0a 01 6b', [['k', 'x']]],
  'fields of a record in another order': ['0a 01 6b 1a 05 1a01 78 0800', [['k', 'x']]],
  'a field that comes twice: the last counts': ['0a 01 6b 1a 08 0800 1a01 77 1a01 78', [['k', 'x']]],
  'an index in more bytes than it needs': ['0a 01 6b 1a 0e 0880808080808080808000 1a01 78', [['k', 'x']]],
  'unknown fields of every type': [
    '28 05 2a 02 aabb 31 0102030405060708 3d 01020304 33 08 01 34 0a 01 6b 1a 07 0800 2801 1a01 78 b0fa01 07',
    [['k', 'x']],
  ],
  'a known number with another type is unknown': ['08 05 0a 01 6b 1a 07 0800 1801 1a01 78', [['k', 'x']]],
  'tables and no records: nothing': ['0a 01 6b', []],
}

for (const [what, [hex, records]] of Object.entries(unusual))
  test(`protobuf allows ${what}`, () => assert.deepEqual(taken(framed(message(hex))), records))

test('groups in groups are followed only so deep', () => {
  const nested = (depth: number) => `${'2b'.repeat(depth)}${'2c'.repeat(depth)}${sound}`
  assert.deepEqual(taken(framed(message(nested(50)))), [['k', 'x']])
  assertPlain(framed(message(nested(100_000))))
})

test('an aggregate of a million empty records costs what is there, and a length that lies costs nothing', () => {
  const body = Buffer.concat([
    message('0a 01 6b'),
    ...Array.from({ length: 100_000 }, () => message('1a 04 0800 1a00')),
  ])
  assert.equal(outcome(framed(body)).length, 100_000)
  const liar = framed(message('0a 01 6b 1a ffffff7f 0800 1a01 78'))
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 100; i++) assertPlain(liar)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20)
})

test('chance bytes with a right MD5 never throw, nor give what lies outside of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => assertWithin(framed(body))),
    { numRuns: 2000 },
  )
  const bytes = fc.array(fc.constantFrom(0x0a, 0x12, 0x1a, 0x08, 0x10, 0x22, 0, 1, 2, 3, 0x80, 0xff), { maxLength: 60 })
  fc.assert(
    fc.property(bytes, (body) => assertWithin(framed(Uint8Array.from(body)))),
    { numRuns: 5000 },
  )
})

function framed(body: Uint8Array): Buffer {
  return Buffer.concat([magic, body, createHash('md5').update(body).digest()])
}

function sample(): Buffer {
  return framed(sampleMessage().body)
}

/** Three records; `keys` is where the records begin. */
function sampleMessage(): { keys: number; body: Buffer } {
  const builder = new AggregateBuilder()
  for (const [key, hashKey, data] of [
    ['alpha', undefined, 'first'],
    ['beta', '12345', 'second'],
    ['alpha', undefined, 'x'.repeat(150)],
  ] as const)
    builder.add(key, hashKey, Buffer.from(data), Number.POSITIVE_INFINITY)
  const aggregate = Buffer.from(builder.finish())
  return { keys: 20, body: aggregate.subarray(4, -16) }
}

function outcome(bytes: Uint8Array) {
  return deaggregateRecords([{ Data: bytes, PartitionKey: 'outer', SequenceNumber: '49' }])
}

function taken(bytes: Uint8Array): [string, string][] {
  const records = outcome(bytes)
  for (const { aggregated } of records) assert.equal(aggregated, true)
  return records.map(({ partitionKey, data }) => [partitionKey, Buffer.from(data).toString()])
}

function assertPlain(bytes: Uint8Array): void {
  const records = outcome(bytes)
  assert.equal(records.length, 1)
  assert.equal(records[0]!.aggregated, false)
  assert.equal(records[0]!.data, bytes)
  assert.equal(records[0]!.partitionKey, 'outer')
}

/** Views within the bytes, in number no more than fit: whatever the message says. */
function assertWithin(bytes: Uint8Array): void {
  const records = outcome(bytes)
  assert.ok(records.length <= Math.max(1, bytes.length / 6))
  for (const { data } of records) {
    assert.equal(data.buffer, bytes.buffer)
    assert.ok(data.byteOffset >= bytes.byteOffset)
    assert.ok(data.byteOffset + data.byteLength <= bytes.byteOffset + bytes.byteLength)
  }
}
