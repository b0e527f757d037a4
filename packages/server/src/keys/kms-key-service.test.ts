import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLogger, systemClock, systemRandom } from '@millrace/ports'
import { MemoryCatalog } from '../storage/memory/memory-catalog.ts'
import { place } from './fixture.ts'
import { KmsKeyService } from './kms-key-service.ts'
import { openKeys } from './open-keys.ts'
import { type KmsStandIn, openKmsStandIn } from './testing/kms-stand-in.ts'

const context = { 'aws:kinesis:arn': 'arn:aws:kinesis:us-east-1:000000000000:stream/s' }
const keyId = 'alias/orders'

let kms: KmsStandIn
let keys: KmsKeyService

before(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'any'
  process.env.AWS_SECRET_ACCESS_KEY = 'any'
  kms = await openKmsStandIn()
  keys = new KmsKeyService({ endpoint: kms.url, region: 'us-east-1' })
})

after(async () => {
  await keys.close()
  await kms.close()
})

test('a data key comes from KMS, bound to its context, and goes back for its plaintext', async () => {
  const { plaintext, wrapped, keyArn } = await keys.generateDataKey(keyId, context)
  assert.deepEqual(kms.calls.at(-1), {
    operation: 'GenerateDataKey',
    input: { KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: context },
  })
  assert.deepEqual(Buffer.from(await keys.decrypt(wrapped, keyArn, context)), Buffer.from(plaintext))
  assert.equal(kms.calls.at(-1)!.input.KeyId, keyArn)
  await assert.rejects(keys.decrypt(wrapped, keyArn, {}), { reason: 'access denied' })
})

test("KMS's errors are told by what they mean, with KMS's own words", async () => {
  const meanings = {
    AccessDeniedException: 'access denied',
    DisabledException: 'disabled',
    IncorrectKeyException: 'access denied',
    InvalidKeyUsageException: 'invalid state',
    KMSInvalidStateException: 'invalid state',
    KeyUnavailableException: 'invalid state',
    NotFoundException: 'not found',
    OptInRequired: 'opt-in required',
    LimitExceededException: 'throttled',
    UnrecognizedClientException: 'access denied',
  } as const
  const { wrapped, keyArn } = await keys.generateDataKey(keyId, context)
  for (const [type, reason] of Object.entries(meanings)) {
    kms.refuse({ type, message: `the words of ${type}` })
    const refused = { reason, message: `the words of ${type}` }
    await assert.rejects(keys.generateDataKey(keyId, context), refused)
    await assert.rejects(keys.decrypt(wrapped, keyArn, context), refused)
  }
  kms.refuse(undefined)
})

test('what passes is tried again, three times in all', async () => {
  for (const [type, reason, status] of [
    ['ThrottlingException', 'throttled', 400],
    ['KMSInternalException', 'unreachable', 500],
  ] as const) {
    kms.refuse({ type, message: 'later', status })
    const before = kms.calls.length
    await assert.rejects(keys.generateDataKey(keyId, context), { reason })
    assert.equal(kms.calls.length - before, 3)
  }
  kms.refuse(undefined)
})

test('a service that is not there is unreachable, and no answer of KMS', async () => {
  const gone = await openKmsStandIn()
  await gone.close()
  const nowhere = new KmsKeyService({ endpoint: gone.url, region: 'us-east-1' })
  await assert.rejects(nowhere.generateDataKey(keyId, context), { reason: 'unreachable' })
  await nowhere.close()
})

test("AWS's own aliases and the catalog's secrets stay with the keyring; all else is KMS's", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kms-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const keyringFile = join(folder, 'keyring.json')
  const catalog = new MemoryCatalog()
  const parts = { place, clock: systemClock, random: systemRandom, logger: silentLogger, catalog, keyringFile }
  const open = () => openKeys({ ...parts, kms: kms.url })
  const first = await open()
  const asked = kms.calls.length
  const owned = await first.dataKeys.create('alias/aws/kinesis', 'owned', context)
  const sealed = await first.secrets.seal('name', 'secret')
  assert.equal(kms.calls.length, asked)
  const own = await first.dataKeys.create(keyId, 'own', context)
  assert.equal(kms.calls.length, asked + 1)
  await first.close()
  const again = await open()
  const secretOf = async (opened: typeof first, id: number) => (await opened.dataKeys.find(id)).secret.export()
  for (const { dataKey } of [owned, own])
    assert.deepEqual(await secretOf(again, dataKey), await secretOf(first, dataKey))
  assert.equal(await again.secrets.open('name', sealed), 'secret')
  await again.close()
  await first.close()
  assert.deepEqual(readdirSync(folder), ['keyring.json'])
  assert.ok(!readFileSync(keyringFile, 'utf8').includes('orders'))
})
