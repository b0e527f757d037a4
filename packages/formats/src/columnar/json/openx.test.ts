import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf, rowsOf, valuesOf } from './rows-fixture.ts'

const micros = (text: string) => Date.parse(text) * 1000

test('whole numbers are taken as numbers, as texts and as hexadecimal, within their range', () => {
  assert.deepEqual(
    valuesOf('int', ['1', '-1', '0', '-0', '2147483647', '"42"', '"+7"', '"0x1F"', '1.0', '1e3']),
    [1, -1, 0, 0, 2147483647, 42, 7, 31, 1, 1000],
  )
  assert.deepEqual(valuesOf('tinyint', ['-128', '127']), [-128, 127])
  assert.deepEqual(valuesOf('smallint', ['-32768', '"32767"']), [-32768, 32767])
  for (const [type, value] of [
    ['tinyint', '128'],
    ['smallint', '-32769'],
    ['int', '2147483648'],
    ['int', '1.5'],
    ['int', '"1.5"'],
    ['int', 'true'],
    ['int', '""'],
    ['int', '{}'],
    ['bigint', '9223372036854775808'],
    ['bigint', '1e30'],
  ] as const)
    assert.match(faultOf(type, value), /^Data does not match the schema\. For input string: ".*"$/, `${type} ${value}`)
  assert.equal(faultOf('double', '"oops"'), 'Data does not match the schema. For input string: "oops"')
})

test('bigints keep every digit', () => {
  const values = [
    '9007199254740993',
    '-9223372036854775808',
    '9223372036854775807',
    '"1234567890123456789"',
    '1e18',
    '7',
  ]
  assert.deepEqual(valuesOf('bigint', values), [
    9007199254740993n,
    -9223372036854775808n,
    9223372036854775807n,
    1234567890123456789n,
    1000000000000000000n,
    7,
  ])
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      assert.equal(BigInt(valuesOf('bigint', [`${value}`])[0] as number), value)
      assert.equal(valuesOf('string', [`${value}`])[0], `${value}`)
    }),
    { numRuns: 50 },
  )
})

test('a stream of long numbers is parsed exactly from the second chunk on, with the same rows', () => {
  const records = Array.from({ length: 100 }, (_, i) => `{"v":${1_700_000_000_000_000_000n + BigInt(i)}}`)
  assert.deepEqual(
    rowsOf({ v: 'bigint' }, records).rows.map(([v]) => v),
    records.map((_, i) => 1_700_000_000_000_000_000n + BigInt(i)),
  )
})

test('decimals keep every digit and are rounded half up to their scale', () => {
  assert.deepEqual(valuesOf('decimal(10,2)', ['1', '1.005', '-1.005', '"12.345"', '0', '-0.001', '1e2', '" 7 "']), [
    100n,
    101n,
    -101n,
    1235n,
    0n,
    0n,
    10000n,
    700n,
  ])
  assert.deepEqual(valuesOf('decimal(38,10)', ['12345678901234567890.1234567891']), [123456789012345678901234567891n])
  assert.deepEqual(valuesOf('decimal(38,18)', ['0.123456789012345678', '"1e-18"']), [123456789012345678n, 1n])
  assert.match(faultOf('decimal(4,2)', '12345.67'), /12345\.67 does not fit decimal\(4,2\)/)
  assert.match(faultOf('decimal(4,2)', '99.995'), /does not fit/)
  for (const value of ['"1e1000000000"', '"1e2147483647"', '1e300'])
    assert.match(faultOf('decimal(22,2)', value), /fit/)
  for (const value of ['"1e-1000000000"', '"0e1000000000"', '1e-300'])
    assert.deepEqual(valuesOf('decimal(22,2)', [value]), [0n])
  assert.match(faultOf('decimal(4,2)', '"x"'), /For input string: "x"/)
})

test('any decimal text is scaled as whole-number arithmetic would', () => {
  const digits = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 6 }), (unscaled, places) => {
      const sign = unscaled < 0n ? '-' : ''
      const all = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(places + 1, '0')
      const text = `${sign}${all.slice(0, all.length - places)}${places ? `.${all.slice(-places)}` : ''}`
      assert.deepEqual(valuesOf('decimal(38,6)', [text]), [unscaled * 10n ** BigInt(6 - places)])
    }),
    { numRuns: 100 },
  )
})

