import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deliveriesCommand } from './commands/deliveries.ts'
import { startMillrace } from './main.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { ConfigError } from './option-values.ts'

test('options of TLS and of doors that would protect nobody are refused in one line', async () => {
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }
  const cases: [MillraceOptions, RegExp][] = [
    [{ tlsOnly: true }, /need --tls/],
    [{ tlsClientCa: '/nowhere' }, /need --tls/],
    [{ tls: true, tlsClientAuth: 'required' }, /--tls-client-auth required needs --tls-client-ca FILE/],
    [{ privateEndpoints: [{ name: 'a' }] }, /"a" needs either an address or a socket/],
    [{ privateEndpoints: [{ name: 'a', address: '0.0.0.0:0' }] }, /0\.0\.0\.0 is beyond this machine/],
    [{ privateEndpoints: [{ name: 'a', address: '127.0.0.1:0', policy }] }, /"a" has a policy, which needs users/],
  ]
  for (const [options, message] of cases)
    await assert.rejects(startMillrace(options), (error: unknown) => {
      assert.ok(error instanceof ConfigError, 'a wrong option, not a failure')
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /\n/)
      return true
    })
})

test('pages are shown for a token that only its owner can read, also by millrace deliveries', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pages-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const pagesToken = join(folder, 'token')
  const refused = (message: RegExp) =>
    assert.rejects(startMillrace({ pagesToken }), (error: unknown) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
      return true
    })
  await refused(/cannot be read \(ENOENT\)/)
  await writeFile(pagesToken, 'short\n', { mode: 0o600 })
  await refused(/at least 16 characters/)
  await writeFile(pagesToken, `${'ab'.repeat(32)}\n`)
  await chmod(pagesToken, 0o640)
  await refused(/others may read the token in .*chmod 600/)
  await chmod(pagesToken, 0o600)
  const server = await startMillrace({ pagesToken })
  t.after(() => server.stop())
  const looked = async (...more: string[]) => {
    const said: string[] = []
    const output = { write: (text: string) => void said.push(text) }
    const code = await deliveriesCommand(['--endpoint', server.url, '--json', ...more], output, output)
    return [code, said.join('')] as const
  }
  const [code, complaint] = await looked()
  assert.equal(code, 1)
  assert.match(complaint, /--token-file FILE/)
  assert.deepEqual(await looked('--token-file', pagesToken), [0, '{"deliveries":[]}\n'])
  assert.equal((await looked('--token-file', '/nowhere'))[0], 2)
  assert.equal((await fetch(`${server.url}/health`)).status, 200)
  assert.equal((await fetch(`${server.url}/metrics`)).status, 401)
})

test('a server answers at its private endpoints, by the names that they have', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const socket = join(folder, 's')
  const server = await startMillrace({
    tls: true,
    privateEndpoints: [
      { name: 'a', address: '127.0.0.1:0', dnsNames: ['kinesis.a.example'] },
      { name: 'b', socket },
    ],
  })
  t.after(() => server.stop())
  const [a, b] = [...server.endpoints.values()]
  assert.equal(b, socket)
  const status = (options: http.RequestOptions) =>
    new Promise((resolve, reject) => {
      const request = http.get({ path: '/health', agent: false, ...options }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
    })
  assert.equal(await status({ port: new URL(a!).port, headers: { host: 'kinesis.a.example' } }), 200)
  assert.equal(await status({ socketPath: socket }), 200)
})
