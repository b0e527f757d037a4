import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { lookEveryMs } from '../core/file-watch.ts'
import { keysIn, kinesis, openServer, sts } from '../services/sts/sts-fixture.ts'
import { identitiesOf } from './identities.ts'
import { allow, anaKey, benKey, identityFile, place, trust } from './identity-fixture.ts'

/* The whole server with an identity file. */

const bin = join(import.meta.dirname, '../bin.ts')
const roleArn = 'arn:aws:iam::000000000000:role/reader'
const users = [
  { name: 'ana', accessKeys: [anaKey], policies: [allow('*')] },
  { name: 'ben', accessKeys: [benKey], policies: [allow(['kinesis:List*', 'sts:AssumeRole'])] },
]
const roles = [{ name: 'reader', trustPolicy: trust({ AWS: '000000000000' }), policies: [allow('kinesis:List*')] }]

/** `millrace` in a process of its own; resolves with what it said first, on whichever of the two. */
async function millrace(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [bin, '--port', '0', '--memory', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => end(child))
  const [said] = await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data')])
  return { child, said: String(said) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

test('the command line with an identity file names no key that everybody has', async (t) => {
  const file = await identityFile(t, { users })
  const { said } = await millrace(t, '--identity', file)
  assert.match(said, /^Millrace is ready at http:/)
  assert.ok(!said.includes('any') && said.includes(`with the keys of a user in ${file}`), said)
})

test('the command line refuses to be open to the network, and a file with a mistake, in one line', async (t) => {
  const open = await millrace(t, '--host', '0.0.0.0')
  assert.match(open.said, /^millrace: 0\.0\.0\.0 is beyond this machine.*give --identity FILE.*or --insecure\n$/)
  const [code] = open.child.exitCode === null ? await once(open.child, 'exit') : [open.child.exitCode]
  assert.equal(code, 2)
  const file = await identityFile(t, { users: [{ name: 'ana', policies: [allow('Put')] }] })
  assert.match(
    (await millrace(t, '--identity', file)).said,
    /^millrace: .*identity\.json: users\[0\]\.policies\[0\]\.Statement\[0\].*\n$/,
  )
})

test('a changed file is in force while the server runs: keys, policies, and sessions that were begun before', async (t) => {
  const file = await identityFile(t, { users, roles })
  const clock = new ManualClock()
  const told: string[] = []
  const logger = { log: (_level: string, message: string) => void told.push(message) }
  const { url } = await openServer(t, file, { clock, logger })
  const keys = keysIn(
    await sts(url, benKey, { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'job' }, clock.nowMs()).then(
      mayFail,
    ),
  )
  const ana = () => kinesis(url, anaKey, 'ListStreams', {}, clock.nowMs())
  const session = () => kinesis(url, keys, 'ListStreams', {}, clock.nowMs())
  assert.deepEqual([(await ana()).status, (await session()).status], [200, 200])
  await writeFile(
    file,
    JSON.stringify({ users: [users[1], { ...users[0], policies: [] }], roles: [{ ...roles[0], policies: [] }] }),
  )
  while (!told.some((message) => /is in force/.test(message))) await clock.advance(lookEveryMs)
  assert.match(
    (await ana()).text,
    /AccessDeniedException.*no identity-based policy allows the kinesis:ListStreams action/,
  )
  assert.match((await session()).text, /AccessDeniedException.*assumed-role\/reader\/job is not authorized/)
})

test('no secret and no token is logged, or told by any page', async (t) => {
  const told: string[] = []
  const logger = {
    log: (_level: string, message: string, facts?: unknown) => void told.push(message + JSON.stringify(facts ?? {})),
  }
  const { url } = await openServer(t, { users, roles }, { logger })
  const answer = await sts(url, anaKey, { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'job' })
  const keys = keysIn(answer)
  await kinesis(url, keys, 'ListStreams', {})
  await kinesis(url, { ...keys, secret: 'wrong' }, 'ListStreams', {})
  await kinesis(url, { ...anaKey, token: keys.token }, 'ListStreams', {})
  await sts(url, benKey, { Action: 'GetAccessKeyInfo', AccessKeyId: anaKey.id })
  for (const page of ['/health', '/metrics', '/deliveries']) told.push(await (await fetch(url + page)).text())
  assert.ok(
    told.some((line) => line.includes('a signature does not match')),
    'it was logged what is logged',
  )
  for (const secret of [anaKey.secret, benKey.secret, keys.secret, keys.token!, keys.token!.slice(0, 40)])
    assert.ok(!told.join('\n').includes(secret), 'a secret was told')
})

test('the example in the manual is a file that a server takes', async () => {
  const manual = await readFile(join(import.meta.dirname, '../../../../docs/identity.md'), 'utf8')
  const [, example] = /```json\n([\s\S]*?)```/.exec(manual)!
  const filled = example!.replace('AKIA…', anaKey.id).replace('"…"', JSON.stringify(anaKey.secret))
  const { users, roles } = identitiesOf(JSON.parse(filled), place)
  assert.deepEqual([users.size, roles.size], [1, 1])
})

function mayFail<T extends { readonly status: number; readonly text: string }>(answer: T): T {
  assert.equal(answer.status, 200, answer.text)
  return answer
}
