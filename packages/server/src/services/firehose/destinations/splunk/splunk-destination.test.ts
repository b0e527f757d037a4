import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, systemRandom } from '@millrace/ports'
import { type Outbound, OutboundFailed, type OutboundFailure } from '../../../../core/ports/outbound.ts'
import { makeCertificate } from '../../../../gateway/tls/certificate.ts'
import { AddressRules } from '../../../../outbound/address-rules.ts'
import { OutboundHttp } from '../../../../outbound/outbound-http.ts'
import type { Json } from '../../../../storage/catalog.ts'
import { batchOf } from '../../testing/batch.ts'
import { HecStandIn } from '../../testing/hec-stand-in.ts'
import { type Answer, type Asked, outboundTo, type StandIn, StandInServer } from '../../testing/stand-in-server.ts'
import { type DeliveryBatch, DeliveryFailed, type KeepReceipt } from '../destination.ts'
import { SplunkDestination } from './splunk-destination.ts'
import { collectorUrl } from './to-splunk.ts'

const token = '0a1b2c3d-1111-2222-3333-444455556666'
const ackTimeoutMs = 180_000

/** A destination before a collector, on a clock that stands still. */
function destinationTo(standIn: StandIn, { type = 'Raw' as 'Raw' | 'Event', outbound = outboundTo(standIn) } = {}) {
  const clock = new ManualClock()
  const latencies: number[] = []
  const metrics = {
    record(metric: string, _: object, value: number, unit: string) {
      assert.deepEqual([metric, unit], ['DeliveryToSplunk.DataAckLatency', 'Seconds'])
      latencies.push(value)
    },
    forget() {},
  }
  const destination = collectorAt('https://splunk.example:8088', { clock, outbound, metrics }, type)
  const stopping = new AbortController()
  return { clock, destination, latencies, stopping, deliver: delivering(destination, stopping.signal) }
}

const collectorAt = (url: string, parts: ConstructorParameters<typeof SplunkDestination>[0], type: 'Raw' | 'Event') =>
  new SplunkDestination(parts, {
    ...{ name: 'd', type, token, ackTimeoutMs },
    url: collectorUrl(url, type === 'Raw' ? 'raw' : 'event'),
    ackUrl: collectorUrl(url, 'ack'),
  })

/** What is refused for good, or how the try failed. */
const delivering = (destination: SplunkDestination, signal: AbortSignal) => (batch: DeliveryBatch) =>
  destination.deliver(batch, signal).then(
    (refused) => ({ refused, failure: undefined }),
    (error: unknown) => {
      if (!(error instanceof DeliveryFailed)) throw error
      return { refused: undefined, failure: error }
    },
  )

const askedAt = (standIn: HecStandIn, what: string) => standIn.asked.filter(({ path }) => path.endsWith(`/${what}`))

test('a batch is sent as its bytes are, and delivered when an indexer acknowledges it', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  const { clock, deliver, latencies } = destinationTo(standIn)
  const batch = batchOf('line 1\n', 'li', 'ne 2\n', '')
  let isDelivered = false
  const delivered = deliver(batch).then((result) => {
    isDelivered = true
    return result
  })
  await clock.advance(30_000)
  assert.deepEqual([standIn.texts, isDelivered], [['line 1\nline 2\n'], false])
  assert.equal(standIn.batches[0]!.channel, batch.id)
  standIn.index()
  await clock.advance(10_000)
  assert.deepEqual(await delivered, { refused: [], failure: undefined })
  assert.equal(latencies.length, 1)
  assert.ok(latencies[0]! > 30 && latencies[0]! <= 40, `${latencies}`)
  const polls = askedAt(standIn, 'ack').length
  assert.ok(polls >= 4 && polls <= 9, `${polls} questions in 40 s`)
  assert.deepEqual(
    standIn.asked.filter(
      ({ query, headers }) => (query.get('channel') ?? batch.id) !== headers['x-splunk-request-channel'],
    ),
    [],
  )
})

test('an acknowledgment that does not come within its time fails the try, and the wait is none of the retry duration', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  const { clock, deliver } = destinationTo(standIn)
  const delivered = deliver(batchOf('a'))
  await clock.advance(ackTimeoutMs - 1)
  assert.equal(await Promise.race([delivered, 'waiting']), 'waiting')
  await clock.advance(1)
  const { failure } = await delivered
  assert.equal(failure!.code, 'Splunk.AckTimeout')
  assert.match(failure!.message, /^Did not receive an acknowledgement from HEC before/)
  assert.equal(failure!.answerWaitMs, ackTimeoutMs)
})