test('doubles, floats and booleans', () => {
  assert.deepEqual(
    valuesOf('double', ['1.5', '1', '"2.5"', '" 1e3 "', '"1f"', '0.123456789012345678']),
    [1.5, 1, 2.5, 1000, 1, 0.12345678901234568],
  )
  assert.deepEqual(valuesOf('double', ['"NaN"', '"-Infinity"']), [Number.NaN, Number.NEGATIVE_INFINITY])
  assert.deepEqual(valuesOf('float', ['0.1']), [Math.fround(0.1)])
  assert.match(faultOf('double', 'true'), /For input string/)
  assert.deepEqual(valuesOf('boolean', ['true', 'false', '"TRUE"', '"no"']), [true, false, true, false])
  assert.match(faultOf('boolean', '1'), /java\.lang\.Long cannot be cast to java\.lang\.Boolean/)
})

test('anything becomes text; of objects their JSON, with keys in lower case', () => {
  assert.deepEqual(valuesOf('string', ['"ä😀"', '1.5', 'true', '{"Outer":{"Inner":[1,"A"]}}', '[{"K":1}]', '""']), [
    'ä😀',
    '1.5',
    'true',
    '{"outer":{"inner":[1,"A"]}}',
    '[{"k":1}]',
    '',
  ])
  const exact = { kind: 'OpenX', caseInsensitive: false } as const
  assert.deepEqual(valuesOf('string', ['{"Outer":1}', '{"n":12345678901234567890}'], exact), [
    '{"Outer":1}',
    '{"n":12345678901234567890}',
  ])
  assert.deepEqual(valuesOf('varchar(3)', ['"abcdef"', '"a😀bc"', '12345']), ['abc', 'a😀b', '123'])
  assert.deepEqual(valuesOf('char(4)', ['"ab  "', '"abcdef"']), ['ab', 'abcd'])
  assert.deepEqual(valuesOf('binary', ['"é"']), [Buffer.from('é')])
})

test('timestamps as text and as numbers', () => {
  const values = [
    '"2017-02-07T15:13:01.39256Z"',
    '"2017-02-07 15:13:01.14"',
    '"2026-9-7 1:2:3"',
    '1518033528',
    '1518033528123',
    '1518033528.123',
    '"1518033528"',
    '"1518033528123"',
    '-1000',
    '0',
    '"1969-12-31 23:59:59.999999999"',
  ]
  assert.deepEqual(valuesOf('timestamp', values), [
    micros('2017-02-07T15:13:01Z') + 392_560,
    micros('2017-02-07T15:13:01Z') + 140_000,
    micros('2026-09-07T01:02:03Z'),
    1_518_033_528_000_000,
    1_518_033_528_123_000,
    1_518_033_528_123_000,
    1_518_033_528_000_000,
    1_518_033_528_123_000,
    -1_000_000_000,
    0,
    -1,
  ])
  for (const value of [
    '"2026-9-7T12:00:02Z"',
    '"2026-02-30T12:00:02Z"',
    '"2026-01-01T12:00:02"',
    '"2026-01-01T12:00:02+00:00"',
    '"2026-13-01 00:00:00"',
    '"soon"',
    '""',
    'true',
    '18446744073709551616',
    '"1e1000"',
  ])
    assert.match(faultOf('timestamp', value), /For input string/, value)
})

test('any instant in its texts is the same number', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const iso = date.toISOString()
      const values = [`"${iso}"`, `"${iso.replace('T', ' ').replace('Z', '')}"`]
      assert.deepEqual(valuesOf('timestamp', values), [date.getTime() * 1000, date.getTime() * 1000])
      assert.deepEqual(valuesOf('date', [`"${iso.slice(0, 10)}"`]), [Math.floor(date.getTime() / 86_400_000)])
    }),
    { numRuns: 100 },
  )
})

