import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checked } from '../../core/shapes.ts'
import { json } from './json.ts'
import { readJson } from './json-reader.ts'
import { anyInput, keylessShape, listOf, seen, shape } from './reader-fixture.ts'

/** The same body, as it is read without the reader. */
const readSlowly = (body: Buffer) => checked(shape, shape.decode(JSON.parse(body.toString()), json.wire))

/** The reader declines, or reads what is meant. */
function agrees(body: Buffer): boolean {
  const input = readJson(body, shape)
  if (input === undefined) return false
  assert.deepEqual(seen(checked(shape, input)), seen(readSlowly(body)), body.toString())
  return true
}

test('what the reader accepts means the same to JSON.parse and the shape', () => {
  const text = fc
    .tuple(anyInput, fc.constantFrom(undefined, ' ', '\n\t'))
    .map(([value, space]) => JSON.stringify(value, null, space))
  let accepted = 0
  fc.assert(
    fc.property(text, (body) => {
      if (agrees(Buffer.from(body))) accepted++
    }),
    { numRuns: 3000 },
  )
  assert.ok(accepted > 300, `${accepted} were accepted`)
})

test('no byte that is changed, lost or added lets the reader accept what means something else', () => {
  const body = Buffer.from(
    JSON.stringify({
      StreamName: 'orders',
      Records: [
        { Data: 'AAEC', PartitionKey: 'é', ExplicitHashKey: '7' },
        { Data: 'A'.repeat(400), PartitionKey: 'b' },
        { PartitionKey: 'c', Data: 'AA==' },
      ],
    }),
  )
  assert.ok(agrees(body))
  for (let at = 0; at <= body.length; at++) {
    for (const byte of [0, 0x1f, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3d, 0x41, 0x5c, 0x5d, 0x7d, 0x80, 0xff]) {
      const changed = Buffer.from(body)
      changed[at] = byte
      agreesOrThrows(changed)
      agreesOrThrows(Buffer.concat([body.subarray(0, at), Buffer.of(byte), body.subarray(at)]))
    }
    agreesOrThrows(body.subarray(0, at))
    agreesOrThrows(Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]))
  }
})

/** As `agrees`; a broken body may be declined, but never accepted. */
function agreesOrThrows(body: Buffer): void {
  if (readJson(body, shape) !== undefined) {
    assert.ok(Buffer.from(body.toString()).equals(body), 'it is UTF-8')
    agrees(body)
  }
}

test('what SDKs send is read: JSON.stringify’s, and Python’s with its spaces', () => {
  const value = {
    StreamName: 's',
    Records: [
      { Data: 'AAEC', PartitionKey: 'k' },
      { PartitionKey: 'ü', Data: '' },
    ],
  }
  assert.ok(agrees(Buffer.from(JSON.stringify(value))))
  assert.ok(agrees(Buffer.from('{"StreamName": "s", "Records": [{"Data": "AAEC", "PartitionKey": "k"}]}')))
  assert.ok(agrees(Buffer.from('{"StreamName":"s","Data":"AAEC"}')))
})

test('a record without key or data, one too many, too long or twice named is declined', () => {
  const one = '{"Data":"AAEC","PartitionKey":"k"}'
  const declined = [
    '{"Records":[]}',
    `{"Records":[${Array(5).fill(one).join(',')}]}`,
    '{"Records":[{"PartitionKey":"k"}]}',
    '{"Records":[{"Data":"AAEC"}]}',
    '{"Records":[{"Data":"AAEC","PartitionKey":""}]}',
    '{"Records":[{"Data":"AAEC","Data":"AAEC","PartitionKey":"k"}]}',
    `{"Records":[{"Data":"AAEC","PartitionKey":"${'k'.repeat(21)}"}]}`,
    `{"Records":[{"Data":"${'A'.repeat(804)}","PartitionKey":"k"}]}`,
    '{"Records":[{"Data":"AB==","PartitionKey":"k"}]}',
    `{"Records":[${one}],"Records":[${one}]}`,
    '{}',
    '[]',
  ]
  for (const body of declined) assert.equal(readJson(Buffer.from(body), shape), undefined, body)
})

test('records need no key where none has one, and one that brings a key all the same is read the slow way', () => {
  const read = (...Records: object[]) => readJson(Buffer.from(JSON.stringify({ Records })), keylessShape)?.Records
  const data = listOf(read({ Data: 'AAEC' }, { Data: '' }, { Data: 'AA==' })!).map(({ key, data }) => [key, data])
  assert.deepEqual(data, [
    ['', '000102'],
    ['', ''],
    ['', '00'],
  ])
  assert.equal(read({ Data: 'AAEC' }, { Data: 'AAEC', PartitionKey: 'k' }), undefined)
  assert.equal(readJson(Buffer.from('{"Records":[{"Data":"AAEC"}]}'), shape), undefined, 'streams always have keys')
})
