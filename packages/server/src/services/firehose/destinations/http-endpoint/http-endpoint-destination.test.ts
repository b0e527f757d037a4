import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock, systemClock, systemRandom } from '@millrace/ports'
import { makeCertificate } from '../../../../gateway/tls/certificate.ts'
import { AddressRules } from '../../../../outbound/address-rules.ts'
import { OutboundHttp } from '../../../../outbound/outbound-http.ts'
import { httpEndpointWithDefaults } from '../../settings/defaults.ts'
import { batchOf } from '../../testing/batch.ts'
import { datadogIntake, EndpointStandIn, json, newRelicIntake, type Taken } from '../../testing/endpoint-stand-in.ts'
import { type Answer, outboundTo, StandInServer } from '../../testing/stand-in-server.ts'
import { DeliveryFailed } from '../destination.ts'
import { HttpEndpointDestination } from './http-endpoint-destination.ts'
import { requestHeaders } from './request-headers.ts'

const signal = new AbortController().signal
const sourceArn = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/d'

type Given = {
  readonly url?: string
  readonly accessKey?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly encoding?: 'NONE' | 'GZIP'
}

/** A destination as settings make it, and what it counts. */
function destinationTo(
  { url = 'https://endpoint.example/', accessKey, attributes = {}, encoding = 'NONE' }: Given,
  parts: { readonly clock?: ManualClock; readonly outbound: OutboundHttp | ReturnType<typeof outboundTo> },
) {
  const settings = httpEndpointWithDefaults({
    EndpointConfiguration: { Url: url, Name: undefined, AccessKey: accessKey },
    RequestConfiguration: {
      ContentEncoding: encoding,
      CommonAttributes: Object.entries(attributes).map(([AttributeName, AttributeValue]) => ({
        ...{ AttributeName, AttributeValue },
      })),
    },
    S3Configuration: {},
  } as never)
  const counted: Record<string, number[]> = {}
  const metrics = {
    record(metric: string, _: object, value: number) {
      counted[metric] = [...(counted[metric] ?? []), value]
    },
    forget() {},
  }
  const destination = new HttpEndpointDestination(
    { clock: systemClock, metrics, ...parts },
    {
      ...{ name: 'd', url, secret: accessKey, isGzip: encoding === 'GZIP' },
      headers: requestHeaders(sourceArn, settings),
    },
  )
  return { counted, destination }
}

function realOutbound(t: TestContext, parts: Partial<ConstructorParameters<typeof OutboundHttp>[0]> = {}) {
  const outbound = new OutboundHttp({ clock: systemClock, rules: new AddressRules(['127.0.0.0/8']), ...parts })
  t.after(() => outbound.close())
  return outbound
}

async function serving(t: TestContext, standIn: EndpointStandIn): Promise<string> {
  const server = await StandInServer.open(standIn)
  t.after(() => server.close())
  return server.url
}

/** How a try fails. */
async function failureOf(delivered: Promise<unknown>): Promise<DeliveryFailed> {
  return await delivered.then(
    () => assert.fail('it was delivered'),
    (error: unknown) => {
      assert.ok(error instanceof DeliveryFailed, String(error))
      return error
    },
  )
}

test('a batch is one request as AWS makes it, and the next try of it has the same id', async (t) => {
  const standIn = new EndpointStandIn({ path: '/in', query: { a: 'b c' } })
  const url = `${await serving(t, standIn)}/in?a=b%20c`
  const { counted, destination } = destinationTo({ url }, { outbound: realOutbound(t) })
  const batch = batchOf('hello', '', 'grüße')
  standIn.instead = () => ({ status: 503, ...json({ requestId: batch.id, timestamp: 1 }) })
  await failureOf(destination.deliver(batch, signal))
  standIn.instead = () => undefined
  assert.deepEqual(await destination.deliver(batch, signal), [])
  assert.deepEqual(
    standIn.asked.map(({ requestId, texts }) => [requestId, texts]),
    [1, 2].map(() => [batch.id, ['hello', '', 'grüße']]),
  )
  const { headers } = standIn.taken[0]!
  assert.equal(headers['x-amz-firehose-source-arn'], sourceArn)
  for (const absent of ['x-amz-firehose-access-key', 'x-amz-firehose-common-attributes', 'content-encoding'])
    assert.equal(headers[absent], undefined, absent)
  assert.deepEqual(counted, {
    'DeliveryToHttpEndpoint.ProcessedBytes': [12, 12],
    'DeliveryToHttpEndpoint.ProcessedRecords': [3, 3],
  })
})

