import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorObjectKey, objectKey } from './object-key.ts'
import { formatTime } from './time-format.ts'

const atMs = Date.UTC(2018, 7, 27, 10, 30, 5, 7)
const random = { bytes: (length: number) => new Uint8Array(length), uuid: () => 'a-uuid' }
const parts = { name: 'flights', version: 3, atMs, timeZone: 'UTC', random, extension: '.gz' }
const name = 'flights-3-2018-08-27-10-30-05-a-uuid.gz'

test('a prefix without a timestamp is followed by the hour, with no slash between', () => {
  assert.equal(objectKey('foo', parts), `foo2018/08/27/10/${name}`)
  assert.equal(objectKey('', parts), `2018/08/27/10/${name}`)
  assert.equal(objectKey('foo/', parts), `foo/2018/08/27/10/${name}`)
})

test('expressions in a prefix are evaluated, and what is between them stays', () => {
  const prefix = "year=!{timestamp:yyyy}/!{timestamp:'day' dd}/!{firehose:random-string}/"
  assert.equal(objectKey(prefix, parts), `year=2018/day 27/AAAAAAAAAAA/${name}`)
})

test('partition keys stand where the prefix names them', () => {
  const keys = { fromQuery: { airport: 'SFO' }, fromLambda: { kind: 'late' } }
  const prefix = '!{partitionKeyFromQuery:airport}/!{partitionKeyFromLambda:kind}/!{timestamp:HH}/'
  assert.equal(objectKey(prefix, parts, keys), `SFO/late/10/${name}`)
})

test('the clocks of another zone decide when one is given', () => {
  assert.equal(
    objectKey('', { ...parts, timeZone: 'Asia/Tokyo' }),
    '2018/08/27/19/flights-3-2018-08-27-19-30-05-a-uuid.gz',
  )
})

test('error objects go where the error prefix says, or below the prefix by the kind of error', () => {
  const type = 'processing-failed' as const
  assert.equal(errorObjectKey({ prefix: 'foo/' }, type, parts), `foo/processing-failed/2018/08/27/10/${name}`)
  const errorOutputPrefix = 'bad/!{firehose:error-output-type}/!{timestamp:yyyy}/'
  assert.equal(errorObjectKey({ prefix: 'foo/', errorOutputPrefix }, type, parts), `bad/processing-failed/2018/${name}`)
})

test('times are written as Java writes them', () => {
  const cases: [string, string][] = [
    ['yy-M-d', '18-8-27'],
    ['MMM MMMM EEE EEEE', 'Aug August Mon Monday'],
    ['DDD', '239'],
    ['h:mm a', '10:30 AM'],
    ['ss.SSS', '05.007'],
    ["''yyyy''", "'2018'"],
    ["'o''clock'", "o'clock"],
    ['w', '35'],
    ['X xx Z', 'Z +0000 +0000'],
  ]
  for (const [pattern, wanted] of cases) assert.equal(formatTime(pattern, atMs), wanted, pattern)
  assert.equal(formatTime('HH Z', atMs, 'Asia/Kolkata'), '16 +0530')
})
