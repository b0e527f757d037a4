import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedPattern } from './joda-pattern.ts'
import { faultOf, rowsOf, valuesOf } from './rows-fixture.ts'

const hive = { kind: 'Hive' } as const
const withFormats = (...timestampFormats: string[]) => ({ kind: 'Hive', timestampFormats }) as const
const micros = (text: string) => Date.parse(text) * 1000

test('numbers are numbers only, and those behind the point are cut off for whole ones', () => {
  assert.deepEqual(valuesOf('int', ['7', '1.9', '-1.9'], hive), [7, 1, -1])
  assert.deepEqual(valuesOf('bigint', ['9007199254740993'], hive), [9007199254740993n])
  assert.deepEqual(valuesOf('double', ['1', '1.5'], hive), [1, 1.5])
  assert.deepEqual(valuesOf('decimal(5,1)', ['1.25'], hive), [13n])
  const text =
    'Data does not match the schema. Current token (VALUE_STRING) not numeric, can not use numeric value accessors'
  for (const type of ['int', 'bigint', 'float', 'double', 'decimal(5,1)'])
    assert.equal(faultOf(type, '"7"', hive), text)
  assert.match(faultOf('int', 'true', hive), /Current token \(VALUE_TRUE\) not numeric/)
  assert.match(faultOf('int', '3000000000', hive), /Numeric value \(3000000000\) out of range of int$/)
  assert.match(faultOf('tinyint', '128', hive), /Numeric value \(128\) out of range of Java byte$/)
  assert.match(faultOf('bigint', '9223372036854775808', hive), /\(9223372036854775808\) out of range of long$/)
})

test('booleans are booleans only', () => {
  assert.deepEqual(valuesOf('boolean', ['true', 'false'], hive), [true, false])
  assert.match(faultOf('boolean', '"true"', hive), /Current token \(VALUE_STRING\) not of boolean type$/)
})

test('scalars become text, and what is nested does not', () => {
  assert.deepEqual(valuesOf('string', ['"a"', '1', 'true'], hive), ['a', '1', 'true'])
  const nested = 'One or more fields have incorrect format. Exception when validating field (root)'
  assert.equal(faultOf('string', '{"a":1}', hive), nested)
  assert.equal(faultOf('array<string>', '[{"a":1}]', hive), nested)
})

test('shapes are what the schema says', () => {
  const array = 'Data does not match the schema. java.io.IOException: Start of Array expected'
  const object = 'Data does not match the schema. java.io.IOException: Start of Object expected'
  assert.equal(faultOf('array<string>', '"solo"', hive), array)
  assert.equal(faultOf('struct<a:int>', '[1]', hive), object)
  assert.equal(faultOf('struct<a:int>', '42', hive), object)
  assert.equal(faultOf('map<string,int>', '[1]', hive), object)
  assert.deepEqual(valuesOf('array<string>', ['[1,null]'], hive), [['1', null]])
  assert.deepEqual(valuesOf('struct<a:int,b:int>', ['{"A":1,"x":2}', '{}'], hive), [
    [1, null],
    [null, null],
  ])
})

test('names are found in any case, and keys of maps stay as they are', () => {
  const { rows } = rowsOf({ attrs: 'map<string,int>' }, ['{"ATTRS":{"MixedKey":1}}'], hive)
  assert.deepEqual(rows, [[[['MixedKey', 1]]]])
})

test('timestamps are those of java.sql.Timestamp.valueOf, if nothing else is said', () => {
  assert.deepEqual(valuesOf('timestamp', ['"2017-02-07 15:13:01.14"'], hive), [micros('2017-02-07T15:13:01.140Z')])
  const fault = 'Data does not match the schema. Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]'
  for (const value of ['"2017-02-07T15:13:01Z"', '1518033528', '"x"'])
    assert.equal(faultOf('timestamp', value, hive), fault)
})

test('timestamps by patterns of Joda-Time, the first that fits, and then as always', () => {
  const cases: [string, string, string][] = [
    ['millis', '1518033528123', '2018-02-07T19:58:48.123Z'],
    ['millis', '"1518033528123.9"', '2018-02-07T19:58:48.123Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSS", '"2017-02-07T15:13:01.392"', '2017-02-07T15:13:01.392Z'],
    ["yyyy-MM-dd'T'HH:mm:ssZ", '"2017-02-07T15:13:01+0130"', '2017-02-07T13:43:01Z'],
    ["yyyy-MM-dd'T'HH:mm:ssZZ", '"2017-02-07T15:13:01-05:00"', '2017-02-07T20:13:01Z'],
    ["yyyy-MM-dd'T'HH:mm:ssZ", '"2017-02-07T15:13:01Z"', '2017-02-07T15:13:01Z'],
    ['dd/MMM/yyyy:HH:mm:ss Z', '"10/Oct/2000:13:55:36 -0700"', '2000-10-10T20:55:36Z'],
    ['EEE, d MMM yyyy hh:mm:ss a', '"Tue, 7 Feb 2017 03:13:01 PM"', '2017-02-07T15:13:01Z'],
    ['MMMM d, yyyy', '"February 7, 2017"', '2017-02-07T00:00:00Z'],
    ['yyyyMMddHHmmss', '"20170207151301"', '2017-02-07T15:13:01Z'],
    ['yy-MM-dd', '"69-01-02"', '2069-01-02T00:00:00Z'],
    ['yyyy-DDD', '"2017-038"', '2017-02-07T00:00:00Z'],
    ["yyyy 'o''clock' HH", '"2017 o\'clock 5"', '2017-01-01T05:00:00Z'],
    ['yyyy-MM-dd kk:mm z', '"2017-02-07 24:10 UTC"', '2017-02-07T00:10:00Z'],
    ['yyyy-MM-dd', '"2017-02-07 15:13:01"', '2017-02-07T15:13:01Z'],
  ]
  for (const [pattern, value, wanted] of cases)
    assert.deepEqual(
      valuesOf('timestamp', [value], withFormats('HH:mm', pattern)),
      [micros(wanted)],
      `${pattern} ${value}`,
    )
  for (const value of ['"2017-02-30"', '"2017-13-01"', '"2017-02-07x"'])
    assert.match(faultOf('timestamp', value, withFormats('yyyy-MM-dd')), /Timestamp format must be/)
})

test('a pattern that is none is told when it is set', () => {
  for (const pattern of ['', 'yyyy-QQ', "yyyy 'open", 'yyyy yyyy', '----'])
    assert.throws(() => valuesOf('timestamp', [], withFormats(pattern)), MalformedPattern, pattern)
})