test('access key, common attributes and gzip arrive as they were configured', async (t) => {
  const accessKey = '{"user":"ä","password":"…"}'
  const standIn = new EndpointStandIn({ path: '/', accessKey: Buffer.from(accessKey).toString('latin1') })
  const attributes = { 'deployment -context': 'pre-prod', 'device-types': '', größe: '€ "1"\n' }
  const given = { url: await serving(t, standIn), accessKey, attributes, encoding: 'GZIP' as const }
  const { destination } = destinationTo(given, { outbound: realOutbound(t) })
  await destination.deliver(batchOf('x'.repeat(100_000)), signal)
  const [{ commonAttributes, headers, texts }] = standIn.taken as [Taken]
  assert.deepEqual(commonAttributes, attributes)
  assert.equal(headers['content-encoding'], 'gzip')
  assert.ok(Number(headers['content-length']) < 1000)
  assert.equal(texts[0]!.length, 100_000)
})

test('an access key that cannot stand in a header is refused', () => {
  assert.throws(() => destinationTo({ accessKey: 'a\r\nx: y' }, { outbound: outboundTo(new EndpointStandIn()) }), {
    code: 'InvalidArgumentException',
  })
})

test('Datadog and New Relic take what is sent, and say what they do not take', async (t) => {
  const intakes = [
    [datadogIntake('dd-key'), '/api/v2/logs?dd-protocol=aws-kinesis-firehose', 'dd-key', 403],
    [newRelicIntake('nr-key'), '/firehose/v1', 'nr-key', 401],
  ] as const
  for (const [intake, path, accessKey, refusal] of intakes) {
    const standIn = new EndpointStandIn(intake)
    const url = (await serving(t, standIn)) + path
    const to = (key: string) =>
      destinationTo({ url, accessKey: key, encoding: 'GZIP', attributes: { env: 'test' } }, { outbound }).destination
    const outbound = realOutbound(t)
    await to(accessKey).deliver(batchOf('{"message":"a"}', '{"message":"b"}'), signal)
    assert.deepEqual(
      standIn.taken.map(({ texts, commonAttributes }) => [texts.length, commonAttributes]),
      [[2, { env: 'test' }]],
    )
    const refused = await failureOf(to('wrong').deliver(batchOf('a'), signal))
    assert.match(refused.message, new RegExp(`${refusal}: .*Access denied`))
    assert.equal(refused.isFinal, false)
    const large = await failureOf(to(accessKey).deliver(batchOf(...Array(6).fill('x'.repeat(700_000))), signal))
    assert.deepEqual([large.code, large.isFinal], ['HttpEndpoint.DestinationException', true])
  }
})

