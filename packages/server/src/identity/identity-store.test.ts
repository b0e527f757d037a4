import assert from 'node:assert/strict'
import { chmod, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import test from 'node:test'
import { lookEveryMs } from '../core/file-watch.ts'
import { anaKey, benKey, document, identityFile, openStore, place } from './identity-fixture.ts'
import { IdentityError } from './identity-reader.ts'
import { IdentityStore } from './identity-store.ts'

const without = (name: string) => ({ ...document, users: document.users!.filter((user) => user.name !== name) })
const isRefused = (sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityError, `${error}`)
  assert.match(error.message, sentence)
  return true
}

test('a key is found without a token, and with one it is nobody’s', async (t) => {
  const { store } = await openStore(t)
  assert.equal(store.find(anaKey.id, undefined)?.secret, anaKey.secret)
  assert.equal(store.find(anaKey.id, 'AQAB'), undefined)
  assert.equal(store.find(anaKey.id, ''), undefined)
  assert.equal(store.find('AKIANOBODYNOBODYNOBO', undefined), undefined)
})

test('a file that others may read is not taken; one that its group may read is', {
  skip: process.platform === 'win32',
}, async (t) => {
  const path = await identityFile(t)
  for (const mode of [0o644, 0o604, 0o620, 0o602]) {
    await chmod(path, mode)
    await assert.rejects(openStore(t, path), isRefused(/has the mode 0\d+, and holds secrets: chmod 600/))
  }
  await chmod(path, 0o440)
  await openStore(t, path)
})

test('a server does not start without its file, or on one that is broken', async (t) => {
  await assert.rejects(
    openStore(t, '/nowhere/identity.json'),
    isRefused(/^there is no file .*: millrace identity init/),
  )
  await assert.rejects(
    openStore(t, await identityFile(t, { users: [{}] })),
    isRefused(/identity\.json: users\[0\]\.name is missing$/),
  )
})

test('what is told of a broken file shows nothing that stands in it', async (t) => {
  const broken = `{"users":[{"name":"ana","accessKeys":[{"id":"${anaKey.id}","secret":"${anaKey.secret}" "x"}]}]}`
  await assert.rejects(openStore(t, await identityFile(t, broken)), (error: Error) => {
    assert.match(error.message, /identity\.json is not JSON \(line 1 column \d+\)$/)
    assert.ok(!error.message.includes('secret'))
    return true
  })
})

test('a file that names something twice in one object is not taken', async (t) => {
  const statement = '"Effect":"Allow","Action":"*","Resource":"*"'
  const twice = `{"Bool":{"aws:SecureTransport":"true"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}`
  const content = `{"users":[{"name":"ana","policies":[{"Statement":{${statement},"Condition":${twice}}}]}]}`
  await assert.rejects(
    openStore(t, await identityFile(t, content)),
    isRefused(/identity\.json: "Bool" occurs twice in one object$/),
  )
})

test('a changed file is in force two seconds later, however it was changed', async (t) => {
  const path = await identityFile(t)
  const { store, nextLook } = await openStore(t, path)
  const write = (content: unknown, to = path) => writeFile(to, JSON.stringify(content), { mode: 0o600 })

  await write(without('ana'))
  await nextLook()
  assert.equal(store.find(anaKey.id, undefined), undefined, 'written over')
  assert.ok(store.find(benKey.id, undefined))

  await write(document, `${path}.new`)
  await rename(`${path}.new`, path)
  await nextLook()
  assert.ok(store.find(anaKey.id, undefined), 'moved into its place')

  await write(without('ben'), `${path}.other`)
  await rm(path)
  await symlink(`${path}.other`, path)
  await nextLook()
  assert.equal(store.find(benKey.id, undefined), undefined, 'a link to elsewhere')
})

test('a changed file that is broken leaves in force what was, and says so once', async (t) => {
  const path = await identityFile(t)
  const { store, clock, logged, nextLook } = await openStore(t, path)
  const told = () => logged.filter(({ level }) => level === 'error')
  await writeFile(path, '{"users":[')
  await nextLook()
  await clock.advance(3 * lookEveryMs)
  assert.equal(told().length, 1)
  assert.match(JSON.stringify(told()), /stays in force.*is not JSON/)
  await rm(path)
  await nextLook()
  assert.equal(told().length, 2, 'it is gone')
  assert.ok(store.find(anaKey.id, undefined))
  await writeFile(path, JSON.stringify(without('ana')), { mode: 0o600 })
  await nextLook()
  assert.equal(store.find(anaKey.id, undefined), undefined, 'mended')
  await chmod(path, 0o644)
  await nextLook()
  assert.equal(told().length, 3, 'others may read it now')
  assert.ok((await stat(path)).size > 0)
})

test('who is found stays the same object while nothing changes', async (t) => {
  const { store } = await openStore(t)
  assert.equal(store.find(anaKey.id, undefined), store.find(anaKey.id, undefined))
})

test('a file without keys is said to let nobody in', async (t) => {
  const { logged } = await openStore(t, { users: [{ name: 'ana' }] })
  assert.match(logged[0]?.message ?? '', /every request will be refused/)
})

test('neither a store nor what it finds shows a secret when it is printed for a log', async (t) => {
  const { logged, store } = await openStore(t)
  assert.ok(store instanceof IdentityStore)
  assert.ok(!JSON.stringify({ logged, store, place }).includes('secret-ana'))
})
