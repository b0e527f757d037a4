import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemRandom } from '@millrace/ports'
import { makeCertificate } from '../gateway/tls/certificate.ts'

/* The flags of doors, each by the command itself. */

const bin = join(import.meta.dirname, '../bin.ts')

async function folderOf(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'doors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** `millrace` in a process of its own, and what it said first. */
async function millrace(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [bin, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => end(child))
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')])
  return { child, said: String(said) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** The status, or undefined where no answer came. */
function statusOf(options: https.RequestOptions & { protocol: 'http:' | 'https:' }): Promise<number | undefined> {
  return new Promise((resolve) => {
    const { get } = options.protocol === 'https:' ? https : http
    get({ agent: false, path: '/health', ...options }, (response) => {
      response.resume().on('error', () => {})
      resolve(response.statusCode)
    }).on('error', () => resolve(undefined))
  })
}

test('--tls-client-ca, --private-endpoints and --pages-token are in force in the server that the command starts', async (t) => {
  const folder = await folderOf(t)
  const at = (name: string) => join(folder, name)
  const [client, stranger] = [1, 2].map(() => makeCertificate(['worker'], Date.now(), systemRandom, 'client'))
  await writeFile(at('clients.pem'), client!.authority)
  await writeFile(at('token'), `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  await writeFile(at('endpoints.json'), JSON.stringify([{ name: 'sidecar', socket: at('s') }]))
  const flags = ['--tls', '--data', at('data'), '--tls-client-ca', at('clients.pem'), '--pages-token', at('token')]
  const { said } = await millrace(t, ...flags, '--private-endpoints', at('endpoints.json'))
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1])
  const ca = await readFile(at('data/tls/ca.pem'), 'utf8')
  const byTls = { protocol: 'https:', port, host: '127.0.0.1', ca } as const
  assert.equal(await statusOf({ ...byTls, cert: client!.cert, key: client!.key }), 200)
  assert.equal(await statusOf({ ...byTls, cert: stranger!.cert, key: stranger!.key }), undefined)
  assert.equal(await statusOf(byTls), undefined)
  assert.equal(await statusOf({ protocol: 'http:', port, host: '127.0.0.1' }), 403, 'nor without TLS')
  const bySocket = { protocol: 'http:', socketPath: at('s') } as const
  assert.equal(await statusOf(bySocket), 200)
  assert.equal(await statusOf({ ...bySocket, path: '/metrics' }), 401)
  const headers = { authorization: `Bearer ${'ab'.repeat(32)}` }
  assert.equal(await statusOf({ ...bySocket, path: '/metrics', headers }), 200)
})

test('--tls-client-auth optional lets clients in that show no certificate, and plain HTTP', async (t) => {
  const folder = await folderOf(t)
  const { authority } = makeCertificate(['worker'], Date.now(), systemRandom, 'client')
  await writeFile(join(folder, 'clients.pem'), authority)
  const flags = ['--memory', '--tls', '--tls-client-ca', join(folder, 'clients.pem'), '--tls-client-auth', 'optional']
  const { said } = await millrace(t, ...flags)
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1])
  const plain = { protocol: 'http:', port, host: '127.0.0.1' } as const
  const ca = await (await fetch(`http://127.0.0.1:${port}/ca.pem`)).text()
  assert.equal(await statusOf(plain), 200)
  assert.equal(await statusOf({ ...plain, protocol: 'https:', ca }), 200)
  const stranger = makeCertificate(['worker'], Date.now(), systemRandom, 'client')
  const shown = { cert: stranger.cert, key: stranger.key }
  assert.equal(await statusOf({ ...plain, protocol: 'https:', ca, ...shown }), undefined)
})

test('the first line has the region by both names: boto3 and version 1 of the AWS CLI read one, all others the other', async (t) => {
  const { said } = await millrace(t, '--memory', '--region', 'eu-west-3')
  assert.match(said, /export .* AWS_REGION=eu-west-3 AWS_DEFAULT_REGION=eu-west-3 AWS_ACCESS_KEY_ID=/)
})

test('the command refuses what its flags name and cannot be used, in one line and with 2', async (t) => {
  const folder = await folderOf(t)
  const file = join(folder, 'file')
  await writeFile(file, '[{"name":"a"}]')
  await chmod(file, 0o644)
  const cases: [string[], RegExp][] = [
    [['--private-endpoints', file], /private endpoints: "a" needs either an address or a socket/],
    [['--pages-token', file], /others may read the token in .*: chmod 600/],
    [['--tls-client-ca', file], /need --tls/],
  ]
  await Promise.all(
    cases.map(async ([flags, message]) => {
      const { child, said } = await millrace(t, '--memory', ...flags)
      assert.match(said, message)
      assert.match(said, /^millrace: [^\n]*\n$/)
      if (child.exitCode === null) await once(child, 'exit')
      assert.equal(child.exitCode, 2)
    }),
  )
})
