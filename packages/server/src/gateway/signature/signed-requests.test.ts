import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { call, gatewayFixture, rawConversation } from '../gateway-fixture.ts'
import { chance, meaning, mutations, signedRequests } from './mutations-fixture.ts'
import { alice, fixedCredentials, presigned, signed, type WireRequest } from './signature-fixture.ts'

/* Signatures through HTTP: what of it is not about HTTP is in signature-verifier.test.ts. */

const noon = Date.UTC(2026, 0, 1, 12)
const clock = new ManualClock(noon)

function echo(port: number): WireRequest {
  const rawHeaders = ['Host', `127.0.0.1:${port}`, 'Content-Type', 'application/x-amz-json-1.1']
  return {
    method: 'POST',
    url: '/',
    rawHeaders: [...rawHeaders, 'X-Amz-Target', 'Fake_1.Echo'],
    body: Buffer.from('{"Name":"a"}'),
  }
}

const send = (port: number, { method, url, rawHeaders, body }: WireRequest) =>
  call(port, { method, path: url, headers: rawHeaders as never, body })

test('with credentials, a signed request is answered and an unsigned one is not', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const request = echo(port)
  const right = await send(port, signed(request, { atMs: clock.nowMs() }))
  assert.equal(right.status, 200, right.text)
  const unsigned = await send(port, request)
  assert.equal(unsigned.status, 400)
  assert.deepEqual(JSON.parse(unsigned.text), {
    __type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  })
  const other = { ...signed(request, { atMs: clock.nowMs() }), body: Buffer.from('{"Name":"b"}') }
  const tampered = await send(port, other)
  assert.equal(tampered.status, 400)
  assert.equal(JSON.parse(tampered.text).__type, 'InvalidSignatureException')
})

test('a presigned POST is answered until it is over', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const answer = await send(port, presigned(echo(port), { atMs: noon, expiresS: 60 }))
  assert.equal(answer.status, 200, answer.text)
  const late = await send(port, presigned(echo(port), { atMs: noon - 61_000, expiresS: 60 }))
  assert.match(late.text, /Signature expired: 20260101T115859Z is now earlier than 20260101T115900Z/)
})

test('of signed requests that are changed on their way none is answered', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock, bodyTimeoutMs: 500 })
  const dice = chance(9)
  const [first] = signedRequests(noon)
  const requests = [first!, signed(echo(port), { atMs: noon }), presigned(echo(port), { atMs: noon, expiresS: 60 })]
  const names = Object.keys(mutations)
  let sent = 0
  const statuses = new Map<number, number>()
  for (let round = 0; round < 600; round++) {
    const request = requests[dice(requests.length)]!
    const changed = mutations[names[dice(names.length)]!]!(request, dice)
    if (changed.method === 'post' || !/^[/?]/.test(changed.url.slice(0, 1))) continue // Node's client puts these right
    if (meaning(changed) === meaning(request)) continue
    const answer = await send(port, changed).catch((error: NodeJS.ErrnoException) => error.code)
    if (answer === undefined || typeof answer === 'string') continue // it is not even HTTP
    sent++
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    assert.notEqual(answer.status, 200, JSON.stringify(changed))
  }
  assert.ok(sent > 300)
  t.diagnostic(`${sent} were sent: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}`)
})

test('by HTTP/2 the authority is signed, as the SDK for JavaScript signs it, or Host', async (t) => {
  const { port, url } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const session = http2.connect(url)
  t.after(() => session.destroy())
  const ask = (request: WireRequest, more: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const headers = Object.fromEntries(
        request.rawHeaders.flatMap((name, i) =>
          i % 2 === 0 ? [[name.toLowerCase(), request.rawHeaders[i + 1]!]] : [],
        ),
      )
      const stream = session.request({ ':method': 'POST', ':path': request.url, ...headers, ...more })
      stream.on('response', (head) => resolve(Number(head[':status'])))
      stream.on('error', reject)
      stream.resume()
      stream.end(request.body)
    })
  const authority = `127.0.0.1:${port}`
  const rest = echo(port).rawHeaders.slice(2)
  const byAuthority = signed({ ...echo(port), rawHeaders: [':authority', authority, ...rest] }, { atMs: noon })
  assert.equal(await ask(byAuthority), 200)
  assert.equal(await ask(byAuthority, { ':authority': `localhost:${port}` }), 400)
  const byHost = signed(echo(port), { atMs: noon })
  assert.equal(await ask(byHost), 200, 'Host without an authority')
  assert.equal(await ask(byHost, { ':authority': authority }), 200, 'both, and they agree')
  assert.equal(await ask(byHost, { ':authority': `localhost:${port}` }), 403, 'both, and they do not')
})

test('a request line with a whole URL and a header sent twice are refused, though they are signed', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const raw = async ({ method, url, rawHeaders, body }: WireRequest) => {
    const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
    const head = [`${method} ${url} HTTP/1.1`, ...lines, `Content-Length: ${body.length}`, 'Connection: close']
    return rawConversation(port, [`${head.join('\r\n')}\r\n\r\n`, body])
  }
  const request = signed(echo(port), { atMs: noon })
  assert.match(await raw(request), /^HTTP\/1.1 200 /)
  const whole = { ...echo(port), url: `http://127.0.0.1:${port}/` }
  for (const refused of [
    { ...request, url: whole.url },
    signed(whole, { atMs: noon }),
    { ...request, rawHeaders: [...request.rawHeaders, 'Host', `127.0.0.1:${port}`] },
    { ...request, rawHeaders: [...request.rawHeaders, 'X-Amz-Date', '20260101T120000Z'] },
  ])
    assert.match(await raw(refused), /^HTTP\/1.1 (400|403) /)
})

test('AWS tells of a broken body before it tells of a wrong signature; a large one is not even parsed', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const broken = (bytes: number) => {
    const request = signed({ ...echo(port), body: Buffer.alloc(bytes, '{') }, { atMs: noon })
    return send(port, { ...request, body: Buffer.alloc(bytes, '[') })
  }
  assert.match((await broken(1000)).text, /SerializationException/)
  assert.match((await broken(100_000)).text, /InvalidSignatureException/)
  const right = signed({ ...echo(port), body: Buffer.alloc(100_000, '{') }, { atMs: noon })
  assert.match((await send(port, right)).text, /SerializationException/)
})

test('a server that does not verify goes on to believe any key', async (t) => {
  const { port } = await gatewayFixture(t, { clock })
  const request = signed(echo(port), { atMs: 0, key: { ...alice, accessKeyId: 'any' } })
  assert.equal((await send(port, { ...request, body: Buffer.from('{"Name":"b"}') })).status, 200)
})
