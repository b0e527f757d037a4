import assert from 'node:assert/strict'
import http2 from 'node:http2'
import net from 'node:net'
import { test } from 'node:test'
import { call, gatewayFixture, signedHeaders } from './gateway-fixture.ts'

/*
 * HTTP/2 by hand (RFC 9113): a frame is length:u24 type:u8 flags:u8 stream:u32, and a field is told by a literal of HPACK that is
 * not indexed: 0x00, length, name, length, value.
 */

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const [data, headers, reset, settings, ping, continuation] = [0, 1, 3, 4, 6, 9]
const endStream = 1
const endHeaders = 4

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const block = (fields: readonly (readonly [string, string])[]) =>
  Buffer.concat(
    fields.map(([name, value]) => {
      const [n, v] = [Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')]
      assert.ok(n.length < 127)
      const long = v.length < 127 ? [v.length] : [127, ((v.length - 127) & 127) | 128, (v.length - 127) >> 7]
      return Buffer.concat([Buffer.from([0, n.length]), n, Buffer.from(long), v])
    }),
  )

type Fields = readonly (readonly [string, string])[]
const pseudo = {
  method: [':method', 'POST'],
  scheme: [':scheme', 'http'],
  path: [':path', '/'],
  authority: [':authority', 'localhost'],
} as const
const four = Object.values(pseudo)
const signed = Object.entries(signedHeaders('Echo'))
const plain: Fields = [...four, ...signed]
const without = (name: string): Fields => plain.filter(([each]) => each !== name)
const replaced = (name: string, value: string): Fields => plain.map((each) => (each[0] === name ? [name, value] : each))

const cases: [string, Fields][] = [
  ['no method', without(':method')],
  ['no path', without(':path')],
  ['no scheme', without(':scheme')],
  ['no authority and no host', without(':authority')],
  ['an empty path', replaced(':path', '')],
  ['a path with a host', replaced(':path', 'http://evil.example/')],
  ['a path that is relative', replaced(':path', 'evil')],
  ['an asterisk', replaced(':path', '*')],
  ['two paths', [pseudo.path, ...plain]],
  ['two methods', [pseudo.method, ...plain]],
  ['two authorities', [[':authority', 'localhost'], ...plain]],
  ['an unknown pseudo-header', [...four, [':evil', 'x'], ...signed]],
  ['a pseudo-header of answers', [...four, [':status', '200'], ...signed]],
  ['a pseudo-header behind a plain one', [...signed, ...four]],
  ['a name in capitals', [...plain, ['X-Evil', 'a']]],
  ['a target in capitals', [...without('x-amz-target'), ['X-Amz-Target', 'Fake_1.Echo']]],
  ['connection', [...plain, ['connection', 'keep-alive']]],
  ['transfer-encoding', [...plain, ['transfer-encoding', 'chunked']]],
  ['upgrade', [...plain, ['upgrade', 'h2c']]],
  ['keep-alive', [...plain, ['keep-alive', '5']]],
  ['proxy-connection', [...plain, ['proxy-connection', 'keep-alive']]],
  ['te that is not trailers', [...plain, ['te', 'gzip']]],
  // nghttp2 drops fields that are none: then the request has no target.
  ['a line break in a value', replaced('x-amz-target', 'Fake_1.Echo\r\nhost: evil.example')],
  ['a line break in a name', [...without('x-amz-target'), ['x-amz-target\r\n', 'Fake_1.Echo']]],
  ['a NUL in a value', replaced('x-amz-target', 'Fake_1.Echo\0')],
  ['a colon in a name', [...without('x-amz-target'), ['x-amz-target:', 'Fake_1.Echo']]],
  ['an empty name', [...without('x-amz-target'), ['', 'Fake_1.Echo']]],
  ['a space before a name', [...without('x-amz-target'), [' x-amz-target', 'Fake_1.Echo']]],
  ['a line break in the path', replaced(':path', '/ HTTP/1.1\r\nHost: evil.example')],
  ['a space in the path', replaced(':path', '/ x')],
  ['a line break in the method', replaced(':method', 'POST / HTTP/1.1\r\nX: y')],
  ['another host beside the authority', [...plain, ['host', 'evil.example']]],
  ['an authority that could be rebound', replaced(':authority', 'evil.example')],
  ['an authority with a user', replaced(':authority', 'evil@localhost')],
  ['a length that is shorter', [...plain, ['content-length', '1']]],
  ['a length that is longer', [...plain, ['content-length', '3']]],
  ['two lengths', [...plain, ['content-length', '2'], ['content-length', '3']]],
  ['two authorizations', [...plain, ['authorization', 'AWS4-HMAC-SHA256 x']]],
  ['two targets', [...plain, ['x-amz-target', 'Fake_1.Nothing']]],
  ['a tunnel', [[':method', 'CONNECT'], pseudo.authority, ...signed]],
]

const ask = (fields: Fields, stream = 1) =>
  Buffer.concat([
    frame(headers!, endHeaders, stream, block(fields)),
    frame(data!, endStream, stream, Buffer.from('{}')),
  ])

test('no malformed or ambiguous request of HTTP/2 is answered with success', async (t) => {
  const { port } = await gatewayFixture(t, { bodyTimeoutMs: 150, headersTimeoutMs: 400 })
  const good = await talk(port, ask(plain), 60_000, (successes) => successes > 0)
  assert.equal(good.successes, 1, 'what the cases are made of is a good request')
  const faults: string[] = []
  await Promise.all(
    cases.map(async ([name, fields]) => {
      if ((await talk(port, ask(fields))).successes > 0) faults.push(name)
    }),
  )
  t.diagnostic(`${cases.length} cases over HTTP/2`)
  assert.deepEqual(faults, [])
})

test('floods of frames end their own session, and others are answered meanwhile', async (t) => {
  const { port } = await gatewayFixture(t)
  const before = process.memoryUsage.rss()
  const many = (count: number, make: (i: number) => Buffer) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => make(i)))
  const floods: [string, Buffer][] = [
    [
      'rapid reset',
      many(20_000, (i) =>
        Buffer.concat([
          frame(headers!, endHeaders, 2 * i + 1, block(plain)),
          frame(reset!, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
        ]),
      ),
    ],
    [
      'a head that never ends',
      Buffer.concat([
        frame(headers!, 0, 1, block(plain)),
        many(20_000, () => frame(continuation!, 0, 1, block([['x', 'a'.repeat(100)]]))),
      ]),
    ],
    ['settings', many(50_000, () => frame(settings!, 0, 0, Buffer.from([0, 1, 0, 0, 16, 0])))],
    ['pings', many(100_000, () => frame(ping!, 0, 0, Buffer.alloc(8)))],
    [
      'empty data',
      Buffer.concat([frame(headers!, endHeaders, 1, block(plain)), many(100_000, () => frame(data!, 0, 1))]),
    ],
  ]
  for (const [name, flood] of floods) {
    const isEnded = name !== 'empty data'
    const flooded = talk(port, flood, isEnded ? 60_000 : 1000)
    let slowestMs = 0
    const used = process.cpuUsage()
    for (let i = 0; i < 5; i++) {
      const startedMs = performance.now()
      assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 200, name)
      slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    }
    const { user, system } = process.cpuUsage(used)
    const { isClosed } = await flooded
    t.diagnostic(
      `${name}: ${isClosed ? 'the session was ended' : 'taken'}; the slowest of others took ${slowestMs.toFixed(0)} ms`,
    )
    // Of the processor, for all five: what it does for others does not count.
    assert.ok((user + system) / 1000 < 3000, name)
    if (isEnded) assert.ok(isClosed, `${name} is not gone on with`)
  }
  const grownMb = (process.memoryUsage.rss() - before) / 1024 / 1024
  t.diagnostic(`grown by ${grownMb.toFixed(0)} MB`)
  assert.ok(grownMb < 200)
})

