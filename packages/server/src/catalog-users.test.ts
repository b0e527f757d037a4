import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ManualClock, silentLogger } from '@millrace/ports'
import { identityCommand } from './commands/identity.ts'
import { lookEveryMs } from './core/file-watch.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { type Key, keysIn, kinesis, openServer, sts } from './services/sts/sts-fixture.ts'
import { EmbeddedCatalog } from './storage/embedded/embedded-catalog.ts'
import { nodeFileSystem } from './storage/embedded/file-system.ts'

/* Users in a data folder's catalog: the command, the server, and both at once. */

/** A folder that is not there yet, the command on it, and servers. */
async function dataFolder(t: TestContext) {
  const above = await mkdtemp(join(tmpdir(), 'millrace-users-'))
  t.after(() => rm(above, { recursive: true, force: true }))
  const data = join(above, 'data')
  const keyring = join(above, 'elsewhere/keyring.json')
  const env = { MILLRACE_IDENTITY: 'catalog', MILLRACE_DATA: data, MILLRACE_KEYRING: keyring }
  const run = async (...args: string[]) => {
    const [out, err]: [string[], string[]] = [[], []]
    const into = (said: string[]) => ({ write: (text: string) => said.push(text) })
    const code = await identityCommand(args, into(out), into(err), { env })
    return { code, out: out.join(''), err: err.join('') }
  }
  const done = async (...args: string[]) => {
    const { code, out, err } = await run(...args)
    assert.deepEqual([code, err], [0, ''], args.join(' '))
    return out
  }
  const serve = (more: MillraceOptions = {}) => openServer(t, 'catalog', { data, keyring, ...more })
  const policy = async (content: unknown) => {
    const path = join(above, 'policy.json')
    await writeFile(path, JSON.stringify(content))
    return path
  }
  return { above, data, keyring, run, done, serve, policy }
}

function keyIn(out: string): Key {
  const [, id] = /AWS_ACCESS_KEY_ID=(\S+)/.exec(out)!
  const [, secret] = /AWS_SECRET_ACCESS_KEY=(\S+)/.exec(out)!
  return { id: id!, secret: secret! }
}

/** A server on a clock that a test moves until it says that it has taken, or not taken, what was changed. */
function watchedBy(clock: ManualClock) {
  const told: string[] = []
  const logger = { log: (_level: string, message: string, facts?: unknown) => void told.push(message + tell(facts)) }
  const tell = (facts: unknown) => JSON.stringify(facts ?? {})
  const nextLook = async () => {
    const before = told.filter((line) => line.includes('in force')).length
    while (told.filter((line) => line.includes('in force')).length === before) await clock.advance(lookEveryMs)
    return told.findLast((line) => line.includes('in force'))!
  }
  return { logger, nextLook }
}

test('the first user of a folder that is not there yet is let in by a server on it, and nobody else is', async (t) => {
  const { done, serve } = await dataFolder(t)
  const admin = keyIn(await done('init'))
  const { url } = await serve()
  assert.equal((await kinesis(url, admin, 'ListStreams', {})).status, 200)
  assert.equal((await kinesis(url, { ...admin, secret: 'x'.repeat(40) }, 'ListStreams', {})).status, 400)
  assert.equal((await kinesis(url, { ...admin, id: 'AKIANOBODYNOBODYNOBO' }, 'ListStreams', {})).status, 400)
  const headers = { 'X-Amz-Target': 'Kinesis_20131202.ListStreams', 'Content-Type': 'application/x-amz-json-1.1' }
  const unsigned = await fetch(url, { method: 'POST', headers, body: '{}' })
  assert.equal(unsigned.status, 400)
  assert.match(await unsigned.text(), /MissingAuthenticationToken/)
})

test('a server on a catalog with nobody in it does not start, and says how the first user is made', async (t) => {
  const { data, serve } = await dataFolder(t)
  const isTold = (error: Error) => {
    assert.match(error.message, /^nobody is in the catalog of .* yet: millrace identity init --catalog --data /)
    assert.ok(error.message.includes(data) && !error.message.includes('\n'), error.message)
    return true
  }
  await assert.rejects(serve(), isTold)
  await assert.rejects(openServer(t, 'catalog'), /--identity catalog needs a data folder/)
})

test('what is changed while a server runs is in force two seconds later: keys, policies, roles and their sessions', async (t) => {
  const { done, serve, policy } = await dataFolder(t)
  const clock = new ManualClock()
  const { logger, nextLook } = watchedBy(clock)
  const admin = keyIn(await done('init'))
  await done('add-role', 'reader', '--trust', 'admin', '--policy', await policy(allowed('kinesis:List*')))
  const { url } = await serve({ clock, logger })
  const list = async (key: Key) => (await kinesis(url, key, 'ListStreams', {}, clock.nowMs())).status

  const ben = keyIn(await done('add-user', 'ben'))
  await nextLook()
  assert.equal(await list(ben), 400, 'known, and may do nothing')
  await done('attach-policy', 'ben', await policy(allowed('kinesis:ListStreams')), '--name', 'lists')
  await nextLook()
  assert.equal(await list(ben), 200)
  await done('remove-key', ben.id)
  await nextLook()
  assert.equal(await list(ben), 400)

  const asked = { Action: 'AssumeRole', RoleArn: 'arn:aws:iam::000000000000:role/reader', RoleSessionName: 'job' }
  const session = keysIn(await sts(url, admin, asked, clock.nowMs()))
  assert.equal(await list(session), 200)
  await done('remove-role', 'reader')
  await nextLook()
  assert.equal(await list(session), 400)
})

