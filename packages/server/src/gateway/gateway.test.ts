import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { test } from 'node:test'
import { decodeEventFrames } from '@millrace/formats'
import { encode } from 'cborg'
import { Faults } from './faults.ts'
import { bodyBytesMax } from './gateway.ts'
import { call, gatewayFixture, rawConversation, signature, signedHeaders } from './gateway-fixture.ts'

const cborType = 'application/x-amz-cbor-1.1'

test('a JSON call is answered with both ids, the exact length, and times in seconds', async (t) => {
  const { port } = await gatewayFixture(t)
  const headers = { ...signedHeaders('Echo'), 'content-type': 'application/x-amz-json-1.1; charset=utf-8' }
  const { status, headers: got, text } = await call(port, { headers, body: '{"Data":"AAE=","Limit":3}' })
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text), { Data: 'AAE=', Limit: 3, At: 1700000000.123 })
  assert.match(String(got['x-amzn-requestid']), /^[0-9a-f-]{36}$/)
  assert.equal(Buffer.from(String(got['x-amz-id-2']), 'base64').length, 72)
  assert.equal(got['content-length'], String(text.length))
})

test('an operation without output has an empty body and still a content type', async (t) => {
  const { port } = await gatewayFixture(t)
  const { status, headers, text } = await call(port, { headers: signedHeaders('Nothing') })
  assert.deepEqual([status, text, headers['content-length']], [200, '', '0'])
  assert.equal(headers['content-type'], 'application/x-amz-json-1.1')
})

test('HTTP/2 is told by its preface, whole or in pieces', async (t) => {
  const { port } = await gatewayFixture(t)
  const session = http2.connect(`http://127.0.0.1:${port}`)
  const answer = await http2Call(session, signedHeaders('Echo'), '{"Name":"a"}')
  assert.equal(answer.status, 200)
  assert.equal(JSON.parse(answer.text).Name, 'a')
  session.destroy()

  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
  const goAway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  const said = await rawConversation(port, ['P', 'RI * HT', 'TP/2.0\r\n\r\nSM', '\r\n\r\n', settings, goAway])
  assert.equal(said.charCodeAt(3), 4, 'the first frame is SETTINGS')
})