test('only an answer that keeps the contract counts', async () => {
  const standIn = new EndpointStandIn()
  const { destination } = destinationTo({}, { outbound: outboundTo(standIn) })
  const fine = ({ requestId }: Taken) => ({ requestId, timestamp: 1_578_090_903_599 })
  const invalid = 'InvalidResponseFromDestination'
  const html = { headers: { 'content-type': 'text/html' }, body: '<html>' }
  const cases: [string, RegExp, (asked: Taken) => Answer][] = [
    [
      invalid,
      /requestId that does not match/,
      (asked) => ({ status: 200, ...json({ ...fine(asked), requestId: 'x' }) }),
    ],
    [invalid, /not contain a requestId/, () => ({ status: 200, ...json({ timestamp: 1 }) })],
    [invalid, /not contain a timestamp/, ({ requestId }) => ({ status: 200, ...json({ requestId }) })],
    [invalid, /timestamp/, ({ requestId }) => ({ status: 200, ...json({ requestId, timestamp: '1578090903599' }) })],
    [invalid, /unexpected fields/, (asked) => ({ status: 200, ...json({ ...fine(asked), status: 'ok' }) })],
    [invalid, /valid JSON/, (asked) => ({ status: 200, ...json(fine(asked)), body: '{"requestId":' })],
    [invalid, /valid JSON/, () => ({ status: 200, ...json(null) })],
    [invalid, /valid JSON/, () => ({ status: 200, ...json([]) })],
    [invalid, /valid JSON/, () => ({ status: 200, headers: { 'content-type': 'application/json' } })],
    [
      invalid,
      /errorMessage/,
      (asked) => ({ status: 200, ...json({ ...fine(asked), errorMessage: 'x'.repeat(8193) }) }),
    ],
    [invalid, /content type "text\/html"/, () => ({ status: 200, ...html })],
    [invalid, /content type ""/, (asked) => ({ status: 200, body: JSON.stringify(fine(asked)) })],
    [
      invalid,
      /Content-Encoding/,
      (asked) => ({
        status: 200,
        body: JSON.stringify(fine(asked)),
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      }),
    ],
    ['DestinationException', /202: /, (asked) => ({ status: 202, ...json(fine(asked)) })],
    ['DestinationException', /301: /, () => ({ status: 301, headers: { location: 'http://127.0.0.1/' } })],
    [
      'DestinationException',
      /500: .*quota/,
      (asked) => ({ status: 500, ...json({ ...fine(asked), errorMessage: 'quota' }) }),
    ],
    ['DestinationException', /429: /, () => ({ status: 429, ...html })],
  ]
  for (const [code, message, answer] of cases) {
    standIn.instead = answer
    const failure = await failureOf(destination.deliver(batchOf('a'), signal))
    assert.equal(failure.code, `HttpEndpoint.${code}`, String(message))
    assert.match(failure.message, message)
    assert.equal(failure.isFinal, false, String(message))
  }
  assert.deepEqual(standIn.taken, [])
  const charset = { 'content-type': 'application/json; charset=utf-8' }
  standIn.instead = (asked) => ({
    status: 200,
    body: JSON.stringify({ ...fine(asked), errorMessage: '' }),
    headers: charset,
  })
  assert.deepEqual(await destination.deliver(batchOf('a'), signal), [])
})

test('what an endpoint answers is told in part, and never with the access key', async () => {
  const accessKey = 'a-"secret"-key'
  const standIn = new EndpointStandIn({ path: '/', accessKey })
  const { destination } = destinationTo({ accessKey }, { outbound: outboundTo(standIn) })
  const repeated = JSON.stringify({ got: accessKey })
  const answers: Answer[] = [
    { status: 500, body: `your key ${accessKey} is wrong ${'x'.repeat(100_000)}` },
    { status: 500, body: repeated },
    { status: 500, body: `${'x'.repeat(990)}${accessKey}` },
    { status: 200, headers: { 'content-type': accessKey }, body: repeated },
    { status: 200, headers: { 'content-type': 'x'.repeat(16_000) } },
  ]
  for (const answer of answers) {
    standIn.instead = () => answer
    const { message } = await failureOf(destination.deliver(batchOf('a'), signal))
    assert.doesNotMatch(message, /secret/)
    assert.ok(message.length < 2500, `${message.length}`)
  }
})

