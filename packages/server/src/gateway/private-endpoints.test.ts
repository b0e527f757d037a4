import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { lookEveryMs } from '../core/file-watch.ts'
import { call, gatewayFixture, signedHeaders } from './gateway-fixture.ts'
import { followPolicies, type PrivateEndpointOptions, privateEndpointsOf } from './private-endpoints.ts'

const opened = (t: TestContext, endpoints: readonly PrivateEndpointOptions[]) =>
  gatewayFixture(t, { privateEndpoints: privateEndpointsOf(endpoints) })

const portOf = (url: string | undefined) => Number(new URL(url!).port)

async function folderOf(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'doors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function callSocket(socketPath: string, host = 'localhost') {
  return new Promise<number | undefined>((resolve, reject) => {
    const headers = { ...signedHeaders('Echo'), host }
    const request = http.request({ socketPath, method: 'POST', headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    request.on('error', reject)
    request.end('{}')
  })
}

test('each endpoint answers at its own address, under its own names and no others', async (t) => {
  const { port, gateway } = await opened(t, [
    { name: 'orders', address: '127.0.0.1:0', dnsNames: ['kinesis.orders.example'] },
    { name: 'billing', id: 'vpce-0123456789abcdef0', address: '127.0.0.1:0' },
  ])
  assert.deepEqual([...gateway.endpoints.keys()], ['vpce-1c168adb00d208e42', 'vpce-0123456789abcdef0'])
  const [orders, billing] = [...gateway.endpoints.values()].map(portOf)
  assert.equal(new Set([port, orders, billing]).size, 3)
  const named = { ...signedHeaders('Echo'), host: 'kinesis.orders.example' }
  for (const at of [port, orders!, billing!]) {
    assert.equal((await call(at, { headers: signedHeaders('Echo') })).status, 200)
    assert.equal((await call(at, { headers: named })).status, at === orders ? 200 : 403)
  }
})

test('a Unix socket has the mode that was asked for, replaces what a dead server left, and is gone at the end', async (t) => {
  const folder = await folderOf(t)
  const socket = join(folder, 'm.sock')
  for (const mode of ['0600', '0660'] as const) {
    const { gateway } = await opened(t, [{ name: 'local', socket, mode }])
    assert.equal((await stat(socket)).mode & 0o777, Number.parseInt(mode, 8))
    assert.equal(await callSocket(socket), 200)
    assert.equal(await callSocket(socket, 'evil.example'), 403)
    await assert.rejects(opened(t, [{ name: 'local', socket }]), /another server listens on/)
    assert.equal(await callSocket(socket), 200, 'the one that is there is not harmed')
    await gateway.close()
    assert.deepEqual(await readdir(folder), [])
  }
  const dead = net.createServer().listen(`${socket}.dead`)
  await new Promise((resolve) => dead.once('listening', resolve))
  const { rename } = await import('node:fs/promises')
  await rename(`${socket}.dead`, socket)
  await new Promise((resolve) => dead.close(resolve))
  await opened(t, [{ name: 'local', socket }])
  assert.equal(await callSocket(socket), 200)
})

test('what is no socket is never replaced, and where one door cannot be opened none is', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'precious')
  await writeFile(path, 'data')
  await assert.rejects(opened(t, [{ name: 'a', socket: path }]), /exists and is not a socket/)
  await assert.rejects(opened(t, [{ name: 'a', socket: join(folder, 'x'.repeat(120)) }]), /longer than 98 bytes/)
  const { port } = await opened(t, [])
  const socket = join(folder, 's')
  const two = [
    { name: 'a', socket },
    { name: 'b', address: `127.0.0.1:${port}` },
  ]
  await assert.rejects(opened(t, two), { code: 'EADDRINUSE' })
  assert.deepEqual(await readdir(folder), ['precious'])
  await chmod(path, 0o600)
})