test('a client that closes its side after asking still gets its answer', async (t) => {
  const { port } = await gatewayFixture(t)
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const head = Object.entries(signedHeaders('Echo')).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n${head.join('')}\r\n{}`)
  let said = ''
  for await (const chunk of socket) said += chunk
  assert.match(said, /^HTTP\/1\.1 200 /)
})

test('what AWS cannot route is refused in its own words', async (t) => {
  const { port } = await gatewayFixture(t)
  const denied =
    '<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n' +
    '</AccessDeniedException>\n'
  const good = signedHeaders('Echo')
  const json = 'application/x-amz-json-1.1'
  const cases: [string, Parameters<typeof call>[1], number, string][] = [
    ['GET', { method: 'GET', headers: good, body: '' }, 403, denied],
    ['no target, no type', { headers: {} }, 403, denied],
    ['unknown type', { headers: { ...good, 'content-type': 'text/xml' } }, 404, '<UnknownOperationException/>\n'],
    ['no target', { headers: { 'content-type': json } }, 400, '{"__type":"UnknownOperationException"}'],
    ['unknown operation', { headers: signedHeaders('Nope') }, 400, '{"__type":"UnknownOperationException"}'],
    ['prototype', { headers: signedHeaders('constructor') }, 400, '{"__type":"UnknownOperationException"}'],
    ['unparsable', { headers: good, body: '{"a":' }, 400, '{"__type":"SerializationException"}'],
    ['not an object', { headers: good, body: '7' }, 400, '{"__type":"SerializationException"}'],
    ['too deep', { headers: good, body: '['.repeat(100_000) }, 400, '{"__type":"SerializationException"}'],
    ['no body', { headers: good, body: '' }, 400, '{"__type":"SerializationException"}'],
    [
      'plain JSON',
      { headers: { ...good, 'content-type': 'application/json' } },
      404,
      '{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}',
    ],
    [
      'plain JSON, unparsable',
      { headers: { ...good, 'content-type': 'application/json' }, body: '{' },
      400,
      '{"Output":{"__type":"com.amazon.coral.service#SerializationException"},"Version":"1.0"}',
    ],
    [
      'a wrong type',
      { headers: good, body: '{"Limit":"3"}' },
      400,
      '{"__type":"SerializationException","Message":"class java.lang.String can not be converted to an Integer"}',
    ],
  ]
  for (const [name, options, status, text] of cases) {
    const answer = await call(port, options)
    assert.deepEqual([answer.status, answer.text], [status, text], name)
  }
  const noBody = await call(port, { headers: { ...good, 'content-type': cborType }, body: '' })
  assert.deepEqual(noBody.body, Buffer.from(encode({ __type: 'SerializationException' })))
})

test('a failed authentication is told after an unknown operation and before a wrong type', async (t) => {
  const { port } = await gatewayFixture(t)
  const { authorization: _, ...unsigned } = signedHeaders('Echo')
  const type = async (options: Parameters<typeof call>[1]) => JSON.parse((await call(port, options)).text)
  assert.deepEqual(await type({ headers: unsigned, body: '{"Limit":"x"}' }), {
    __type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  })
  const both = await type({ headers: signedHeaders('Echo'), path: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' })
  assert.equal(both.__type, 'InvalidSignatureException')
  const partial = await type({ headers: { ...unsigned, authorization: 'AWS4-HMAC-SHA256 Credential=a' } })
  assert.equal(partial.__type, 'IncompleteSignatureException')
  assert.match(partial.message, /'Signature' parameter\. Authorization header requires 'SignedHeaders'/)
  const strange = await call(port, { headers: signedHeaders('Echo'), path: '//' })
  assert.equal(strange.status, 200)
})

test('a fault of the server tells nothing of itself', async (t) => {
  const logged: unknown[] = []
  const { port } = await gatewayFixture(t, {
    logger: { log: (level, ...rest) => level === 'error' && logged.push(rest) },
  })
  const { status, text } = await call(port, { headers: signedHeaders('Broken') })
  assert.equal(status, 500)
  assert.deepEqual(JSON.parse(text), { __type: 'InternalFailure', message: 'Internal Service Failure' })
  assert.equal(logged.length, 1)
})

test('a body above the limit is answered 413, announced or not, and the server goes on', async (t) => {
  const { port } = await gatewayFixture(t, { bodyTimeoutMs: 2000 })
  const big = Buffer.alloc(bodyBytesMax + 1, 0x20)
  const announced = await call(port, { headers: { ...signedHeaders('Echo'), 'content-length': big.length }, body: big })
  assert.equal(announced.status, 413)
  const chunked = { ...signedHeaders('Echo'), 'transfer-encoding': 'chunked' }
  assert.equal((await call(port, { headers: chunked, body: big })).status, 413)
  assert.equal((await call(port, { headers: chunked, body: '{"Name":"x"}' })).status, 200)
})

test('a large body waits for room, small requests pass it, and clients that leave take none', async (t) => {
  const { port } = await gatewayFixture(t, { limits: { bodyBytesMax: 256 * 1024 } })
  const headers = signedHeaders('Batch')
  const body = JSON.stringify({ Records: [{ Data: 'A'.repeat(200 * 1024), PartitionKey: 'a' }] })
  const announced = () => {
    const socket = net.connect(port, '127.0.0.1')
    const lines = Object.entries({ ...headers, host: 'localhost', 'content-length': body.length })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return new Promise<net.Socket>((resolve) => {
      socket.write(`POST / HTTP/1.1\r\n${head}\r\n${body.slice(0, 1000)}`, () => resolve(socket))
    })
  }
  const holding = await announced()
  const leaving = await announced()
  let isAnswered = false
  const waiting = call(port, { headers, body }).then(({ status }) => {
    isAnswered = true
    return status
  })
  for (let i = 0; i < 10; i++) assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 200)
  assert.equal(isAnswered, false)
  leaving.destroy()
  holding.destroy()
  assert.equal(await waiting, 200)
})

test('requests that two parsers could read differently are refused', async (t) => {
  const { port } = await gatewayFixture(t, { bodyTimeoutMs: 300, headersTimeoutMs: 300 })
  const head = (lines: string[]) => `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  const good = Object.entries(signedHeaders('Echo')).map(([name, value]) => `${name}: ${value}`)
  const base = ['Host: localhost', 'Connection: close', ...good]
  const cases: [string, string[]][] = [
    ['both lengths', [...base, 'Content-Length: 2', 'Transfer-Encoding: chunked']],
    ['two lengths', [...base, 'Content-Length: 2', 'Content-Length: 3']],
    ['space before the colon', [...base, 'Content-Length : 2']],
    ['folded', [...base, ' folded: yes', 'Content-Length: 2']],
    ['unknown coding', [...base, 'Transfer-Encoding: gzip']],
    ['two hosts', [...base, 'Host: 127.0.0.1', 'Content-Length: 2']],
    ['two authorizations', [...base, `Authorization: ${signature}`, 'Content-Length: 2']],
    ['two targets', [...base, 'X-Amz-Target: Fake_1.Nothing', 'Content-Length: 2']],
    ['two dates', [...base, 'X-Amz-Date: 20260101T000001Z', 'Content-Length: 2']],
    ['no host', [...base.slice(1), 'Content-Length: 2']],
  ]
  for (const [name, lines] of cases) {
    const said = await rawConversation(port, [head(lines), '{}'])
    assert.match(said, /^HTTP\/1\.1 (400|403) /, name)
  }
  assert.match(await rawConversation(port, [head([...base, 'Content-Length: 2']), '{}']), /^HTTP\/1\.1 200 /)
})

