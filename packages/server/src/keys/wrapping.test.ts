import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemRandom } from '@millrace/ports'
import { unwrap, wrap, wrappedBy } from './wrapping.ts'

const by = { keyId: randomUUID(), generation: 7 }
const context = { 'aws:kinesis:arn': 'arn:aws:kinesis:us-east-1:000000000000:stream/a', b: 'c' }
const dataKey = randomBytes(32)
const secret = randomBytes(32)
const wrapped = wrap(dataKey, secret, by, context, systemRandom)

test('a wrapped key says by what it was wrapped, and comes back by it', () => {
  assert.deepEqual(wrappedBy(wrapped), by)
  assert.deepEqual(Buffer.from(unwrap(wrapped, secret, context)), dataKey)
})

test('the order of a context does not count', () => {
  const turned = Object.fromEntries(Object.entries(context).reverse())
  assert.deepEqual(Buffer.from(unwrap(wrapped, secret, turned)), dataKey)
})

test('any other bit, secret or context is refused', () => {
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    const changed = Uint8Array.from(wrapped)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => unwrap(changed, secret, context), { reason: 'access denied' })
  }
  assert.throws(() => unwrap(wrapped, randomBytes(32), context), { reason: 'access denied' })
  for (const other of [{}, { ...context, b: 'd' }, { ...context, b: 'cd', '': '' }, { 'aws:kinesis:arnb': 'c' }])
    assert.throws(() => unwrap(wrapped, secret, other as Record<string, string>), { reason: 'access denied' })
})

test('what was never wrapped here is refused before it is opened', () => {
  for (const bytes of [new Uint8Array(), wrapped.subarray(1), Buffer.concat([wrapped, Buffer.alloc(1)])])
    assert.throws(() => wrappedBy(bytes), { reason: 'access denied' })
})

test('the same key is wrapped differently each time, and its plaintext is not in it', () => {
  const again = wrap(dataKey, secret, by, context, systemRandom)
  assert.notDeepEqual(again, wrapped)
  assert.equal(Buffer.from(wrapped).indexOf(dataKey.subarray(0, 8)), -1)
})