test('what is wrong in the file is said in one line, with the name of the endpoint', () => {
  const good = { name: 'a', address: '127.0.0.1:4568' }
  const cases: [unknown, RegExp][] = [
    [{}, /must be a list/],
    [[null], /number 1 is not an object/],
    [[{ address: '127.0.0.1:1' }], /number 1 needs a name/],
    [[{ name: '../x', address: '127.0.0.1:1' }], /number 1 needs a name/],
    [[{ name: 'a' }], /"a" needs either an address or a socket/],
    [[{ ...good, socket: '/s' }], /"a" needs either an address or a socket/],
    [[{ ...good, adress: 1 }], /"a" has "adress", which is not one of/],
    [[{ ...good, id: 'vpce-XYZ' }], /"a" needs as id vpce-/],
    [[{ ...good, vpcId: 'vpce-01234567' }], /"a" needs as vpcId vpc-/],
    [[{ ...good, address: '127.0.0.1' }], /"a" needs as address HOST:PORT/],
    [[{ ...good, address: '127.0.0.1:65536' }], /"a" needs as address HOST:PORT/],
    [[{ ...good, address: '::1:80' }], /"a" needs as address HOST:PORT/],
    [[{ ...good, mode: '0600' }], /"a" has a mode/],
    [[{ name: 'a', socket: '/s', mode: '0777' }], /"a" needs as mode 0600 or 0660/],
    [[{ ...good, dnsNames: ['a b'] }], /"a" needs as dnsNames/],
    [[{ ...good, dnsNames: 'x' }], /"a" needs as dnsNames/],
    [[{ ...good, policy: {} }], /"a" has a policy that cannot be used: /],
    [[{ ...good, policy: 'Allow' }], /"a" has a policy that cannot be used: /],
    [[{ ...good, tls: true }], /"a" needs as tls/],
    [[{ name: 'a', socket: '/s', tls: 'only' }], /"a" is a Unix socket/],
    [[good, { ...good }], /two have the name "a"/],
    [
      [
        { ...good, id: 'vpce-01234567' },
        { name: 'b', address: '[::1]:1', id: 'vpce-01234567' },
      ],
      /two have the id/,
    ],
    [new Array(51).fill(good), /there are 51, of at most 50/],
  ]
  for (const [given, message] of cases)
    assert.throws(() => privateEndpointsOf(given as PrivateEndpointOptions[]), { message }, JSON.stringify(given))
  assert.throws(() => privateEndpointsOf('/nowhere'), /^Error: private endpoints: \/nowhere cannot be read \(ENOENT\)$/)
  assert.deepEqual(privateEndpointsOf([{ ...good, address: '[::1]:80' }])[0]?.at, { host: '::1', port: 80 })
})

test('a policy that changes in the file is the policy; what cannot be used changes nothing, and is told', async (t) => {
  const path = join(await folderOf(t), 'endpoints.json')
  const allow = (action: string) => ({
    Version: '2012-10-17',
    Statement: [{ Sid: action, Effect: 'Allow', Principal: '*', Action: `kinesis:${action}`, Resource: '*' }],
  })
  const put = (more: object) => writeFile(path, JSON.stringify([{ name: 'a', address: '127.0.0.1:0', ...more }]))
  await put({ policy: allow('PutRecord') })
  const endpoints = privateEndpointsOf(path)
  const before = endpoints[0]!.policy
  assert.equal(before?.kind, 'VPC endpoint policy')
  const clock = new ManualClock()
  const said: string[] = []
  const log = (level: string, _message: string, more?: object) => void said.push(`${level} ${JSON.stringify(more)}`)
  const stop = followPolicies(endpoints, path, clock, { log })
  const told = async () => {
    for (let look = 0; look < 400 && said.length === 0; look++) {
      await clock.advance(lookEveryMs)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return said.shift()
  }
  await clock.advance(lookEveryMs)
  await put({ policy: { Statement: [], x: 1 } })
  assert.match((await told())!, /^error .*has a policy that cannot be used/)
  await writeFile(path, '[{')
  assert.match((await told())!, /^error .*is not JSON/)
  await put({ policy: allow('GetRecords'), id: 'vpce-01234567' })
  assert.match((await told())!, /^error .*cannot change while the server runs/)
  assert.equal(endpoints[0]!.policy, before)
  await put({ policy: allow('GetRecords') })
  assert.match((await told())!, /^info/)
  assert.notEqual(endpoints[0]!.policy, before)
  await put({})
  assert.match((await told())!, /^info/)
  assert.equal(endpoints[0]!.policy, undefined)
  stop()
})
