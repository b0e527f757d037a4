import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KMS } from '@aws-sdk/client-kms'
import { type KmsDataKeys, KmsKeys } from './kms-keys.ts'
import { LocalKeys } from './local-keys.ts'

const context = { streamName: 'orders' }
const key = (byte: number) => Buffer.alloc(32, byte)

test('a data key is unwrapped by the key that wrapped it, and no two are the same', async () => {
  const keys = new LocalKeys({ current: 'a', keys: { a: key(1) } })
  const one = await keys.generate(context)
  const two = await keys.generate(context)
  assert.deepEqual(Buffer.from(await keys.unwrap(one.wrapped, context)), Buffer.from(one.plaintext))
  assert.notDeepEqual(one.plaintext, two.plaintext)
  assert.notDeepEqual(one.wrapped, two.wrapped)
  assert.ok(!Buffer.from(one.wrapped).includes(Buffer.from(one.plaintext)))
})

test('after a rotation older data keys are unwrapped as long as their key is there', async () => {
  const before = new LocalKeys({ current: 'a', keys: { a: key(1) } })
  const { wrapped, plaintext } = await before.generate(context)
  const rotated = new LocalKeys({ current: 'b', keys: { a: key(1), b: key(2) } })
  assert.deepEqual(Buffer.from(await rotated.unwrap(wrapped, context)), Buffer.from(plaintext))
  const later = await rotated.generate(context)
  await assert.rejects(before.unwrap(later.wrapped, context), { name: 'KeyUnavailableError', message: /not here: b/ })
  const over = new LocalKeys({ current: 'b', keys: { b: key(2) } })
  await assert.rejects(over.unwrap(wrapped, context), { name: 'KeyUnavailableError', message: /not here: a/ })
})

test('a wrapped key that was changed in any byte, is of another stream or of another key by that name is refused', async () => {
  const keys = new LocalKeys({ current: 'a', keys: { a: key(1), b: key(1) } })
  const { wrapped } = await keys.generate(context)
  for (let at = 0; at < wrapped.length; at++) {
    const changed = Buffer.from(wrapped)
    changed[at]! ^= 3 // of the id `a`, `b`: whose key is the same
    await assert.rejects(keys.unwrap(changed, context), { name: 'KeyUnavailableError' }, `byte ${at}`)
  }
  for (let length = 0; length < wrapped.length; length++)
    await assert.rejects(keys.unwrap(wrapped.subarray(0, length), context), { name: 'KeyUnavailableError' })
  await assert.rejects(keys.unwrap(wrapped, { streamName: 'other' }), { name: 'KeyUnavailableError' })
  const other = new LocalKeys({ current: 'a', keys: { a: key(9) } })
  await assert.rejects(other.unwrap(wrapped, context), { name: 'KeyUnavailableError' })
})

test('keys derived from one secret differ by id, and are the same again', async () => {
  const secret = Buffer.alloc(40, 5)
  const producer = LocalKeys.derived(secret, ['1', '2'], '2')
  const consumer = LocalKeys.derived(secret, ['2'], '2')
  const { wrapped, plaintext } = await producer.generate(context)
  assert.deepEqual(Buffer.from(await consumer.unwrap(wrapped, context)), Buffer.from(plaintext))
  const renamed = Buffer.from(wrapped)
  renamed[2] = '1'.charCodeAt(0)
  await assert.rejects(producer.unwrap(renamed, context), { name: 'KeyUnavailableError' })
  assert.throws(() => LocalKeys.derived(Buffer.from('password'), ['1'], '1'), /8 bytes, fewer than 32/)
})

test('keys that cannot be are refused at once', () => {
  assert.throws(() => new LocalKeys({ current: 'a', keys: { a: Buffer.alloc(31) } }), /the key a has 31 bytes/)
  assert.throws(() => new LocalKeys({ current: 'b', keys: { a: key(1) } }), /there is no key b/)
  assert.throws(() => new LocalKeys({ current: '', keys: { '': key(1) } }), /1 to 64 bytes/)
})

/** Wraps by writing the key's name and the context before the plaintext. */
function kmsModel(): KmsDataKeys & { readonly decrypted: string[] } {
  const decrypted: string[] = []
  return {
    decrypted,
    async generateDataKey({ KeyId, EncryptionContext }) {
      const head = JSON.stringify([KeyId, EncryptionContext])
      return { Plaintext: key(3), CiphertextBlob: Buffer.concat([Buffer.from(`${head}\n`), key(3)]) }
    },
    async decrypt({ CiphertextBlob, KeyId, EncryptionContext }) {
      decrypted.push(KeyId)
      const bytes = Buffer.from(CiphertextBlob)
      const [id, bound] = JSON.parse(bytes.toString('utf8', 0, bytes.indexOf('\n')))
      if (id !== KeyId) throw Object.assign(new Error('of another key'), { name: 'IncorrectKeyException' })
      if (JSON.stringify(bound) !== JSON.stringify(EncryptionContext))
        throw Object.assign(new Error('of another context'), { name: 'InvalidCiphertextException' })
      return { Plaintext: bytes.subarray(-32) }
    },
  }
}

test('KMS is asked for the stream as context, and only with the keys that are named', async () => {
  const kms = kmsModel()
  const { wrapped } = await new KmsKeys(kms, { keyId: 'old' }).generate(context)
  assert.ok(Buffer.from(wrapped).includes('["old",{"kinesis:stream":"orders"}]'))
  const rotated = new KmsKeys(kms, { keyId: 'new', olderKeyIds: ['old'] })
  assert.deepEqual(Buffer.from(await rotated.unwrap(wrapped, context)), key(3))
  assert.deepEqual(kms.decrypted, ['new', 'old'])
  const stranger = new KmsKeys(kms, { keyId: 'mine' })
  await assert.rejects(stranger.unwrap(wrapped, context), { name: 'KeyUnavailableError', message: /IncorrectKey/ })
  await assert.rejects(rotated.unwrap(wrapped, { streamName: 'x' }), { name: 'KeyUnavailableError' })
})

test('a KMS that cannot be reached is told as it is', async () => {
  const kms = {
    ...kmsModel(),
    decrypt: () => Promise.reject(Object.assign(new Error('down'), { name: 'TimeoutError' })),
  }
  await assert.rejects(new KmsKeys(kms, { keyId: 'k', olderKeyIds: ['l'] }).unwrap(key(1), context), {
    name: 'TimeoutError',
  })
})

test("the SDK's client is taken as it is", () => {
  const kms = new KMS({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
  assert.ok(new KmsKeys(kms, { keyId: 'alias/records' }))
  kms.destroy()
})
