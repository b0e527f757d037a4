import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger, systemRandom } from '@millrace/ports'
import { KeyRefused, type KeyService } from '../core/ports/keys.ts'
import { CatalogSecrets } from './catalog-secrets.ts'
import { DataKeyStore } from './data-keys.ts'
import { ageMsMax, keysFixture } from './fixture.ts'
import { withKey } from './keyring.ts'

const context = { 'aws:kinesis:arn': 'arn:aws:kinesis:us-east-1:000000000000:stream/a' }

test('data keys have numbers that are never given twice, also after they are forgotten', async () => {
  const { dataKeys } = keysFixture()
  const make = async () => (await dataKeys.create('alias/aws/kinesis', 'owner', context)).dataKey
  assert.deepEqual(await Promise.all([make(), make(), make()]), [1, 2, 3])
  await dataKeys.forget('owner')
  assert.equal(await make(), 4)
  await assert.rejects(dataKeys.find(3), { reason: 'not found' })
})

test('another process with the same catalog and keyring opens what one made; the catalog has no plaintext', async () => {
  const { catalog, clock, dataKeys, keys } = keysFixture()
  const { dataKey } = await dataKeys.create('alias/aws/kinesis', 'owner', context)
  const other = new DataKeyStore({ catalog, clock, logger: silentLogger, keys, ageMsMax })
  assert.equal(other.held(dataKey), undefined)
  const found = await other.find(dataKey)
  assert.ok(found.secret.equals((await dataKeys.find(dataKey)).secret))
  const plaintext = found.secret.export()
  assert.ok(!JSON.stringify(catalog.list('')).includes(plaintext.toString('base64')))
})

test('a disabled key is refused when its age is over, at the latest, and works again when it is enabled', async () => {
  const { clock, dataKeys, keyring } = keysFixture()
  const { dataKey } = await dataKeys.create('alias/aws/kinesis', 'owner', context)
  const [key] = (await keyring.read()).keys
  await keyring.change((ring) => [withKey(ring, { ...key!, state: 'Disabled' }), undefined])
  await clock.advance(ageMsMax - 1)
  assert.equal(dataKeys.allow(dataKey), undefined)
  await clock.advance(1)
  await assert.rejects(async () => dataKeys.allow(dataKey), { reason: 'disabled' })
  await keyring.change((ring) => [withKey(ring, key!), undefined])
  await dataKeys.allow(dataKey)
  assert.equal(dataKeys.allow(dataKey), undefined)
})

test('who uses a key all the time never waits, and asks the key service twice in its age', async () => {
  const { catalog, clock, keys } = keysFixture()
  let asked = 0
  const counting: KeyService = {
    generateDataKey: (...call) => keys.generateDataKey(...call),
    decrypt: (...call) => {
      asked++
      return keys.decrypt(...call)
    },
  }
  const dataKeys = new DataKeyStore({ catalog, clock, logger: silentLogger, keys: counting, ageMsMax })
  const { dataKey } = await dataKeys.create('alias/aws/kinesis', 'owner', context)
  for (let ms = 0; ms < 10 * ageMsMax; ms += ageMsMax / 10) {
    assert.equal(dataKeys.allow(dataKey), undefined, `after ${ms} ms`)
    await clock.advance(ageMsMax / 10)
  }
  assert.ok(asked >= 9 && asked <= 20, `asked ${asked} times`)
})

test('a key service that does not answer leaves a key its time, and then says so', async () => {
  const { catalog, clock, keys } = keysFixture()
  let reason: 'unreachable' | 'disabled' | undefined
  const failing: KeyService = {
    generateDataKey: (...call) => keys.generateDataKey(...call),
    decrypt: async (...call) => {
      if (reason) throw new KeyRefused(reason, 'no')
      return keys.decrypt(...call)
    },
  }
  const dataKeys = new DataKeyStore({ catalog, clock, logger: silentLogger, keys: failing, ageMsMax })
  const { dataKey } = await dataKeys.create('alias/aws/kinesis', 'owner', context)
  reason = 'unreachable'
  await clock.advance(ageMsMax * 0.6)
  assert.equal(dataKeys.allow(dataKey), undefined)
  await clock.advance(1)
  assert.equal(dataKeys.allow(dataKey), undefined)
  await clock.advance(1)
  reason = 'disabled'
  assert.equal(dataKeys.allow(dataKey), undefined)
  await clock.advance(1)
  await assert.rejects(async () => dataKeys.allow(dataKey), { reason: 'disabled' })
})

test('secrets open under their own name only, and what was never sealed is given back', async () => {
  const { catalog, dataKeys } = keysFixture()
  const secrets = new CatalogSecrets({ catalog, dataKeys, random: systemRandom })
  const sealed = await secrets.seal('firehose/a/Password', 'päßword')
  assert.match(sealed, /^sealed:1:1:/)
  assert.equal(await secrets.open('firehose/a/Password', sealed), 'päßword')
  await assert.rejects(secrets.open('firehose/b/Password', sealed), { reason: 'access denied' })
  assert.equal(await secrets.open('firehose/a/Password', 'clear'), 'clear')
  assert.notEqual(await secrets.seal('firehose/a/Password', 'päßword'), sealed)
  const again = new CatalogSecrets({ catalog, dataKeys, random: systemRandom })
  assert.match(await again.seal('x', ''), /^sealed:1:1:/)
})