test('a name that an attacker could point at loopback is not answered, not even for pages', async (t) => {
  const pages = new Map([['/health', async () => ({ contentType: 'text/plain', body: 'ok' })]])
  const { port } = await gatewayFixture(t, { pages })
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:80']) {
    assert.equal((await call(port, { headers: { ...signedHeaders('Echo'), host } })).status, 403, host)
    assert.equal((await call(port, { method: 'GET', path: '/health', headers: { host }, body: '' })).status, 403, host)
  }
  for (const host of ['localhost', 'LOCALHOST:1', 'a.localhost:80', '[::1]:80', '10.1.2.3'])
    assert.equal((await call(port, { headers: { ...signedHeaders('Echo'), host } })).status, 200, host)
  assert.equal((await call(port, { method: 'GET', path: '/health', headers: {}, body: '' })).text, 'ok')
})

test('a browser is never told that it may read or send', async (t) => {
  const { port } = await gatewayFixture(t)
  const asked = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const { status, headers } = await call(port, { method: 'OPTIONS', headers: asked, body: '' })
  assert.equal(status, 403)
  assert.equal(headers['access-control-allow-origin'], undefined)
})

test('clients that say half of something are let go of', async (t) => {
  const { port } = await gatewayFixture(t, { headersTimeoutMs: 100, bodyTimeoutMs: 100 })
  await rawConversation(port, ['PRI * HT'])
  await rawConversation(port, ['POST / HTTP/1.1\r\nHost: local'])
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n'
  assert.equal(await rawConversation(port, [head, '{']), '')
})

for (const version of [1, 2] as const)
  test(`events over HTTP/${version} wait for a slow reader, and end when it goes away`, async (t) => {
    const { port, trace } = await gatewayFixture(t)
    const stream = await openEvents(version, port, '{}')
    const first = (await new Promise((resolve) => stream.body.once('data', resolve))) as Buffer
    stream.body.pause()
    const { frames } = decodeEventFrames(first)
    assert.equal(frames[0]?.headers[':event-type'], 'initial-response')
    assert.equal(frames[0]?.payload.toString(), '{}')
    const settled = await untilStill(() => trace.written)
    assert.ok(settled < 500, `${settled} events of 64 KiB are under way to a client that does not read`)
    stream.destroy()
    await until(() => trace.ended)
  })

test('an error inside an event stream arrives as an exception, and ends it', async (t) => {
  const { port } = await gatewayFixture(t)
  const { body, destroy } = await openEvents(1, port, '{"Fail":2}')
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  const { frames, rest } = decodeEventFrames(Buffer.concat(chunks))
  assert.deepEqual(
    frames.map(({ headers }) =>
      headers[':message-type'] === 'event' ? headers[':event-type'] : headers[':exception-type'],
    ),
    ['initial-response', 'Piece', 'Piece', 'ResourceNotFoundException'],
  )
  assert.equal(frames.at(-1)?.headers[':message-type'], 'exception')
  assert.equal(rest.byteLength, 0)
  destroy()
})

