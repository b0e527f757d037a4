import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock, systemClock, systemRandom } from '@millrace/ports'
import { EmbeddedKeyService } from './embedded-key-service.ts'
import { keysFixture, place } from './fixture.ts'
import { rotated, withKey, withNewKey } from './keyring.ts'
import { KeyringFile, type KeyringPlace } from './keyring-file.ts'

const context = { 'aws:kinesis:arn': 'arn:aws:kinesis:us-east-1:000000000000:stream/a' }

const newKey = (keyring: KeyringPlace, alias?: string) =>
  keyring.change((ring) => withNewKey(ring, 0, systemRandom, alias))

test('a data key comes back by every name of its master key', async () => {
  const { keyring, keys } = keysFixture()
  const { id } = await newKey(keyring, 'alias/orders')
  const arn = `arn:aws:kms:us-east-1:000000000000:key/${id}`
  for (const name of [id, arn, 'alias/orders', 'arn:aws:kms:us-east-1:000000000000:alias/orders']) {
    const { plaintext, wrapped, keyArn } = await keys.generateDataKey(name, context)
    assert.equal(keyArn, arn)
    assert.deepEqual(Buffer.from(await keys.decrypt(wrapped, keyArn, context)), Buffer.from(plaintext))
  }
})

test("an alias of AWS's services makes its key at first use, once, and no other name does", async () => {
  const { keyring, keys } = keysFixture()
  const made = await Promise.all([1, 2, 3].map(() => keys.generateDataKey('alias/aws/kinesis', context)))
  assert.equal(new Set(made.map(({ keyArn }) => keyArn)).size, 1)
  assert.equal((await keyring.read()).keys.length, 1)
  const refused = [
    ['alias/none', 'Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.'],
    ['nothing', "Key 'arn:aws:kms:us-east-1:000000000000:key/nothing' does not exist"],
    ['arn:aws:kms:eu-west-1:000000000000:key/x', 'Invalid arn eu-west-1'],
    ['alias/__proto__', 'Alias arn:aws:kms:us-east-1:000000000000:alias/__proto__ is not found.'],
    ['__proto__', "Key 'arn:aws:kms:us-east-1:000000000000:key/__proto__' does not exist"],
  ] as const
  for (const [name, message] of refused)
    await assert.rejects(keys.generateDataKey(name, context), { reason: 'not found', message })
})

test('a key that is disabled, or waits to be deleted, neither wraps nor unwraps; then it is gone', async () => {
  const { clock, keyring, keys } = keysFixture()
  const key = await newKey(keyring)
  const { wrapped, keyArn } = await keys.generateDataKey(key.id, context)
  const both = async (expected: { reason: string; message: string }) => {
    await assert.rejects(keys.generateDataKey(key.id, context), expected)
    await assert.rejects(keys.decrypt(wrapped, keyArn, context), expected)
  }
  await keyring.change((ring) => [withKey(ring, { ...key, state: 'Disabled' }), undefined])
  await both({ reason: 'disabled', message: `${keyArn} is disabled.` })
  await keyring.change((ring) => [withKey(ring, { ...key, deletionMs: clock.nowMs() + 1000 }), undefined])
  await both({ reason: 'invalid state', message: `${keyArn} is pending deletion.` })
  await clock.advance(1000)
  await both({ reason: 'not found', message: `Key '${keyArn}' does not exist` })
})

test('after rotation old data keys open and new ones are wrapped by another secret', async () => {
  const { keyring, keys } = keysFixture()
  const key = await newKey(keyring)
  const old = await keys.generateDataKey(key.id, context)
  await keyring.change((ring) => [withKey(ring, rotated(key, 1, systemRandom)), undefined])
  const young = await keys.generateDataKey(key.id, context)
  assert.notDeepEqual(old.wrapped.subarray(0, 21), young.wrapped.subarray(0, 21))
  for (const { plaintext, wrapped, keyArn } of [old, young])
    assert.deepEqual(Buffer.from(await keys.decrypt(wrapped, keyArn, context)), Buffer.from(plaintext))
})

test('a keyring file is for its owner only, and what another process changes is seen', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keyring-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'deep/keyring.json')
  const [one, other] = [new KeyringFile(path, systemClock), new KeyringFile(path, systemClock)]
  const keys = new EmbeddedKeyService({ place, clock: new ManualClock(), random: systemRandom, keyring: one })
  const { wrapped, keyArn } = await keys.generateDataKey('alias/aws/kinesis', context)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await other.change((ring) => [withKey(ring, { ...ring.keys[0]!, state: 'Disabled' }), undefined])
  await assert.rejects(keys.decrypt(wrapped, keyArn, context), { reason: 'disabled' })
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => newKey(i % 2 ? one : other)))
  const ids = (await one.read()).keys.map(({ id }) => id)
  assert.ok(made.every(({ id }) => ids.includes(id)))
  await chmod(path, 0o644)
  await assert.rejects(one.read(), /may be read by others: chmod 600 it/)
})

test('a process that was killed while it changed the keyring holds nobody up, also with the id of this one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keyring-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'keyring.json')
  const clock = new ManualClock() // it does not move: who waits never ends
  const keyring = new KeyringFile(path, clock)
  for (const pid of [2 ** 30, process.pid]) {
    await writeFile(`${path}.lock`, JSON.stringify({ pid, started: 'an earlier boot 1', attempt: 1 }))
    await newKey(keyring)
  }
  assert.equal((await keyring.read()).keys.length, 2)
  assert.deepEqual(readdirSync(folder), ['keyring.json'])
})

test('a keyring that is damaged is told of by its file, and its secrets by nobody', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keyring-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'keyring.json')
  const keyring = new KeyringFile(path, systemClock)
  await newKey(keyring)
  const text = await readFile(path, 'utf8')
  const secret = JSON.parse(text).keys[0].generations[0].secret
  const broken = [
    text.slice(0, -20),
    '[]',
    text.replace('"version": 1', '"version": 2'),
    text.replace(secret, secret.slice(8)),
    text.replace('Enabled', 'Perhaps'),
    text.replace('"aliases": {}', '"aliases": {"alias/x": "nobody"}'),
  ]
  for (const bad of broken) {
    await writeFile(path, bad)
    await assert.rejects(keyring.read(), (error: Error) => {
      assert.match(error.message, /^the keyring .*keyring\.json (is|has|lacks) /)
      return !error.message.includes(secret.slice(8))
    })
  }
})
