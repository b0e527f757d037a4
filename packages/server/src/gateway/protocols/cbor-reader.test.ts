import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from 'cborg'
import fc from 'fast-check'
import { checked } from '../../core/shapes.ts'
import { cbor } from './cbor.ts'
import { readCbor } from './cbor-reader.ts'
import { anyInput, keylessShape, listOf, seen, shape } from './reader-fixture.ts'

/** The same body, as it is read without the reader: by the decoder, and the shape. */
const readSlowly = (body: Buffer) => checked(shape, shape.decode(cbor.parse<unknown>(body, anything)(), cbor.wire))

/** A shape that the reader declines, and that leaves the value as it is. */
const anything = { required: true, decode: (value: unknown) => value, check() {} }

/** The reader declines, or reads what is meant. */
function agrees(body: Buffer): boolean {
  const input = readCbor(body, shape)
  if (input === undefined) return false
  assert.deepEqual(seen(checked(shape, input)), seen(readSlowly(body)), body.toString('hex'))
  return true
}

/** Data as bytes, as CBOR has it. */
const withBytes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (name, member) => (name === 'Data' ? Buffer.from(member, 'base64') : member))

test('what the reader accepts means the same to the decoder and the shape', () => {
  let accepted = 0
  fc.assert(
    fc.property(anyInput, (value) => {
      if (agrees(Buffer.from(encode(withBytes(value), { mapSorter: () => 0 })))) accepted++
    }),
    { numRuns: 3000 },
  )
  assert.ok(accepted > 300, `${accepted} were accepted`)
})

/** As Jackson writes it, for the Java SDKs: maps and arrays without a count. */
const indefinite = Buffer.concat([
  Buffer.from('bf67', 'hex'),
  Buffer.from('Records'),
  Buffer.from('9fbf64', 'hex'),
  Buffer.from('Data'),
  Buffer.from('43000102', 'hex'),
  Buffer.from('6c', 'hex'),
  Buffer.from('PartitionKey'),
  Buffer.from('62c3bc', 'hex'),
  Buffer.from('ffffff', 'hex'),
])

test('containers without a count are read', () => {
  assert.ok(agrees(indefinite))
  const [record] = seen(readCbor(indefinite, shape)!).Records!
  assert.deepEqual([record!.key, record!.data], ['ü', '000102'])
})

test('no byte that is changed, lost or added lets the reader accept what means something else', () => {
  const definite = Buffer.from(
    encode({
      StreamName: 'orders',
      Records: [
        { Data: Buffer.of(1, 2), PartitionKey: 'é', ExplicitHashKey: '7' },
        { PartitionKey: 'b'.repeat(20), Data: Buffer.alloc(30) },
      ],
    }),
  )
  let accepted = 0
  for (const body of [definite, indefinite]) {
    assert.ok(agrees(body))
    for (let at = 0; at <= body.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const changed = Buffer.from(body)
        changed[at] = byte
        if (agrees(changed)) accepted++
        if (agrees(Buffer.concat([body.subarray(0, at), Buffer.of(byte), body.subarray(at)]))) accepted++
      }
      if (at < body.length) assert.equal(agrees(body.subarray(0, at)), false)
      agrees(Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]))
    }
  }
  assert.ok(accepted > 1000, `${accepted} were accepted: data and keys may hold anything`)
})

test('a record without key or data, one too many, too long or twice named is declined', () => {
  const one = { Data: Buffer.of(1), PartitionKey: 'k' }
  const declined = [
    [],
    { Records: [] },
    { Records: Array(5).fill(one) },
    { Records: [{ PartitionKey: 'k' }] },
    { Records: [{ Data: Buffer.of(1) }] },
    { Records: [{ Data: Buffer.of(1), PartitionKey: '' }] },
    { Records: [{ Data: Buffer.of(1), PartitionKey: 'k'.repeat(21) }] },
    { Records: [{ Data: Buffer.alloc(601), PartitionKey: 'k' }] },
    { Records: [{ Data: 'text', PartitionKey: 'k' }] },
    { Records: [{ ...one, ExplicitHashKey: '01' }] },
    { StreamName: 7 },
  ]
  for (const value of declined)
    assert.equal(readCbor(Buffer.from(encode(value)), shape), undefined, JSON.stringify(value))
})

test('records need no key where none has one', () => {
  const body = Buffer.from(encode({ Records: [{ Data: Buffer.of(0, 1) }, { Data: Buffer.of() }] }))
  const records = listOf(readCbor(body, keylessShape)!.Records)
  assert.deepEqual(
    records.map(({ key, data }) => [key, data]),
    [
      ['', '0001'],
      ['', ''],
    ],
  )
  assert.equal(readCbor(body, shape), undefined, 'streams always have keys')
})
