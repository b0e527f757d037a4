import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { silentLogger, systemRandom } from '@millrace/ports'
import type { GatewayOptions } from '../gateway.ts'
import { call, gatewayFixture, rawConversation, signedHeaders } from '../gateway-fixture.ts'
import { makeCertificate } from './certificate.ts'
import { namesFor } from './certificate-folder.ts'
import { tlsDoor } from './tls-door.ts'

const own = makeCertificate([...namesFor('127.0.0.1'), 'millrace.test'], Date.now(), systemRandom)
const ca = own.authority

const fixture = async (t: Parameters<typeof gatewayFixture>[0], options: Partial<GatewayOptions> = {}) =>
  gatewayFixture(t, { tls: await tlsDoor(own), ...options })

type Asked = { host?: string; servername?: string; body?: string; options?: https.RequestOptions }

function httpsCall(port: number, { host = '127.0.0.1', servername, body = '{"Name":"a"}', options }: Asked = {}) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = { ...signedHeaders('Echo'), ...(servername && { host: servername }) }
    const request = https.request(
      { port, host, method: 'POST', ca, headers, agent: false, ...(servername && { servername }), ...options },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode, text })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

test('HTTPS and HTTP are answered on one port, and the certificate is checked by who trusts its authority', async (t) => {
  const { port, tlsUrl } = await fixture(t)
  assert.equal(tlsUrl, `https://127.0.0.1:${port}`)
  assert.match((await httpsCall(port)).text, /"Name":"a"/)
  assert.equal((await httpsCall(port, { servername: 'localhost' })).status, 200)
  assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 200)
  await assert.rejects(httpsCall(port, { options: { ca: [] } }), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  await assert.rejects(httpsCall(port, { servername: 'evil.test' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('ALPN chooses HTTP/2 where the client offers it, and HTTP/1.1 where it offers that or nothing', async (t) => {
  const { port } = await fixture(t)
  const session = http2.connect(`https://localhost:${port}`, { ca })
  t.after(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/', ...signedHeaders('Echo') })
  stream.end('{"Name":"h2"}')
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 200)
  let text = ''
  for await (const chunk of stream) text += chunk
  assert.match(text, /"Name":"h2"/)
  assert.equal(session.alpnProtocol, 'h2')

  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1', 'h2'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [undefined, false],
  ] as const) {
    const socket = tls.connect({ port, host: '127.0.0.1', ca, ...(offered && { ALPNProtocols: [...offered] }) })
    await once(socket, 'secureConnect')
    assert.equal(socket.alpnProtocol, chosen, `${offered}`)
    socket.destroy()
  }
  const strange = tls.connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['spdy/1'] })
  await assert.rejects(once(strange, 'secureConnect'), /no application protocol/)
})

test('HTTP/2 by prior knowledge is spoken inside TLS too, where nothing was chosen by ALPN', async (t) => {
  const { port } = await fixture(t)
  const socket = tls.connect({ port, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  assert.equal(socket.alpnProtocol, false)
  const session = http2.connect(`https://127.0.0.1:${port}`, { createConnection: () => socket })
  t.after(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/', ...signedHeaders('Echo') })
  stream.end('{"Name":"h2"}')
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 200)
  let text = ''
  for await (const chunk of stream) text += chunk
  assert.match(text, /"Name":"h2"/)
})

test('a handshake in pieces, byte by byte, is a handshake', async (t) => {
  const { port } = await fixture(t)
  const raw = net.connect(port, '127.0.0.1')
  await once(raw, 'connect')
  raw.setNoDelay(true)
  const piecewise = tls.connect({ socket: slow(raw), ca, servername: 'localhost' })
  await once(piecewise, 'secureConnect')
  piecewise.write(`GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  let said = ''
  for await (const chunk of piecewise) said += chunk
  assert.match(said, /^HTTP\/1\.1 403 /)
})

test('events go on over TLS, wait for a slow reader, and end when it goes away', async (t) => {
  const { port, trace } = await fixture(t)
  const session = http2.connect(`https://localhost:${port}`, { ca })
  const stream = session.request({ ':method': 'POST', ':path': '/', ...signedHeaders('Trickle') })
  stream.end('{}')
  await once(stream, 'data')
  stream.pause()
  session.destroy()
  for (let looks = 0; !trace.ended && looks < 500; looks++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(trace.ended)
})

test('clients that never finish a handshake, or break it, are let go of', async (t) => {
  const { port } = await fixture(t, { headersTimeoutMs: 150 })
  const hello = await clientHello()
  await rawConversation(port, [hello.subarray(0, 1)])
  await rawConversation(port, [hello.subarray(0, 40)])
  await rawConversation(port, [hello])
  const alert = 0x15
  for (const broken of [
    Buffer.concat([hello.subarray(0, 60), Buffer.alloc(600, 0xff)]),
    Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3]),
    Buffer.from([0x16, ...Buffer.from('GET / HTTP/1.1\r\n\r\n')]),
  ]) {
    const said = await rawConversation(port, [broken])
    assert.ok(said === '' || said.charCodeAt(0) === alert, 'nothing, or an alert of TLS')
  }
  await rawConversation(port, [hello.subarray(0, 10)]) // and nobody else is harmed
  assert.equal((await httpsCall(port)).status, 200)
})

test('clients that say nothing, or half of something, inside TLS are let go of', async (t) => {
  const { port } = await fixture(t, { headersTimeoutMs: 150, bodyTimeoutMs: 150 })
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n'
  for (const said of ['', 'POST / HTTP/1.1\r\nHost: local', `${head}{`]) {
    const socket = tls.connect({ port, host: '127.0.0.1', ca })
    await once(socket, 'secureConnect')
    socket.on('error', () => {})
    socket.resume().write(said)
    await once(socket, 'close')
  }
})

test('old versions of TLS and weak ciphers are refused', async (t) => {
  const { port } = await fixture(t)
  for (const old of ['TLSv1', 'TLSv1.1'] as const) {
    const options = { minVersion: old, maxVersion: old, ciphers: 'DEFAULT@SECLEVEL=0' }
    await assert.rejects(httpsCall(port, { options }), /protocol version|EPROTO|unsupported/i, old)
  }
  const weak = [
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA384',
    'AES128-GCM-SHA256',
    'AES128-SHA',
    'ECDHE-RSA-AES128-SHA256',
  ]
  for (const cipher of [...weak, 'AECDH-NULL-SHA', 'ADH-AES128-GCM-SHA256', 'PSK-AES128-GCM-SHA256']) {
    const options = { maxVersion: 'TLSv1.2', ciphers: `${cipher}@SECLEVEL=0` } as const
    await assert.rejects(httpsCall(port, { options }), /./, cipher)
  }
  assert.equal((await httpsCall(port, { options: { maxVersion: 'TLSv1.2' } })).status, 200)
  assert.equal((await httpsCall(port, { options: { minVersion: 'TLSv1.3' } })).status, 200)
})

test('where only TLS is spoken, plain HTTP is refused in words, and nothing of it is done', async (t) => {
  const { port } = await fixture(t, { tlsOnly: true })
  const refused = await call(port, { headers: signedHeaders('Echo') })
  assert.equal(refused.status, 403)
  assert.match(refused.text, /This server speaks HTTPS only/)
  assert.equal(await rawConversation(port, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']), '')
  assert.equal((await httpsCall(port)).status, 200)
})

test('plain HTTP inside TLS is as strict as outside, and a connection is used again', async (t) => {
  const { port } = await fixture(t)
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < 3; i++) assert.equal((await httpsCall(port, { options: { agent } })).status, 200)
  assert.equal(Object.values(agent.freeSockets).flat().length, 1)
  agent.destroy()
  assert.equal((await httpsCall(port, { servername: 'millrace.test' })).status, 200, 'a name of the certificate')
  const evil = { ...signedHeaders('Echo'), host: 'evil.test' }
  assert.equal((await httpsCall(port, { options: { headers: evil, servername: 'localhost' } })).status, 403)
  assert.equal((await call(port, { headers: { ...signedHeaders('Echo'), host: 'evil.test' } })).status, 403)
})

test('closing lets go of unfinished handshakes and idle connections at once', async (t) => {
  const { port, gateway } = await fixture(t)
  const agent = new https.Agent({ keepAlive: true })
  assert.equal((await httpsCall(port, { options: { agent } })).status, 200)
  const session = http2.connect(`https://localhost:${port}`, { ca })
  await once(session, 'connect')
  const unfinished = rawConversation(port, [await clientHello()])
  const silent = tls.connect({ port, host: '127.0.0.1', ca })
  await once(silent, 'secureConnect')
  const startedMs = performance.now()
  await gateway.close()
  await unfinished
  assert.ok(performance.now() - startedMs < 4000, 'no need to wait for those who wait')
  session.destroy()
  silent.destroy()
  agent.destroy()
})

test('without TLS a client that tries it hears HTTP, and the operator is told once', async (t) => {
  const said: string[] = []
  const logger = {
    ...silentLogger,
    log: (_level: string, message: string) => said.push(message) as unknown as undefined,
  }
  const { port, tlsUrl } = await gatewayFixture(t, { logger })
  assert.equal(tlsUrl, undefined)
  for (let i = 0; i < 2; i++) await assert.rejects(httpsCall(port), /wrong version number|packet length/i)
  assert.deepEqual(
    said.filter((message) => message !== 'request'),
    ['a client speaks TLS, which is off: start the server with --tls'],
  )
})

test('a certificate that is none, or has another key, is refused in one line', async () => {
  const other = makeCertificate(['localhost'], Date.now(), systemRandom)
  await assert.rejects(
    tlsDoor({ cert: own.cert, key: other.key }),
    /^Error: the TLS certificate and key cannot be used: they do not belong together$/,
  )
  for (const broken of [
    { cert: 'x', key: own.key },
    { cert: own.cert, key: 'x' },
    { cert: '', key: '' },
  ])
    await assert.rejects(tlsDoor(broken), /^Error: the TLS certificate and key cannot be used: [^\n]+$/)
})

/** What a client says first, taken from a client. */
async function clientHello(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = tls.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', ca })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  const [hello] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}

/** Passes on what it is given one byte at a time. */
function slow(socket: net.Socket): net.Socket {
  const write = socket.write.bind(socket)
  socket.write = ((data: Uint8Array | string, ...rest: unknown[]) => {
    const bytes = Buffer.from(data as string)
    for (const byte of bytes.subarray(0, -1)) write(Buffer.from([byte]))
    return write(bytes.subarray(-1), rest.at(-1) as () => void)
  }) as typeof socket.write
  return socket
}
