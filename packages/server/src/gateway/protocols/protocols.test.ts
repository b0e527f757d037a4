import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from 'cborg'
import fc from 'fast-check'
import { AwsError } from '../../core/aws-error.ts'
import {
  blob,
  boolean,
  checked,
  integer,
  list,
  optional,
  string,
  stringMap,
  structure,
  timestamp,
} from '../../core/shapes.ts'
import { cbor } from './cbor.ts'
import { json } from './json.ts'
import type { Protocol } from './protocol.ts'

const shape = structure({
  Name: optional(string({ min: 1, max: 9, pattern: '[a-z]+' })),
  Data: optional(blob({ max: 20 })),
  Count: optional(integer({ min: 0 })),
  At: optional(timestamp()),
  On: optional(boolean()),
  Tags: optional(stringMap({ min: 1, max: 20 }, { min: 0, max: 9 })),
  Records: optional(list(structure({ Data: blob(), PartitionKey: string() }), { max: 3 })),
})

const read = (protocol: Protocol, body: Buffer) => checked(shape, protocol.parse(body, shape)())
const readJson = (text: string) => read(json, Buffer.from(text))
const readCbor = (...parts: (string | Uint8Array)[]) =>
  read(cbor, Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part))))

const serialization = (message: string) => ({ code: 'SerializationException', message })

test('base64 that is none is refused with the reason', () => {
  const cases: [string, string][] = [
    ['AAA', 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
    ['A*AA', "Invalid Base64 character: '*'"],
    ['-_AA', "Invalid Base64 character: '-'"],
    ['AA A', "Invalid Base64 character: ' '"],
    ['ŁAAA', "Invalid Base64 character: 'Ł'"],
    ['A=AA', "Invalid Base64 character: '='"],
    ['AB==', 'Invalid last non-pad Base64 character dectected'],
    ['====', 'Invalid last non-pad Base64 character dectected'],
  ]
  for (const [text, reason] of cases)
    assert.throws(
      () => readJson(JSON.stringify({ Data: text })),
      serialization(`'${text}' can not be converted to a Blob: ${reason}`),
      text,
    )
  assert.deepEqual(readJson('{"Data":"AQI="}').Data, Buffer.of(1, 2))
  assert.deepEqual(readJson('{"Data":""}').Data, Buffer.alloc(0))
})

test('depth is counted outside strings only', () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.ok(json.parse(Buffer.from(deep(96))))
  assert.throws(() => json.parse(Buffer.from(deep(97))), { code: 'SerializationException' })
  assert.ok(json.parse(Buffer.from(JSON.stringify({ a: `${'['.repeat(500)}\\"${'{'.repeat(500)}\\` }))))
  assert.ok(cbor.parse(Buffer.from(encode({ a: '\x9f'.repeat(500) }))))
  for (const nest of ['81', '9f', 'a1', 'bf', 'c1'])
    assert.throws(() => readCbor(nest.repeat(100_000)), { code: 'SerializationException' }, nest)
})

test('keys that name a prototype are only keys', () => {
  const text = '{"Tags":{"__proto__":"a","constructor":"b"},"__proto__":{"Name":"evil"},"Name":"x","Name":"y"}'
  for (const input of [
    readJson(text),
    readCbor(encode({ Tags: JSON.parse('{"__proto__":"a","constructor":"b"}'), Name: 'y' })),
  ]) {
    assert.deepEqual(
      [...input.Tags!],
      [
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ],
    )
    assert.equal(input.Name, 'y')
  }
  assert.equal(json.render({ Tags: new Map([['__proto__', 'a']]) }).toString(), '{"Tags":{"__proto__":"a"}}')
  assert.equal(({} as Record<string, unknown>).Name, undefined)
})

test('CBOR as the Java SDKs write it is read: indefinite maps, lists and strings, tag 1 in milliseconds', () => {
  // {_ "Name": (_ "a", "bc"), "At": 1(1700000000123), "Records": [_ {_ "Data": h'01', "PartitionKey": "k" }] }
  const input = readCbor(
    'bf',
    '644e616d65',
    '7f',
    '6161',
    '626263',
    'ff',
    '624174',
    'c11b0000018bcfe5687b',
    '675265636f726473',
    '9f',
    'bf',
    '6444617461',
    '5f',
    '4101',
    '4102',
    'ff',
    '6c506172746974696f6e4b6579',
    '616b',
    'ff',
    'ff',
    'ff',
  )
  assert.equal(input.Name, 'abc')
  assert.equal(input.At?.getTime(), 1_700_000_000_123)
  assert.deepEqual(input.Records, [{ Data: Buffer.of(1, 2), PartitionKey: 'k' }])
})

