import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ManualClock, systemClock } from '@millrace/ports'
import { OutboundFailed } from '../core/ports/outbound.ts'
import { AddressRules } from './address-rules.ts'
import { connectMsMax } from './exchange.ts'
import { OutboundHttp } from './outbound-http.ts'

/* Ends that stall, hang up, lie or move: each ends within its bounds, and has a name. */

const signal = new AbortController().signal
const post = {
  method: 'POST',
  headers: {},
  body: Buffer.from('{}'),
  timeoutMs: 180_000,
  responseBytesMax: 1000,
} as const

function outboundHttp(t: TestContext, parts: Partial<ConstructorParameters<typeof OutboundHttp>[0]> = {}) {
  const made = new OutboundHttp({ clock: systemClock, rules: new AddressRules(['127.0.0.0/8']), ...parts })
  t.after(() => made.close())
  return made
}

async function serving(
  t: TestContext,
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** An end that speaks no HTTP by itself. */
async function plainServing(t: TestContext, listener: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createPlainServer((socket) => {
    sockets.add(socket)
    listener(socket.on('error', () => {}))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const failsAs = (failure: string) => (error: unknown) => {
  assert.ok(error instanceof OutboundFailed, String(error))
  assert.equal(error.failure, failure)
  return true
}

test('a kept connection that the other side closed costs no try', async (t) => {
  const sockets: Socket[] = []
  let asked = 0
  const { server, url } = await serving(t, (request, response) => {
    asked++
    request.resume().on('end', () => response.end('fine'))
  })
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => sockets.push(socket))
  const client = outboundHttp(t)
  const bodyOf = async () => (await client.request({ ...post, url }, signal)).body.toString()
  assert.equal(await bodyOf(), 'fine')
  assert.equal(await bodyOf(), 'fine')
  assert.equal(sockets.length, 1, 'the connection was kept')
  // Closed in the very moment in which the next request is on its way: nobody can know before it is sent.
  sockets[0]!.pause()
  const third = bodyOf()
  sockets[0]!.resetAndDestroy()
  assert.equal(await third, 'fine')
  assert.deepEqual([asked, sockets.length], [3, 2])
})

test('a new connection that is reset is a try that failed, and is made once', async (t) => {
  let connections = 0
  const host = await plainServing(t, (socket) => {
    connections++
    socket.once('data', () => socket.resetAndDestroy())
  })
  await assert.rejects(outboundHttp(t).request({ ...post, url: `http://${host}` }, signal), failsAs('connection reset'))
  assert.equal(connections, 1)
})

test('an end that takes a connection and never shakes hands ends long before the time to answer', async (t) => {
  const clock = new ManualClock()
  const host = await plainServing(t, (socket) => void socket.once('data', () => clock.advance(connectMsMax)))
  await assert.rejects(
    outboundHttp(t, { clock }).request({ ...post, url: `https://${host}` }, signal),
    failsAs('connection failed'),
  )
  const closing = await plainServing(t, (socket) => void socket.once('data', () => socket.resetAndDestroy()))
  await assert.rejects(
    outboundHttp(t).request({ ...post, url: `https://${closing}` }, signal),
    failsAs('handshake failed'),
  )
})

test('an end that answers before it was told all is heard, and told no more', async (t) => {
  const body = Buffer.alloc(64 * 1024 * 1024)
  const ended = Promise.withResolvers<void>()
  let end: Socket | undefined
  const host = await plainServing(t, (socket) => {
    end = socket
    socket.once('close', () => ended.resolve())
    socket.once('data', () => {
      socket.pause()
      socket.write('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 5\r\n\r\nlarge')
    })
  })
  const { status, body: answer } = await outboundHttp(t).request({ ...post, url: `http://${host}`, body }, signal)
  assert.deepEqual([status, answer.toString()], [413, 'large'])
  end!.resume()
  await ended.promise
  assert.ok(end!.bytesRead < body.byteLength, `${end!.bytesRead} bytes were sent`)
})

test('headers without end, an answer that is cut off, and a protocol that was not asked for are failures', async (t) => {
  const cases: [string, (socket: Socket) => void][] = [
    [
      'response too large',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: '.padEnd(70, 'y').concat('\r\n').repeat(1000)}`),
    ],
    ['connection reset', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')],
    ['connection reset', (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n')],
    ['invalid response', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab')],
    [
      'connection reset',
      (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    ['connection reset', (socket) => socket.end()],
  ]
  for (const [failure, answer] of cases) {
    const host = await plainServing(t, (socket) => void socket.once('data', () => answer(socket)))
    await assert.rejects(outboundHttp(t).request({ ...post, url: `http://${host}` }, signal), failsAs(failure))
  }
})

test('a name that changes its address after the first look is not followed to where it may not lead', async (t) => {
  let asked = 0
  const { url } = await serving(t, (request, response) => {
    asked++
    request.resume()
    response.setHeader('connection', 'close')
    response.end('here')
  })
  const answers = [
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['10.0.0.1', '127.0.0.1'],
    ['::ffff:169.254.169.254', 'fe80::1%1'],
  ]
  const client = outboundHttp(t, { lookup: async () => answers.shift() ?? [] })
  const moving = { ...post, url: `http://moving.example:${new URL(url).port}` }
  assert.equal((await client.request(moving, signal)).status, 200)
  await assert.rejects(client.request(moving, signal), failsAs('forbidden address'))
  assert.equal((await client.request(moving, signal)).status, 200)
  await assert.rejects(client.request(moving, signal), failsAs('forbidden address'))
  await assert.rejects(client.request(moving, signal), failsAs('unknown host'))
  assert.equal(asked, 2)
})

test('of several addresses the one that answers is taken', async (t) => {
  const { url } = await serving(t, (_, response) => response.end('here'))
  const client = outboundHttp(t, { lookup: async () => ['127.0.0.2', '127.0.0.1'] })
  const { status } = await client.request({ ...post, url: `http://several.example:${new URL(url).port}` }, signal)
  assert.equal(status, 200)
})

test('connections are bounded by host and over all, and who waits for one has not begun to wait for an answer', async (t) => {
  const clock = new ManualClock()
  const waiting: (() => void)[] = []
  let open = 0
  let most = 0
  const listener: RequestListener = (request, response) => {
    most = Math.max(most, ++open)
    request.resume()
    waiting.push(() => {
      open--
      response.end('done')
    })
  }
  const hosts = [await serving(t, listener), await serving(t, listener)]
  const client = outboundHttp(t, { clock, hostSocketsMax: 2, socketsMax: 3 })
  const answers = Array.from({ length: 12 }, (_, i) =>
    client.request({ ...post, url: hosts[i % 2]!.url, timeoutMs: 1000 }, signal),
  )
  for (let done = 0; done < 12; ) {
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(100) // all of them take longer than one may
    for (const answer of waiting.splice(0)) {
      answer()
      done++
    }
  }
  assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]))
  assert.ok(most <= 3, `${most} at once`)
})

test('what is no URL, or no protocol of ours, is refused without a connection', async (t) => {
  for (const url of ['endpoint', 'file:///etc/passwd', 'ftp://127.0.0.1/', ''])
    await assert.rejects(outboundHttp(t).request({ ...post, url }, signal), failsAs('connection failed'))
})
