import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
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
    [{ privateEndpoints: [{ name: 'a', address: '127.0.0.1:0', policy }] }, /"a" has a policy, and without --identity/],
  ]
  for (const [options, message] of cases)
    await assert.rejects(startMillrace(options), (error: unknown) => {
      assert.ok(error instanceof ConfigError, 'a wrong option, not a failure')
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /\n/)
      return true
    })
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