test('a head that is not ended in time ends its session, and only its own', async (t) => {
  const { port } = await gatewayFixture(t, { headersTimeoutMs: 300 })
  const whole = frame(headers!, endHeaders, 1, block(plain))
  const cases: [string, readonly Buffer[], boolean][] = [
    ['HEADERS without END_HEADERS', [frame(headers!, endStream, 1, block(plain))], true],
    ['half of a frame', [whole.subarray(0, 60)], true],
    ['half a frame, behind a good request', [ask(plain), frame(headers!, 0, 3, block(plain)).subarray(0, 60)], true],
    ['single bytes', [whole.subarray(0, 30), ...Array.from(whole.subarray(30, 60), (byte) => Buffer.of(byte))], true],
    [
      'CONTINUATION that trickles',
      [frame(headers!, 0, 1, block(plain)), ...Array<Buffer>(7).fill(frame(continuation!, 0, 1, block([['x', 'y']])))],
      true,
    ],
    // What is refused below the gateway was ended all the same; its session answers pings, and lives.
    ['a malformed request', [frame(headers!, endHeaders | endStream, 1, block([['X', 'y']]))], false],
    ['a good request', [ask(plain)], false],
  ]
  await Promise.all(
    cases.map(async ([name, pieces, isEnded]) => {
      const { isClosed, tookMs } = await trickle(port, pieces, !isEnded)
      t.diagnostic(`${name}: ${isClosed ? `ended after ${tookMs.toFixed(0)} ms` : 'lives'}`)
      assert.equal(isClosed, isEnded, name)
      if (isEnded) assert.ok(tookMs > 250, `${name} had its time`)
    }),
  )
  assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 200)
})

