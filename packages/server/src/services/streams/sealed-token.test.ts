import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { type LogLevel, silentLogger, systemRandom } from '@millrace/ports'
import { keysCommand } from '../../commands/keys.ts'
import { KeyRefused, type SecretBox } from '../../core/ports/keys.ts'
import { startMillrace } from '../../main.ts'
import { MemoryCatalog } from '../../storage/memory/memory-catalog.ts'
import { SealedTokens } from './sealed-token.ts'

const keyOfCatalog = 'secret/token-key'

/** Seals so that a test can see it. */
const secrets: SecretBox = {
  seal: async (name, secret) => `sealed ${name} ${secret}`,
  open: async (name, sealed) => sealed.replace(`sealed ${name} `, ''),
}

function opening(catalog = new MemoryCatalog()) {
  const warned: string[] = []
  const logger = { log: (_level: LogLevel, message: string) => void warned.push(message) }
  const open = (box?: SecretBox) => SealedTokens.open({ catalog, random: systemRandom, logger, secrets: box })
  const kept = () => catalog.get(keyOfCatalog)?.value as string
  return { warned, open, kept }
}

test('an iterator is good after a restart, and only as what it was made', async () => {
  const { open } = opening()
  const token = (await open()).seal('iterator', ['s', 1])
  const again = await open()
  assert.deepEqual(again.open('iterator', token), ['s', 1])
  assert.equal(again.open('next-token', token), undefined)
  assert.equal(again.open('iterator', `${token.slice(0, -4)}AAAA`), undefined)
  assert.equal((await opening().open()).open('iterator', token), undefined, 'of another catalog')
})

test('the key of iterators is sealed where there is a keyring, and one in clear is sealed at the next start', async () => {
  const { open, kept } = opening()
  const token = (await open()).seal('iterator', 7)
  const clear = kept()
  assert.equal(Buffer.from(clear, 'base64').length, 32)
  assert.equal((await open(secrets)).open('iterator', token), 7)
  assert.equal(kept(), `sealed ${keyOfCatalog} ${clear}`)
  assert.equal((await open(secrets)).open('iterator', token), 7)
  assert.equal(kept(), `sealed ${keyOfCatalog} ${clear}`, 'it is sealed once')

  const fresh = opening()
  await fresh.open(secrets)
  assert.match(fresh.kept(), /^sealed /)
})

test('a key that the keyring does not give is kept for when it does, and does not keep a server from starting', async () => {
  const { warned, open, kept } = opening()
  const token = (await open(secrets)).seal('iterator', 7)
  const before = kept()
  const refuse = async () => {
    throw new KeyRefused('disabled', 'The key is disabled.')
  }
  const tokens = await open({ seal: refuse, open: refuse })
  assert.equal(tokens.open('iterator', token), undefined)
  assert.equal(tokens.open('iterator', tokens.seal('iterator', 8)), 8)
  assert.equal((await open()).open('iterator', token), undefined, 'sealed, and no keyring')
  assert.deepEqual([kept(), warned.length], [before, 2])
  assert.equal((await open(secrets)).open('iterator', token), 7)
})

test('once a folder has a keyring, no file of its catalog holds the key of iterators', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-tokens-'))
  t.after(() => rmSync(data, { recursive: true }))
  const run = async () => (await startMillrace({ data, logger: silentLogger })).stop()
  const catalog = () => readFileSync(join(data, 'catalog/catalog.map'), 'latin1')
  await run()
  const [, clear] = /"secret\/token-key","([A-Za-z0-9+/=]{44})"/.exec(catalog())!
  await keysCommand(['create', '--data', data], { write: () => {} }, { write: assert.fail })
  await run()
  await run() // the old bytes leave the file when it is written anew
  assert.ok(!catalog().includes(clear!))
  assert.match(catalog(), /"secret\/token-key","sealed:1:/)
})
