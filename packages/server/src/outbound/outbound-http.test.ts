import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ManualClock, systemClock } from '@millrace/ports'
import { OutboundFailed, type OutboundRequest } from '../core/ports/outbound.ts'
import { AddressRules } from './address-rules.ts'
import { OutboundHttp } from './outbound-http.ts'

const loopback = new AddressRules(['127.0.0.0/8'])
const signal = new AbortController().signal
const get = { method: 'GET', headers: {}, timeoutMs: 30_000, responseBytesMax: 1000 } as const

async function serving(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function outbound(t: TestContext, parts: Partial<ConstructorParameters<typeof OutboundHttp>[0]> = {}) {
  const made = new OutboundHttp({ clock: systemClock, rules: loopback, ...parts })
  t.after(() => made.close())
  return made
}

const failsAs = (failure: string) => (error: unknown) => error instanceof OutboundFailed && error.failure === failure

test('what is loopback, link-local, private or nobody’s is refused in every spelling, and a public address is not', () => {
  const rules = new AddressRules()
  const refused = [
    ...['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
    ...['0.0.0.0', '100.64.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:a00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '::127.0.0.1'],
    ...['::ffff:0:127.0.0.1', 'fec0::1', '5f00::1', '3fff::1', 'fe80::1%eth0', 'localhost', ''],
  ]
  assert.deepEqual(
    refused.filter((address) => rules.allows(address)),
    [],
  )
  const taken = ['8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '::ffff:8.8.8.8']
  assert.deepEqual(
    taken.filter((address) => !rules.allows(address)),
    [],
  )
})

test('an operator opens single networks, and no others', () => {
  const rules = new AddressRules(['10.0.0.0/8', '::1'])
  assert.deepEqual(
    ['10.1.2.3', '::1', '127.0.0.1', 'fd00::1'].map((address) => rules.allows(address)),
    [true, true, false, false],
  )
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0/8', ''])
    assert.throws(() => new AddressRules([wrong]), RangeError)
})

test('a request has its answer, whatever the status, and follows no redirect', async (t) => {
  const url = await serving(t, (request, response) => {
    response.writeHead(request.url === '/away' ? 302 : 200, { location: 'http://10.0.0.1/', 'x-a': ['1', '2'] })
    request.pipe(response)
  })
  const client = outbound(t)
  const { status, headers, body } = await client.request(
    { ...get, method: 'POST', url, body: Buffer.from('hello') },
    signal,
  )
  assert.deepEqual([status, headers['x-a'], body.toString()], [200, '1, 2', 'hello'])
  assert.equal((await client.request({ ...get, url: `${url}/away` }, signal)).status, 302)
})

test('a forbidden address is not reached: as it stands, behind a name, or in another spelling', async (t) => {
  let asked = 0
  const url = await serving(t, (_, response) => {
    asked++
    response.end()
  })
  const client = outbound(t, { rules: new AddressRules(), lookup: async () => ['127.0.0.1', '10.0.0.7'] })
  const { port } = new URL(url)
  for (const host of ['127.0.0.1', 'inside.example', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '[::1]'])
    await assert.rejects(
      client.request({ ...get, url: `http://${host}:${port}` }, signal),
      failsAs('forbidden address'),
      host,
    )
  assert.equal(asked, 0)
})

test('a name is resolved for each connection, and the address that was allowed is the one that is reached', async (t) => {
  const url = await serving(t, (_, response) => response.end('here'))
  const names: string[] = []
  const lookup = async (name: string) => {
    names.push(name)
    return ['10.0.0.7', '127.0.0.1']
  }
  const client = outbound(t, { lookup })
  const { port } = new URL(url)
  const { body } = await client.request({ ...get, url: `http://somewhere.example:${port}` }, signal)
  assert.deepEqual([body.toString(), names], ['here', ['somewhere.example']])
})

test('an end that is slow, resets, says too much or no HTTP is a failure that has a name', async (t) => {
  const clock = new ManualClock()
  const silent = await serving(t, () => void clock.advance(30_001))
  await assert.rejects(outbound(t, { clock }).request({ ...get, url: silent }, signal), failsAs('timeout'))
  const drip = await serving(t, (_, response) => {
    response.write('a')
    void clock.advance(30_001)
  })
  await assert.rejects(outbound(t, { clock }).request({ ...get, url: drip }, signal), failsAs('timeout'))

  const client = outbound(t)
  const resetting = await serving(t, ({ socket }) => socket.resetAndDestroy())
  await assert.rejects(client.request({ ...get, url: resetting }, signal), failsAs('connection reset'))
  const half = await serving(t, (_, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('half', () => response.socket!.destroy())
  })
  await assert.rejects(client.request({ ...get, url: half }, signal), failsAs('connection reset'))
  const chatty = await serving(t, (_, response) => response.end(Buffer.alloc(1001)))
  await assert.rejects(client.request({ ...get, url: chatty }, signal), failsAs('response too large'))

  const sockets: Socket[] = []
  const rubbish = createPlainServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}).end('good morning\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => rubbish.once('listening', resolve))
  const { port } = rubbish.address() as AddressInfo
  const there: OutboundRequest = { ...get, url: `http://127.0.0.1:${port}` }
  await assert.rejects(client.request(there, signal), failsAs('invalid response'))
  await assert.rejects(
    client.request({ ...get, url: `https://127.0.0.1:${port}` }, signal),
    failsAs('handshake failed'),
  )
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => rubbish.close(resolve))
  await assert.rejects(client.request(there, signal), failsAs('connection failed'))
})

test('an aborted request rejects with the reason', async (t) => {
  const stopping = new AbortController()
  const url = await serving(t, () => stopping.abort(new Error('stopped')))
  await assert.rejects(outbound(t).request({ ...get, url }, stopping.signal), /stopped/)
  await assert.rejects(outbound(t).request({ ...get, url }, stopping.signal), /stopped/)
})