/** Sends a piece every 50 ms, answers pings if it can, and waits for the server to close, for 1.5 s. */
function trickle(port: number, pieces: readonly Buffer[], answersPings: boolean) {
  return new Promise<{ isClosed: boolean; tookMs: number }>((resolve) => {
    const startedMs = performance.now()
    const socket = net.connect({ port, host: '127.0.0.1' })
    let isClosed = false
    const left = [...pieces]
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at + 9 <= chunk.length; at += 9 + chunk.readUIntBE(at, 3))
        if (answersPings && chunk[at + 3] === ping && chunk[at + 4] === 0)
          socket.write(frame(ping!, 1, 0, chunk.subarray(at + 9, at + 17)))
    })
    socket.once('end', () => {
      isClosed = true
    })
    socket.write(Buffer.concat([preface, frame(settings!, 0, 0)]))
    const timer = setInterval(() => {
      const piece = left.shift()
      if (piece) socket.write(piece)
    }, 50)
    const over = setTimeout(() => socket.destroy(), 1500)
    socket.on('close', (hadError) => {
      clearInterval(timer)
      clearTimeout(over)
      resolve({ isClosed: isClosed || hadError, tookMs: performance.now() - startedMs })
    })
  })
}

test('a session is used by others of the same client when one of its requests is given up', async (t) => {
  const { port } = await gatewayFixture(t)
  const session = http2.connect(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const given = session.request({ ':method': 'POST', ':path': '/', ...signedHeaders('Echo') })
  given.on('error', () => {})
  given.write('{')
  await new Promise((resolve) => setTimeout(resolve, 20))
  given.close(http2.constants.NGHTTP2_CANCEL)
  const other = session.request({ ':method': 'POST', ':path': '/', ...signedHeaders('Echo') })
  other.end('{}')
  const status = await new Promise((resolve, reject) => {
    other.on('response', (got) => resolve(got[':status']))
    other.on('error', reject)
  })
  other.resume()
  assert.equal(status, 200)
})

/** Sends frames behind the preface; counts answers that begin with `:status: 200` (0x88), until the server is silent or closes. */
/** Sends frames, and hears what comes until nothing has for `waitMs`, or the successes are enough. */
function talk(
  port: number,
  frames: Buffer,
  waitMs = 400,
  isEnough = (_successes: number) => false,
): Promise<{ successes: number; isClosed: boolean }> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' })
    const chunks: Buffer[] = []
    let isClosed = false
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (isEnough(successesIn(Buffer.concat(chunks)))) socket.destroy()
    })
    socket.on('error', () => {})
    socket.setTimeout(waitMs, () => socket.destroy())
    socket.on('end', () => {
      isClosed = true
    })
    socket.on('close', (hadError) =>
      resolve({ successes: successesIn(Buffer.concat(chunks)), isClosed: isClosed || hadError }),
    )
    socket.write(Buffer.concat([preface, frame(settings!, 0, 0), frames]))
  })
}

function successesIn(said: Buffer): number {
  let successes = 0
  for (let at = 0; at + 9 <= said.length; at += 9 + said.readUIntBE(at, 3))
    if (said[at + 3] === headers && said[at + 9] === 0x88) successes++
  return successes
}