test('nothing is sent or asked before it is kept what came of the batch before', async () => {
  const standIn = new HecStandIn(token)
  const { clock, deliver } = destinationTo(standIn)
  const kept: { receipt: unknown; texts: string[] | undefined }[] = []
  let go: () => void = () => {}
  const keepReceipt: KeepReceipt = (receipt, records) => {
    kept.push({ receipt, texts: records?.map(({ data }) => data.toString()) })
    return new Promise((resolve) => (go = resolve))
  }
  const delivered = Promise.all([deliver({ ...batchOf('a', 'b'), keepReceipt }), deliver(batchOf('c'))])
  const taken = { ackId: 0, takenMs: clock.nowMs(), isAcknowledged: false }
  await clock.advance(20_000)
  assert.deepEqual([standIn.texts, kept], [['ab'], [{ receipt: taken, texts: ['a', 'b'] }]])
  go()
  await clock.advance(20_000)
  assert.deepEqual(standIn.texts, ['ab', 'c'])
  assert.deepEqual(kept.slice(1), [{ receipt: { ...taken, isAcknowledged: true }, texts: undefined }])
  const asked = standIn.asked.length
  await clock.advance(20_000)
  assert.equal(standIn.asked.length, asked, 'nobody asks for the acknowledgment of the second one')
  go()
  await clock.advance(20_000)
  assert.deepEqual(
    (await delivered).map(({ refused }) => refused),
    [[], []],
  )
})

test('an acknowledgment that was given is not asked for again, and one that was not within its time once', async () => {
  const standIn = new HecStandIn(token)
  const { clock, destination, stopping } = destinationTo(standIn)
  const receipt = { ackId: 0, takenMs: clock.nowMs(), isAcknowledged: false }
  const { id } = batchOf('a')
  const resume = (receipt: Json) => destination.resume(id, receipt, async () => {}, stopping.signal)
  assert.equal(await resume({ ...receipt, isAcknowledged: true }), true)
  assert.equal(standIn.asked.length, 0)
  await clock.advance(ackTimeoutMs)
  assert.equal(await resume(receipt), false)
  standIn.batches.push({ channel: id, ackId: 0, text: 'a', isIndexed: true })
  assert.equal(await resume(receipt), true)
  assert.equal(standIn.asked.length, 2)
})

test('a question for an acknowledgment that fails is asked again', async () => {
  const standIn = new HecStandIn(token)
  standIn.instead = ({ path }) => (path.endsWith('/ack') && standIn.batches.length > 0 ? 9 : undefined)
  const { clock, deliver } = destinationTo(standIn)
  const delivered = deliver(batchOf('a'))
  await clock.advance(100_000)
  standIn.instead = () => undefined
  await clock.advance(11_000)
  assert.deepEqual((await delivered).refused, [])
  assert.equal(standIn.batches.length, 1)
})

test('records hold several events, and those that hold none that HEC takes are refused alone', async () => {
  const standIn = new HecStandIn(token)
  const { clock, deliver } = destinationTo(standIn, { type: 'Event' })
  const poison = ['{"event":', 'no json', '{"message":"x"}', '{"event":""}', '{"event":null}{"event":"a"}', '[]', '"x"']
  const batch = batchOf(
    '{"event":"a"}{"event":{"b":"}{ \\" {"}}\n',
    poison[0]!,
    ' {"event":"c","time":1}\n\n{"event":"d"}',
    ...poison.slice(1),
    '\n',
  )
  const delivered = deliver(batch)
  await clock.advance(2000)
  const { refused } = await delivered
  assert.deepEqual(
    refused!.map(({ record, errorCode }) => [Buffer.from(record.data).toString(), errorCode]),
    poison.map((text) => [text, 'Splunk.InvalidDataFormat']),
  )
  assert.deepEqual(standIn.texts, [
    '{"event":"a"}{"event":{"b":"}{ \\" {"}}\n {"event":"c","time":1}\n\n{"event":"d"}\n',
  ])
  assert.equal(askedAt(standIn, 'event').length, 2)
})

test('an event that is cut into two records arrives whole', async () => {
  const standIn = new HecStandIn(token)
  const { clock, deliver } = destinationTo(standIn, { type: 'Event' })
  const delivered = deliver(batchOf('{"event":', '"a"}'))
  await clock.advance(2000)
  assert.deepEqual([(await delivered).refused, standIn.texts], [[], ['{"event":"a"}']])
})