test('CBOR that lies about lengths, or carries other tags, is refused', () => {
  for (const hex of [
    '',
    'a1',
    'bf',
    '9b00ffffffffffffff',
    'bbffffffffffffffff',
    '5bffffffffffffffff',
    '7a7fffffff',
    'a16144c249010000',
    '7f4101ff',
    '5f5f4101ffff',
    '7f',
    'ff',
    'a1ff',
    'a1616100' + '00',
    '1c',
    'a161611f',
  ])
    assert.throws(() => readCbor(hex), { code: 'SerializationException' }, hex)
})

test('CBOR text that is no UTF-8 is refused, as it is in JSON', () => {
  const named = Buffer.from(encode({ Name: 'ab' }))
  assert.deepEqual(read(cbor, named).Name, 'ab')
  named[named.length - 1] = 0xff
  assert.throws(() => cbor.parse(named), { name: 'SerializationException' })
})

test('CBOR answers carry bytes as bytes, times as tag 1 in milliseconds, and no undefined members', () => {
  const at = new Date(1_700_000_000_123)
  const body = cbor.render({
    Data: new Uint8Array([1]),
    At: at,
    Nothing: undefined,
    List: [{ None: undefined, N: -5 }],
  })
  const back = decode(body, { tags: { 1: (content) => ({ ms: content() }) } })
  assert.deepEqual(back, { Data: Uint8Array.of(1), At: { ms: at.getTime() }, List: [{ N: -5 }] })
})

test('numbers that no integer can hold are clamped, cut, or 0', () => {
  const nan = encode({ Count: Number.NaN })
  assert.equal(readCbor(nan).Count, 0)
  assert.equal(readJson('{"Count":1e999}').Count, 2 ** 31 - 1)
  assert.equal(readJson('{"Count":3.9}').Count, 3)
  assert.throws(() => readJson('{"At":1e300}'), { code: 'SerializationException' })
  assert.throws(() => readCbor(encode({ At: Number.NaN })), { code: 'SerializationException' })
})

const runs = { numRuns: 3000, verbose: 0 as const }

test('whatever bytes come as a body, decoding gives an input or an error that a client may see', () => {
  const leaves = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('__proto__', 'AA==', 'true'),
  )
  const names = fc.oneof(
    fc.constantFrom('Name', 'Data', 'Count', 'At', 'On', 'Tags', 'Records', 'PartitionKey'),
    fc.string(),
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaves,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 6 }),
    ),
  }))
  const bytes = fc.uint8Array({ maxLength: 200 })
  for (const protocol of [json, cbor]) {
    const survives = (body: Uint8Array) => {
      try {
        read(protocol, Buffer.from(body))
      } catch (error) {
        assert.ok(error instanceof AwsError && error.status === 400, String((error as Error).stack))
      }
    }
    const encoded = (value: unknown) => (protocol === json ? Buffer.from(JSON.stringify(value)) : encode(value))
    fc.assert(fc.property(bytes, survives), runs)
    fc.assert(
      fc.property(fc.dictionary(names, tree), (value) => survives(encoded(value))),
      runs,
    )
    // Sound bodies with a few bytes changed reach deeper than noise.
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 })
    fc.assert(
      fc.property(fc.dictionary(names, tree), damage, (value, changes) => {
        const body = Buffer.from(encoded(value))
        for (const [at, byte] of changes) body[at % body.length] = byte
        survives(body)
      }),
      runs,
    )
  }
})

test('what CBOR renders, a strict decoder reads back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.uint8Array())), (value) => {
      const plainValue = Object.fromEntries(Object.entries(value))
      assert.deepEqual(decode(cbor.render(plainValue)), plainValue)
    }),
    { numRuns: 500 },
  )
})

test('base64 is taken just where going back gives the same text', () => {
  const letters = fc.constantFrom(...'ABCDwxyz0129+/=-_ \n*é\u0141'.split(''))
  fc.assert(
    fc.property(fc.oneof(fc.base64String({ maxLength: 40 }), fc.string({ unit: letters, maxLength: 12 })), (text) => {
      const isSound = Buffer.from(text, 'base64').toString('base64') === text
      const decode = () => json.wire.blob(text)
      if (isSound) assert.equal(Buffer.from(decode()).toString('base64'), text)
      else assert.throws(decode, { name: 'SerializationException' })
    }),
    { numRuns: 5000 },
  )
})