test('users are there after a restart, and the command works in between as it does while a server runs', async (t) => {
  const { done, serve } = await dataFolder(t)
  const admin = keyIn(await done('init'))
  const first = await serve()
  const web = keyIn(await done('add-user', 'web', '--producer', 'clicks'))
  await first.stop()
  await done('remove-user', 'admin')
  const { url } = await serve()
  assert.equal((await kinesis(url, admin, 'ListStreams', {})).status, 400)
  assert.match(
    (await kinesis(url, web, 'PutRecord', record)).text,
    /ResourceNotFoundException/,
    'allowed, and not there',
  )
  assert.match((await kinesis(url, web, 'DeleteStream', { StreamName: 'clicks' })).text, /is not authorized to perform/)
})

test('neither a secret nor a name nor a policy can be read in any file of the folder', async (t) => {
  const { data, done, serve } = await dataFolder(t)
  const admin = keyIn(await done('init'))
  const web = keyIn(await done('add-user', 'web-canary', '--producer', 'stream-canary'))
  const server = await serve()
  await done('add-key', 'web-canary')
  await server.stop()
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  assert.ok(files.some(({ name }) => name === 'identity.map'))
  for (const { parentPath, name } of files) {
    const content = await readFile(join(parentPath, name), 'latin1')
    for (const word of [admin.id, admin.secret, web.id, web.secret, 'web-canary', 'stream-canary'])
      assert.ok(!content.includes(word), `${word} is in ${name}`)
  }
})

test('what no server would take is refused as in a file, and changes nothing', async (t) => {
  const { done, run, policy } = await dataFolder(t)
  await done('init')
  await done('check')
  const before = await done('list', '--json')
  const wrong: [args: string[], sentence: RegExp][] = [
    [['init'], /the catalog of .* has users already/],
    [['add-user', 'admin'], /there is a user admin already/],
    [['attach-policy', 'admin', await policy(allowed('PutRecord'))], /users\[0\]\.policies\[1\]\.Statement\[0\]/],
    [['add-user', 'ben', '--file', 'x.json', '--catalog'], /--file and --catalog are two places/],
  ]
  for (const [args, sentence] of wrong) {
    const { code, err, out } = await run(...args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(err, sentence)
  }
  assert.equal(await done('list', '--json'), before)
})

test('of several commands at once each has its change made, or is told that another was first', async (t) => {
  const { done, run } = await dataFolder(t)
  await done('init')
  const names = Array.from({ length: 6 }, (_, i) => `user-${i}`)
  const told = await Promise.all(names.map((name) => run('add-user', name, '--no-key')))
  for (const { code, err } of told)
    if (code !== 0) assert.match(err, /was changed by somebody else meanwhile: try again/)
  const added = names.filter((_, i) => told[i]!.code === 0)
  const { users } = JSON.parse(await done('list', '--json')) as { users: { name: string }[] }
  assert.ok(added.length > 0)
  assert.deepEqual(new Set(users.map(({ name }) => name)), new Set(['admin', ...added]))
  assert.equal(users.length, added.length + 1)
})

test('users that somebody without the keyring put there are not taken, neither at the start nor later', async (t) => {
  const { data, done, run, serve } = await dataFolder(t)
  const clock = new ManualClock()
  const { logger, nextLook } = watchedBy(clock)
  const admin = keyIn(await done('init'))
  const { url, stop } = await serve({ clock, logger })
  const forged = (name: string) => ({ users: [{ name, accessKeys: [{ id: 'A'.repeat(20), secret: 'b'.repeat(40) }] }] })
  const sealedBefore = await change(data, () => JSON.stringify(forged('eve')))
  assert.match(await nextLook(), /has users that are not sealed/)
  assert.equal((await kinesis(url, admin, 'ListStreams', {}, clock.nowMs())).status, 200, 'what was there before holds')
  await stop()
  await assert.rejects(serve(), /has users that are not sealed: they are refused/)
  await change(data, () => `${sealedBefore.slice(0, -8)}AAAAAAA=`)
  await assert.rejects(serve(), /was changed, or is another's/)
  assert.match((await run('list')).err, /^millrace identity: .*was changed, or is another's/)
  await change(data, () => sealedBefore)
  await serve()
})

test('without its keyring a catalog of users is not taken, and no new one hides the loss', async (t) => {
  const { done, run, serve, keyring } = await dataFolder(t)
  await done('init')
  await rm(keyring)
  await assert.rejects(serve(), /the keyring .* is missing/)
  assert.match((await run('add-user', 'ben')).err, /^millrace identity: the keyring .* is missing/)
  await assert.rejects(readFile(keyring), /ENOENT/)
})

const allowed = (Action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
})
const record = { StreamName: 'clicks', PartitionKey: 'p', Data: 'AA==' }

/** Puts another text in the place of the document, as somebody can who may write to the folder. Returns the one before. */
async function change(data: string, make: () => string): Promise<string> {
  const catalog = await EmbeddedCatalog.open(nodeFileSystem, join(data, 'catalog'), silentLogger, 'identity.map')
  const { value, version } = catalog.get('identity')!
  await catalog.put('identity', make(), version)
  await catalog.close()
  return value as string
}