test('an event stream keeps no room from other bodies, also when its own did not say how long it is', async (t) => {
  const { port } = await gatewayFixture(t, { limits: { bodyBytesMax: 256 * 1024 } })
  const events = await openEvents(2, port, '{}')
  const body = JSON.stringify({ Records: [{ Data: 'A'.repeat(200 * 1024), PartitionKey: 'a' }] })
  assert.equal((await call(port, { headers: signedHeaders('Batch'), body })).status, 200)
  const headers = { ...signedHeaders('Batch'), 'transfer-encoding': 'chunked' }
  assert.equal((await call(port, { headers, body })).status, 200)
  events.destroy()
})

test('closing answers what is in flight, ends event streams, and lets idle connections go', async (t) => {
  const { port, gateway, trace } = await gatewayFixture(t)
  const agent = new http.Agent({ keepAlive: true })
  await new Promise((resolve) =>
    http
      .request({ port, host: '127.0.0.1', method: 'POST', agent, headers: signedHeaders('Echo') }, (response) =>
        response.resume().on('end', resolve),
      )
      .end('{}'),
  )
  const events = await openEvents(2, port, '{}')
  const slow = call(port, { headers: signedHeaders('Slow') })
  await until(() => trace.release !== undefined)
  const half = rawConversation(port, ['PRI '])
  await untilStill(() => 0)
  const closed = gateway.close()
  trace.release?.()
  assert.equal(JSON.parse((await slow).text).Done, true)
  await half
  events.destroy()
  await closed
  await assert.rejects(call(port, { headers: signedHeaders('Echo') }), { code: 'ECONNREFUSED' })
  agent.destroy()
})

test('above its rate an operation answers LimitExceededException', async (t) => {
  const { port } = await gatewayFixture(t, { operationRates: true })
  const answers = []
  for (let i = 0; i < 4; i++) answers.push(await call(port, { headers: signedHeaders('Echo') }))
  const refused = answers.filter(({ status }) => status === 400)
  assert.ok(refused.length > 0)
  const { __type, message } = JSON.parse(refused[0]!.text)
  assert.equal(__type, 'LimitExceededException')
  assert.match(message, /^Rate exceeded for Echo under account 000000000000/)
})

test('a fault rule fails a call or drops its connection, in both versions', async (t) => {
  const rules = [
    { operation: 'Nothing', probability: 1, dropConnection: true },
    { operation: 'Echo', probability: 1, error: 'InternalFailure' },
  ]
  const { port } = await gatewayFixture(t, { faults: new Faults({ rules }) })
  assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 500)
  await assert.rejects(call(port, { headers: signedHeaders('Nothing') }))
  const session = http2.connect(`http://127.0.0.1:${port}`)
  await assert.rejects(http2Call(session, signedHeaders('Nothing'), '{}'))
  session.destroy()
})

/** One call on an HTTP/2 session; rejects when the stream ends without an answer. */
function http2Call(session: http2.ClientHttp2Session, headers: Record<string, string>, body: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
    let status = 0
    let text = ''
    stream.on('response', (got) => (status = Number(got[':status'])))
    stream.on('data', (chunk) => (text += chunk))
    stream.on('error', reject)
    stream.on('close', () => (status ? resolve({ status, text }) : reject(new Error('no answer'))))
    stream.end(body)
  })
}

async function openEvents(version: 1 | 2, port: number, body: string) {
  const headers = signedHeaders('Trickle')
  if (version === 1)
    return new Promise<{ body: NodeJS.ReadableStream; destroy: () => void }>((resolve, reject) => {
      const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false }, (response) => {
        response.on('error', () => {})
        resolve({ body: response, destroy: () => request.destroy() })
      })
      request.on('error', reject)
      request.end(body)
    })
  const session = http2.connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
  session.on('error', () => {})
  stream.on('error', () => {})
  stream.end(body)
  await new Promise((resolve) => stream.once('response', resolve))
  return { body: stream as NodeJS.ReadableStream, destroy: () => session.destroy() }
}

/** Turns of the event loop until it is so; sockets need real ones. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !holds(); turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(holds(), 'it never came to be')
}

/** The value once it has not changed for a thousand turns of the event loop. */
async function untilStill(value: () => number): Promise<number> {
  let last = -1
  for (let still = 0; still < 1000; still++) {
    if (value() !== last) still = 0
    last = value()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return last
}