test('records without a byte are no request, and poison alone is none that waits', async () => {
  const standIn = new HecStandIn(token)
  const { clock, deliver } = destinationTo(standIn)
  assert.deepEqual((await deliver(batchOf('', ''))).refused, [])
  assert.equal(askedAt(standIn, 'raw').length, 0)
  const events = destinationTo(standIn, { type: 'Event' })
  assert.deepEqual((await events.deliver(batchOf(' ', '\n'))).refused, [])
  assert.equal((await events.deliver(batchOf('x', 'y'))).refused!.length, 2)
  await clock.advance(0)
  assert.equal(standIn.batches.length, 0)
})

test('what HEC answers has AWS’s code and sentence', async () => {
  const cases: [number | Answer, string, RegExp][] = [
    [1, 'DisabledToken', /^The HEC token is disabled\..* HEC answered 403 \{"text":"Token disabled"/],
    [2, 'InvalidToken', /^The HEC token is invalid/],
    [3, 'InvalidToken', /./],
    [4, 'InvalidToken', /Invalid token/],
    [5, 'InvalidDataFormat', /^The data is not formatted correctly/],
    [6, 'InvalidDataFormat', /./],
    [7, 'InvalidIndex', /^The HEC token or input is configured with an invalid index/],
    [8, 'ServerError', /^Data delivery to Splunk failed due to a server error/],
    [9, 'ServerError', /Server is busy/],
    [11, 'ProxyWithoutStickySessions', /sticky sessions/],
    [{ status: 302, headers: { location: 'http://127.0.0.1' } }, 'InvalidEndpoint', /302/],
    [{ status: 404, body: 'not here' }, 'InvalidEndpoint', /not here/],
    [{ status: 401 }, 'InvalidToken', /401/],
    [{ status: 413, body: 'too long' }, 'ServerError', /413 too long/],
    [{ status: 502, body: '<html>' }, 'ServerError', /502/],
    [{ status: 200, body: '{"text":"queues are full","code":18}' }, 'ServerError', /queues/],
  ]
  for (const [instead, code, message] of cases) {
    const standIn = new HecStandIn(token)
    standIn.instead = ({ path }) => (path.endsWith('/raw') ? (instead as Answer) : undefined)
    const { failure } = await destinationTo(standIn).deliver(batchOf('a'))
    assert.equal(failure!.code, `Splunk.${code}`, JSON.stringify(instead))
    assert.match(failure!.message, message)
    assert.equal(failure!.isFinal, false)
  }
})

test('without acknowledgments nothing is sent: each try would bring it there once more', async () => {
  const standIn = new HecStandIn(token)
  standIn.isAckEnabled = false
  const { clock, deliver } = destinationTo(standIn)
  assert.equal((await deliver(batchOf('a'))).failure!.code, 'Splunk.DisabledAck')
  assert.equal(askedAt(standIn, 'raw').length, 0)
  standIn.isAckEnabled = true
  const delivered = deliver(batchOf('a'))
  await clock.advance(2000)
  assert.deepEqual((await delivered).refused, [])
  standIn.isAckEnabled = false
  assert.equal((await deliver(batchOf('b'))).failure!.code, 'Splunk.DisabledAck')
  assert.equal((await deliver(batchOf('b'))).failure!.code, 'Splunk.DisabledAck')
  assert.equal(askedAt(standIn, 'raw').length, 2)
})

test('what the network says has AWS’s code', async () => {
  const cases: [OutboundFailure, string, object?][] = [
    ['forbidden address', 'InvalidEndpoint'],
    ['unknown host', 'InvalidEndpoint'],
    ['connection failed', 'InvalidEndpoint'],
    ['connection reset', 'ConnectionClosed'],
    ['timeout', 'ConnectionTimeout'],
    ['handshake failed', 'SSLHandshake'],
    ['handshake failed', 'SSLUnverified', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
    ['invalid response', 'ServerError'],
    ['response too large', 'ServerError'],
  ]
  for (const [failure, code, cause] of cases) {
    const outbound = {
      request: () => Promise.reject(new OutboundFailed(failure, 'said the network', { cause })),
    } as unknown as Outbound
    const { deliver } = destinationTo(new HecStandIn(token), { outbound })
    const { failure: failed } = await deliver(batchOf('a'))
    assert.equal(failed!.code, `Splunk.${code}`)
    assert.match(failed!.message, /said the network$/)
  }
})

test('a question comes to the node that has the channel, if the balancer before it marks sessions', async () => {
  const nodes = [new HecStandIn(token), new HecStandIn(token)]
  let next = 0
  let isSticky = true
  const balancer: StandIn = {
    answer(asked: Asked) {
      const chosen = /AWSALB=(\d)/.exec(asked.headers.cookie ?? '')?.[1]
      const node = chosen === undefined || !isSticky ? next++ % 2 : Number(chosen)
      const answer =
        asked.path.endsWith('/ack') && !isKnown(nodes[node]!, asked) ? invalidChannel : nodes[node]!.answer(asked)
      const cookies = `AWSALB=${node}; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, other=1; Path=/`
      return { ...answer, headers: { 'set-cookie': cookies } }
    },
  }
  const invalidChannel = { status: 400, body: '{"text":"Invalid data channel","code":11}' }
  const isKnown = (node: HecStandIn, asked: Asked) =>
    node.batches.length === 0 || node.batches.some(({ channel }) => channel === asked.query.get('channel'))
  for (const node of nodes) node.batches.push({ channel: 'another', ackId: 0, text: '', isIndexed: true })
  const { clock, deliver } = destinationTo({
    answer: (asked) =>
      asked.path.endsWith('/ack') && asked.headers.cookie === undefined
        ? { status: 200, body: '{"acks":{}}' }
        : balancer.answer(asked),
  })
  const sticky = deliver(batchOf('a'))
  await clock.advance(5000)
  assert.deepEqual((await sticky).refused, [])
  isSticky = false
  const loose = deliver(batchOf('a'))
  await clock.advance(60_000)
  assert.equal((await loose).failure!.code, 'Splunk.ProxyWithoutStickySessions')
})

test('the token is told to nobody', async () => {
  const standIn = new HecStandIn(token)
  standIn.instead = () => ({ status: 403, body: `{"text":"${token} is wrong","code":4}` })
  const { message } = (await destinationTo(standIn).deliver(batchOf('a'))).failure!
  assert.match(message, /\*{8} is wrong/)
  assert.doesNotMatch(message, new RegExp(token))
})

test('a delivery that stops while it waits ends at once', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  const { clock, deliver, stopping } = destinationTo(standIn)
  const delivered = deliver(batchOf('a'))
  await clock.advance(20_000)
  stopping.abort(new Error('stopped'))
  await assert.rejects(delivered, /stopped/)
})

test('a collector is found with its path or without it', () => {
  const urls = [
    ['https://splunk.example:8088', 'https://splunk.example:8088/services/collector/raw'],
    ['https://splunk.example/', 'https://splunk.example/services/collector/raw'],
    ['https://splunk.example/services/collector/event', 'https://splunk.example/services/collector/raw'],
    ['https://splunk.example/services/collector', 'https://splunk.example/services/collector/raw'],
    ['https://proxy.example/splunk?sourcetype=a', 'https://proxy.example/splunk/services/collector/raw?sourcetype=a'],
  ]
  for (const [endpoint, url] of urls) assert.equal(collectorUrl(endpoint!, 'raw'), url)
  assert.throws(() => collectorUrl('splunk.example', 'raw'), { code: 'InvalidArgumentException' })
})

test('a certificate for another name is SSLUnverified, one of nobody known SSLHandshake', async (t) => {
  const here = makeCertificate(['127.0.0.1'], Date.now(), systemRandom)
  const elsewhere = makeCertificate(['elsewhere.example'], Date.now(), systemRandom)
  for (const [tls, authorities, code] of [
    [here, undefined, 'Splunk.SSLHandshake'],
    [elsewhere, elsewhere.authority, 'Splunk.SSLUnverified'],
  ] as const) {
    const server = await StandInServer.open(new HecStandIn(token), tls)
    t.after(() => server.close())
    const clock = new ManualClock()
    const outbound = new OutboundHttp({ clock, rules: new AddressRules(['127.0.0.0/8']), authorities })
    t.after(() => outbound.close())
    const destination = collectorAt(server.url, { clock, outbound, metrics: { record() {}, forget() {} } }, 'Raw')
    const { failure } = await delivering(destination, new AbortController().signal)(batchOf('a'))
    assert.equal(failure!.code, code)
  }
})