test('a certificate that is not trusted, or for another name, is a handshake that failed', async (t) => {
  const certificate = makeCertificate(['127.0.0.1'], Date.now(), systemRandom)
  const elsewhere = makeCertificate(['elsewhere.example'], Date.now(), systemRandom)
  const standIn = new EndpointStandIn()
  const url = async (tls: typeof certificate) => {
    const server = await StandInServer.open(standIn, tls)
    t.after(() => server.close())
    return server.url
  }
  const trusting = (authorities?: string) => realOutbound(t, { authorities })
  const unknown = destinationTo({ url: await url(certificate) }, { outbound: trusting() }).destination
  const { code, message } = await failureOf(unknown.deliver(batchOf('a'), signal))
  assert.equal(code, 'HttpEndpoint.SSLHandshakeFailure')
  assert.match(message, /certificate/)
  const other = destinationTo({ url: await url(elsewhere) }, { outbound: trusting(elsewhere.authority) }).destination
  assert.equal((await failureOf(other.deliver(batchOf('a'), signal))).code, 'HttpEndpoint.SSLHandshakeFailure')
  const known = destinationTo(
    { url: await url(certificate) },
    { outbound: trusting(certificate.authority) },
  ).destination
  assert.deepEqual(await known.deliver(batchOf('a'), signal), [])
})

test('time spent waiting for an answer is told, time without a connection is not', async (t) => {
  const clock = new ManualClock()
  const standIn = new EndpointStandIn()
  standIn.instead = async () => {
    await clock.sleep(100_000)
    return { status: 503 }
  }
  const { destination } = destinationTo({}, { clock, outbound: outboundTo(standIn) })
  const failed = failureOf(destination.deliver(batchOf('a'), signal))
  await clock.advance(100_000)
  assert.equal((await failed).answerWaitMs, 100_000)
  const refused = destinationTo({ url: 'http://127.0.0.1:1/' }, { outbound: realOutbound(t) }).destination
  const failure = await failureOf(refused.deliver(batchOf('a'), signal))
  assert.deepEqual([failure.code, failure.answerWaitMs], ['HttpEndpoint.ConnectionFailed', 0])
  const forbidden = destinationTo({ url: 'http://169.254.169.254/' }, { outbound: realOutbound(t) }).destination
  const { code, message } = await failureOf(forbidden.deliver(batchOf('a'), signal))
  assert.equal(code, 'HttpEndpoint.ConnectionFailed')
  assert.match(message, /may not reach/)
})

test('an end that lies on the wire is found out: by length, by size, by encoding, by where it points', async (t) => {
  let followed = 0
  const elsewhere = createServer((socket) => {
    followed++
    socket.destroy()
  })
  const answers: [string, string, string | Buffer][] = [
    ['InvalidResponseFromDestination', 'transfer-encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'],
    ['InvalidResponseFromDestination', 'connection: close', 'ok'],
    ['InvalidResponseFromDestination', 'content-encoding: gzip', gzipSync('{}')],
    ['InvalidResponseFromDestination', 'content-length: 1\r\ncontent-length: 2', '{}'],
    ['ResponseTooLarge', 'content-length: 2000000', Buffer.alloc(2_000_000, ' ')],
    ['ResponseTooLarge', `x: ${'y'.repeat(100_000)}`, ''],
    ['ConnectionReset', 'content-length: 10', '{}'],
  ]
  let answer = answers[0]!
  let status = '200 OK'
  const end = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const [, header, body] = answer
      socket.write(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${header}\r\n\r\n`)
      socket.end(body)
    })
  })
  for (const server of [elsewhere, end]) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
  }
  const urlOf = (server: typeof end) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { destination } = destinationTo({ url: urlOf(end) }, { outbound: realOutbound(t) })
  for (const each of answers) {
    answer = each
    const { code } = await failureOf(destination.deliver(batchOf('a'), signal))
    assert.equal(code, `HttpEndpoint.${each[0]}`, each[1].slice(0, 50))
  }
  status = '307 Temporary Redirect'
  answer = ['', `content-length: 0\r\nlocation: ${urlOf(elsewhere)}`, '']
  const { code, message } = await failureOf(destination.deliver(batchOf('a'), signal))
  assert.equal(code, 'HttpEndpoint.DestinationException')
  assert.match(message, / 307: /)
  assert.equal(followed, 0)
})