test('dates, with days beyond the month as Java has them', () => {
  assert.deepEqual(valuesOf('date', ['"1970-01-01"', '"1970-1-2"', '"1969-12-31"', '"2024-02-30"']), [
    0,
    1,
    -1,
    Date.UTC(2024, 2, 1) / 86_400_000,
  ])
  for (const value of ['"2026-00-01"', '"2026-1-32"', '"2026-01-01 00:00:00"', '5'])
    assert.match(faultOf('date', value), /For input string/)
})

test('arrays, structs and maps; one value becomes an array, an array fills a struct', () => {
  assert.deepEqual(valuesOf('array<int>', ['[1,null,"3"]', '[]', '7', 'null']), [[1, null, 3], [], [7], null])
  const struct = 'struct<name:string,age:int>'
  const people = ['{"NAME":"Bob","age":41,"x":1}', '{}', '["Zoe",9,"more"]', '["Zoe"]', '[]', 'null']
  assert.deepEqual(valuesOf(struct, people), [['Bob', 41], [null, null], ['Zoe', 9], ['Zoe', null], [null, null], null])
  assert.equal(
    faultOf(struct, '42'),
    'Data does not match the schema. Data is not JSONObject  but java.lang.Long with value 42',
  )
  assert.match(faultOf(struct, '"x"'), /java\.lang\.String with value x/)
  assert.deepEqual(valuesOf('map<string,array<int>>', ['{"MixedKey":[1],"n":null}', '{}']), [
    [
      ['mixedkey', [1]],
      ['n', null],
    ],
    [],
  ])
  assert.deepEqual(valuesOf('map<int,string>', ['{"1":"a"}']), [[[1, 'a']]])
  assert.match(faultOf('map<int,string>', '{"x":"a"}'), /For input string: "x"/)
  assert.match(faultOf('map<string,int>', '[["k",1]]'), /A map column cannot hold/)
  assert.match(faultOf(`array<${struct}>`, '[{"age":"oops"}]'), /For input string: "oops"/)
})

test('keys are found in any case, by dots, and by the names that they are mapped to', () => {
  assert.deepEqual(rowsOf({ user_id: 'int', b: 'int' }, ['{"USER_ID":1,"B":2}']).rows, [[1, 2]])
  const exact = rowsOf({ user_id: 'int', b: 'struct<c:int>' }, ['{"USER_ID":1,"b":{"C":2}}'], {
    kind: 'OpenX',
    caseInsensitive: false,
  })
  assert.deepEqual(exact.rows, [[null, [null]]])
  const dotted = { kind: 'OpenX', dotsToUnderscores: true } as const
  assert.deepEqual(rowsOf({ a_b: 'int' }, ['{"a.b":1}', '{"a_b":2}'], dotted).rows, [[1], [2]])
  assert.deepEqual(rowsOf({ a_b: 'int' }, ['{"a.b":1}']).rows, [[null]])
  const mapped = { kind: 'OpenX', jsonKeys: { ts: 'timestamp' } } as const
  assert.deepEqual(rowsOf({ ts: 'int' }, ['{"timestamp":1}', '{"TimeStamp":2}', '{"ts":3}'], mapped).rows, [
    [1],
    [2],
    [null],
  ])
})

test('missing fields and nulls are null, and other fields are left out', () => {
  assert.deepEqual(rowsOf({ a: 'int', b: 'string' }, ['{"a":null,"c":5}', '{}', '{"b":"x"}']).rows, [
    [null, null],
    [null, null],
    [null, 'x'],
  ])
})

test('a value that does not fit leaves nothing behind in the rows after it', () => {
  const { rows, faulty } = rowsOf({ a: 'int', b: 'int' }, ['{"a":1,"b":"x"}', '{"b":2}', '{"b":"y","a":3}'])
  assert.deepEqual(rows, [[null, 2]])
  assert.deepEqual(
    faulty.map(({ index }) => index),
    [0, 2],
  )
})

test('more keys than are remembered are still found', () => {
  const record = (i: number) => `{"k${i}":0,"ID":${i}}`
  const { rows } = rowsOf(
    { id: 'int' },
    Array.from({ length: 6000 }, (_, i) => record(i)),
  )
  assert.equal(rows.length, 6000)
  assert.deepEqual(rows.at(-1), [5999])
})

test('what is said of a long value is short', () => {
  assert.ok(faultOf('int', `"${'9'.repeat(100_000)}"`).length < 600)
})
