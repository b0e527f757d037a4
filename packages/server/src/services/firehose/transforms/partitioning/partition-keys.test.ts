import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, systemRandom } from '@millrace/ports'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import { keyFault, PartitionKeyCheck } from './partition-keys.ts'

const page = { lane: 'put', next: '1', left: 0, first: 0, end: 0 }

const recordOf = (
  fromQuery: Record<string, string>,
  fromLambda: Record<string, string> = {},
  data: Uint8Array = Buffer.from('x'),
): DeliveryRecord => ({
  position: 0,
  recordId: '1',
  arrivalMs: 0,
  data,
  page,
  partitionKeys: { fromQuery, fromLambda },
})

function checkOf(prefix: string, name = 'd') {
  const clock = new ManualClock()
  const parts = { name, version: 1, timeZone: 'UTC', random: systemRandom, extension: '.gz' }
  return new PartitionKeyCheck(clock, prefix, (atMs) => ({ ...parts, atMs }))
}

/** `ok`, or the error's message, for each value of a key `k`. */
async function verdicts(values: readonly string[], prefix = 'data/!{partitionKeyFromQuery:k}/') {
  const { failed, records } = await checkOf(prefix).transform(values.map((k) => recordOf({ k })))
  const messages = new Map(failed.map(({ errorMessage, record }) => [record.partitionKeys!.fromQuery.k, errorMessage]))
  assert.equal(records.length + failed.length, values.length)
  return values.map((value) => messages.get(value) ?? 'ok')
}

test('a record has every key that the prefix names, or fails in the words of AWS', async () => {
  const check = checkOf('!{partitionKeyFromQuery:a}/!{partitionKeyFromLambda:b}/')
  const { failed, records } = await check.transform([
    recordOf({ a: '1' }, { b: '2' }),
    recordOf({ a: '1' }),
    recordOf({}, { b: '2' }),
    recordOf({ a: '' }, { b: '2' }),
    { ...recordOf({}), partitionKeys: undefined },
  ])
  assert.equal(records.length, 1)
  assert.deepEqual(
    failed.map(({ errorOutputType, errorCode, errorMessage }) => `${errorOutputType}: ${errorCode} ${errorMessage}`),
    Array(4).fill(
      'metadata-extraction-failed: DynamicPartitioning.MetadataExtractionFailed ' +
        'partitionKeys values must not be null or empty',
    ),
  )
})

test('keys that the prefix does not name make no partitions of their own', async () => {
  const check = checkOf('!{partitionKeyFromQuery:a}/')
  const { records } = await check.transform([
    recordOf({ a: '1', other: '2' }, { more: '3' }),
    recordOf({ other: '4', a: '1' }),
  ])
  assert.deepEqual(records[0]!.partitionKeys, { fromQuery: { a: '1' }, fromLambda: {} })
  assert.equal(records[0]!.partitionKeys, records[1]!.partitionKeys)
})

test('values lead nowhere but below the prefix', async () => {
  const control = 'The evaluated prefix has a control character or half a character'
  assert.deepEqual(
    await verdicts([
      'a',
      'a/b',
      'a b=ü',
      '/a',
      'a//b',
      '...',
      '..a',
      'a\\b',
      '..',
      '.',
      '../..',
      'a/../b',
      'a\0',
      'a\n',
      '\ud800',
    ]),
    [
      ...Array(8).fill('ok'),
      ...['..', '.', '..', '..'].map((name) => `The evaluated prefix has the path segment "${name}"`),
      ...Array(3).fill(control),
    ],
  )
})

test('a value is a part of a name where the prefix makes it one', async () => {
  const prefix = 'k=!{partitionKeyFromQuery:k}.d/'
  assert.deepEqual(await verdicts(['..', '.'], prefix), ['ok', 'ok'])
  assert.deepEqual(await verdicts(['a/.'], prefix), ['ok'])
  assert.deepEqual(await verdicts(['../x'], '!{partitionKeyFromQuery:k}/'), [
    'The evaluated prefix has the path segment ".."',
  ])
})

test('what is too long for an object key fails before it is tried', async () => {
  const long = 'Length of evaluated prefix cannot be greater than 512'
  const segments = (length: number) => Array.from({ length: Math.ceil(length / 51) }, () => 'x'.repeat(50)).join('/')
  assert.deepEqual(await verdicts([segments(400), segments(560), 'x'.repeat(400), 'x'.repeat(900_000)]), [
    'ok',
    long,
    'ok',
    long,
  ])
  assert.equal(keyFault(`${'ü'.repeat(100)}/`.repeat(6)), 'The key of the object is longer than 1024 bytes')
})

test('what waits in a partition does not keep its page alive', async () => {
  const block = new Uint8Array(1024 * 1024).fill(7)
  const check = checkOf('!{partitionKeyFromQuery:a}/')
  const { records } = await check.transform([
    { ...recordOf({ a: '1' }, {}, block.subarray(0, 100)), rawData: block.subarray(500, 600) },
    recordOf({ a: '2' }, {}, block.subarray(100, 300)),
    recordOf({ a: '1' }, {}, block.subarray(300, 400)),
  ])
  assert.deepEqual(
    records.map(({ data }) => [data.byteLength, data.every((byte) => byte === 7), data.buffer.byteLength]),
    [
      [100, true, 2048],
      [200, true, 2048],
      [100, true, 2048],
    ],
  )
  assert.equal(records[0]!.rawData!.buffer, records[2]!.data.buffer)
  assert.notEqual(records[0]!.data.buffer, records[1]!.data.buffer)
})
