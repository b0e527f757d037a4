import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  isSealed,
  openSealed,
  parseSealed,
  sealOverheadBytesMax,
  sealRecord,
  wrappedKeyBytesMax,
} from './sealed-record.ts'

const key = createSecretKey(Buffer.alloc(32, 7))
const wrappedKey = Buffer.from('wrapped')
const context = { streamName: 'orders', partitionKey: 'customer-1' }
const nonce = Buffer.alloc(12, 1)
const data = Buffer.from('{"amount":12}')
const sealed = sealRecord(data, { key, wrappedKey }, nonce, 'user-record', context)

const opened = (bytes: Uint8Array, withKey = key, at = context) => {
  const parsed = parseSealed(bytes)
  return parsed && openSealed(parsed, withKey, at)
}

test('a record comes out as it went in, of any size, also of none', () => {
  for (const size of [0, 1, 15, 16, 17, 1_048_000]) {
    const bytes = randomBytes(size)
    const one = sealRecord(bytes, { key, wrappedKey }, nonce, 'kinesis-record', context)
    assert.equal(one.length, size + 8 + wrappedKey.length + 12 + 16)
    assert.deepEqual(opened(one), bytes)
    assert.equal(parseSealed(one)?.scope, 'kinesis-record')
  }
})

test('the bytes are those of the drawing', () => {
  assert.equal(
    sealed.subarray(0, 27).toString('hex'),
    `8e4d5352${'01'}${'00'}${'0007'}${wrappedKey.toString('hex')}${'01'.repeat(12)}`,
  )
  assert.ok(!sealed.includes('amount'))
})

test('a change of any bit of any byte is noticed', () => {
  for (let at = 0; at < sealed.length; at++)
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(sealed)
      changed[at]! ^= bit
      assert.equal(opened(changed), undefined, `byte ${at}`)
    }
})

test('a record that is cut, at any place, or has something behind it, is noticed', () => {
  for (let length = 0; length < sealed.length; length++) assert.equal(opened(sealed.subarray(0, length)), undefined)
  assert.equal(opened(Buffer.concat([sealed, Buffer.of(0)])), undefined)
})

test('another key, stream or partition key does not open it, nor do names that only together are the same', () => {
  assert.equal(opened(sealed, createSecretKey(Buffer.alloc(32, 8))), undefined)
  assert.equal(opened(sealed, key, { ...context, streamName: 'order' }), undefined)
  assert.equal(opened(sealed, key, { ...context, partitionKey: 'customer-2' }), undefined)
  assert.equal(opened(sealed, key, { streamName: 'ordersc', partitionKey: 'ustomer-1' }), undefined)
  assert.deepEqual(opened(sealed), data)
})

test('no bytes of chance open, and none of them break the reader', () => {
  for (let i = 0; i < 20_000; i++) {
    const junk = randomBytes(i % 80)
    if (i % 2 === 0) sealed.copy(junk, 0, 0, 8)
    assert.equal(opened(junk), undefined)
  }
})

test('a text is never taken for a sealed record', () => {
  for (const text of ['', '\u008eMSR', 'MSR', '{}']) assert.equal(isSealed(Buffer.from(text)), false)
})

test('the largest wrapped key makes the largest overhead', () => {
  const largest = Buffer.alloc(wrappedKeyBytesMax, 1)
  const one = sealRecord(data, { key, wrappedKey: largest }, nonce, 'user-record', context)
  assert.equal(one.length - data.length, sealOverheadBytesMax)
  assert.deepEqual(opened(one), data)
  assert.throws(() =>
    sealRecord(data, { key, wrappedKey: Buffer.alloc(wrappedKeyBytesMax + 1) }, nonce, 'user-record', context),
  )
})
