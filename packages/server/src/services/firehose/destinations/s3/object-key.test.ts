import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorObjectKey, objectKey } from './object-key.ts'

const atMs = Date.UTC(2018, 7, 27, 10, 30, 5, 7)
const random = { bytes: (length: number) => new Uint8Array(length), uuid: () => 'a-uuid' }
const parts = { name: 'flights', version: 3, atMs, timeZone: 'UTC', random, extension: '.gz' }
const name = 'flights-3-2018-08-27-10-30-05-a-uuid.gz'
const failed = 'processing-failed' as const

/*
 * The examples of "Custom prefixes for Amazon S3 objects", at 10:30 AM UTC on Aug 27, 2018. Where the page's own outputs
 * have another day or leave out the hour (`myFirehosePrefix/2018/08/27/`), it is what its rules and AWS's objects say.
 */
const examples: readonly [prefix: string, errorOutputPrefix: string | undefined, evaluated: string, error: string][] = [
  ['', 'myFirehoseFailures/!{firehose:error-output-type}/', '2018/08/27/10/', 'myFirehoseFailures/processing-failed/'],
  [
    'myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}',
    'myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}',
    'myFirehose/DeliveredYear=2018/anyMonth/rand=AAAAAAAAAAA',
    'myFirehoseFailures/processing-failed/2018/anyMonth/27',
  ],
  [
    'myPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/',
    'myErrorPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/!{firehose:error-output-type}',
    'myPrefix/year=2018/month=08/day=27/hour=10/',
    'myErrorPrefix/year=2018/month=08/day=27/hour=10/processing-failed',
  ],
  [
    'myPrefix/',
    "myErrorPrefix/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}",
    'myPrefix/2018/08/27/10/',
    'myErrorPrefix/year=2018/month=08/day=27/hour=10/processing-failed',
  ],
  [
    'myFirehosePrefix/',
    undefined,
    'myFirehosePrefix/2018/08/27/10/',
    'myFirehosePrefix/processing-failed/2018/08/27/10/',
  ],
  [
    'myPrefix/!{firehose:random-string}/',
    'myPrefix/result=!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}',
    'myPrefix/AAAAAAAAAAA/',
    'myPrefix/result=processing-failed/2018/08/27',
  ],
]

for (const [prefix, errorOutputPrefix, evaluated, error] of examples)
  test(`AWS's example: Prefix ${prefix || 'unspecified'}, ErrorOutputPrefix ${errorOutputPrefix ?? 'unspecified'}`, () => {
    assert.equal(objectKey(prefix, parts), evaluated + name)
    assert.equal(errorObjectKey({ prefix, errorOutputPrefix }, failed, parts), error + name)
  })

test('a prefix without an expression is followed by the hour, with no slash between', () => {
  assert.equal(objectKey('foo', parts), `foo2018/08/27/10/${name}`)
  assert.equal(objectKey('/foo//', parts), `/foo//2018/08/27/10/${name}`)
  assert.equal(errorObjectKey({ prefix: '' }, failed, parts), `processing-failed/2018/08/27/10/${name}`)
  assert.equal(errorObjectKey({ errorOutputPrefix: 'bad' }, failed, parts), `bad2018/08/27/10/${name}`)
})

test('partition keys stand where the prefix names them, and are not evaluated themselves', () => {
  const keys = { fromQuery: { airport: '!{timestamp:yyyy}$&' }, fromLambda: { kind: 'late' } }
  const prefix = '!{partitionKeyFromQuery:airport}/!{partitionKeyFromLambda:kind}/!{timestamp:HH}/'
  assert.equal(objectKey(prefix, parts, keys), `!{timestamp:yyyy}$&/late/10/${name}`)
  assert.equal(objectKey('!{partitionKeyFromLambda:kind}/', parts, keys), `late/${name}`)
})

test('the clocks of another zone decide over prefix and name when one is given', () => {
  const tokyo = { ...parts, timeZone: 'Asia/Tokyo', atMs: Date.UTC(2018, 7, 27, 15, 30, 5) }
  assert.equal(objectKey('', tokyo), '2018/08/28/00/flights-3-2018-08-28-00-30-05-a-uuid.gz')
})

test('times are exact to the second, whatever part of one a prefix asks for', () => {
  assert.equal(objectKey('!{timestamp:ss.SSSSSSSSS}/', parts), `05.000000000/${name}`)
})

test('each random string is another one, of eleven letters and digits', () => {
  let last = 0
  const rising = { ...random, bytes: (length: number) => new Uint8Array(length).fill(++last) }
  const key = objectKey('!{firehose:random-string}/!{firehose:random-string}/', { ...parts, random: rising })
  const [first, second] = key.split('/')
  assert.match(first!, /^[A-Za-z0-9]{11}$/)
  assert.notEqual(first, second)
})
