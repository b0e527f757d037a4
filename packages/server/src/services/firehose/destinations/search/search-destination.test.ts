import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@millrace/ports'
import { OpenSearchStandIn } from '../../../../../../connectors/src/opensearch-stand-in-fixture.ts'
import { AddressRules } from '../../../../outbound/address-rules.ts'
import { OutboundHttp } from '../../../../outbound/outbound-http.ts'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import { type DeliveryBatch, DeliveryFailed } from '../destination.ts'
import { SearchDestination, type SearchOptions } from './search-destination.ts'
import { SearchEndpoint } from './search-endpoint.ts'

const never = new AbortController().signal
const arrivalMs = Date.UTC(2016, 1, 25, 13)

const recordOf = (data: string | Uint8Array, n: number): DeliveryRecord => ({
  position: 0,
  recordId: `49${n}`,
  arrivalMs,
  data: Buffer.from(data),
  page: { lane: 'put', next: '1', left: 1, first: 0, end: 0 },
})

function batchOf(...data: readonly (string | Uint8Array)[]): DeliveryBatch {
  return { id: 'b', version: 1, records: data.map(recordOf), firstArrivalMs: arrivalMs }
}

const numbered = (count: number, text = '') => Array.from({ length: count }, (_, n) => JSON.stringify({ n, text }))

async function started(t: TestContext, more: Partial<SearchOptions> = {}, user = '') {
  const cluster = await OpenSearchStandIn.open()
  t.after(() => cluster[Symbol.asyncDispose]())
  const rules = new AddressRules(['127.0.0.0/8'])
  const outbound = new OutboundHttp({ clock: systemClock, rules })
  t.after(() => outbound.close())
  const url = cluster.url.replace('//', `//${user}`)
  const destination = new SearchDestination(new SearchEndpoint(outbound, { url, codePrefix: 'OS' }), {
    ...{ indexName: 'orders', rotation: 'NoRotation', typeName: undefined, hasDocumentIds: true },
    ...{ codePrefix: 'OS', detailPrefix: 'es' },
    ...more,
  })
  const failure = async (batch: DeliveryBatch) => {
    try {
      await destination.deliver(batch, never)
    } catch (error) {
      if (error instanceof DeliveryFailed) return error
      throw error
    }
    return assert.fail('it did not fail')
  }
  return { cluster, destination, failure }
}

test('each record is a document, in the index of its arrival, named by the record: a second try changes nothing', async (t) => {
  const { cluster, destination } = await started(t, { rotation: 'OneWeek' })
  const batch = batchOf('{"n":0}', ' {"n":1}\r\n')
  for (let times = 0; times < 2; times++) assert.deepEqual(await destination.deliver(batch, never), [])
  assert.deepEqual(
    [...cluster.documents],
    [
      ['orders-2016-w09/490.0', { n: 0 }],
      ['orders-2016-w09/491.0', { n: 1 }],
    ],
  )
})

test('records that one became are documents of their own', async (t) => {
  const { cluster, destination } = await started(t)
  const [record] = batchOf('{}').records as [DeliveryRecord]
  await destination.deliver({ ...batchOf(), records: [record, { ...record, part: 1 }] }, never)
  assert.deepEqual([...cluster.documents.keys()], ['orders/490.0', 'orders/490.1'])
})

test('without document ids the cluster makes them, and a second try makes more', async (t) => {
  const { cluster, destination } = await started(t, { hasDocumentIds: false })
  for (let times = 0; times < 2; times++) await destination.deliver(batchOf('{"n":0}'), never)
  assert.deepEqual([...cluster.documents.keys()], ['orders/made-0', 'orders/made-1'])
})

test('documents have a type where the cluster is old enough for it', async (t) => {
  const { cluster, destination } = await started(t, { typeName: 'order' })
  await destination.deliver(batchOf('{}'), never)
  assert.deepEqual([...cluster.documents.keys()], ['orders/490.0'])
  const old = await started(t, { typeName: 'order' })
  old.cluster.version = '6.8.23'
  await old.destination.deliver(batchOf('{}'), never)
  assert.deepEqual([...old.cluster.documents.keys()], ['orders/order/490.0'])
})

test('a record that is not one JSON object on one line is refused alone, in AWS’s words', async (t) => {
  const { cluster, destination } = await started(t)
  const wrong = [
    '',
    '[1]',
    '{"a":1',
    '{"a":\n1}',
    '{}\n{}',
    'text',
    '{"a":"\0"}',
    Buffer.from('{"a":"\xff"}', 'latin1'),
  ]
  const refused = await destination.deliver(batchOf('{"n":0}', ...wrong, '{"n":9}'), never)
  assert.deepEqual([...cluster.documents.keys()], ['orders/490.0', 'orders/499.0'])
  assert.equal(refused.length, wrong.length)
  for (const { errorCode, errorMessage, errorOutputType } of refused) {
    assert.deepEqual([errorCode, errorOutputType], ['OS.MalformedData', 'AmazonOpenSearchService-failed'])
    assert.match(errorMessage, /^One or more records are malformed\. .* does not contain newlines\.$/)
  }
})

test('what makes no sense is refused alone, and what may be taken later is tried again alone', async (t) => {
  const { cluster, destination, failure } = await started(t)
  const block = { type: 'cluster_block_exception', reason: 'blocked by: [FORBIDDEN/12/index read-only]' }
  const answers = [
    undefined,
    { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } },
    { status: 400, error: { type: 'mapper_parsing_exception', reason: 'failed to parse [n]' } },
    { status: 403, error: block },
    { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index' } },
  ]
  cluster.refuses = ({ n }) => answers[n as number]
  const { code, left, message, refused } = await failure(batchOf(...numbered(5)))
  assert.deepEqual(
    left!.map(({ recordId }) => recordId),
    ['491', '493', '494'],
  )
  assert.deepEqual([code, JSON.parse(message).reason], ['429', 'queue is full'])
  const [document] = refused
  assert.equal(refused.length, 1)
  assert.deepEqual([document!.record.recordId, document!.errorCode], ['492', '400'])
  assert.deepEqual(destination.errorDetails(document!.record), {
    esDocumentId: '492.0',
    esIndexName: 'orders',
    esTypeName: '',
  })
  assert.equal(JSON.parse(document!.errorMessage).type, 'mapper_parsing_exception')
})

test('long batches go in several requests, and in shorter ones where the cluster takes less', async (t) => {
  const { cluster, destination } = await started(t)
  cluster.bodyBytesMax = 100_000
  const huge = JSON.stringify({ text: 'x'.repeat(200_000) })
  const batch = batchOf(...numbered(2000, 'x'.repeat(300)), huge)
  const refused = await destination.deliver(batch, never)
  assert.deepEqual([cluster.documents.size, refused.map(({ errorCode }) => errorCode)], [2000, ['413']])
  const requests = cluster.requests.length
  await destination.deliver(batchOf(...numbered(500, 'x'.repeat(300))), never)
  assert.ok(cluster.requests.length - requests <= 4, 'it knows by now how much may be asked')
  await destination.deliver(batchOf(...numbered(12_000)), never)
  assert.ok(cluster.requests.every(({ lines }) => lines <= 10_000))
})

test('credentials of the URL are sent, and wrong ones are a failure that may pass', async (t) => {
  const seen: boolean[] = []
  const { cluster, failure, destination } = await started(t, { onAuthentication: (is) => seen.push(is) }, 'ana:p%40ss@')
  cluster.credentials = 'ana:p@ss'
  await destination.deliver(batchOf('{}'), never)
  cluster.credentials = 'ana:other'
  const { code, left } = await failure(batchOf('{}'))
  assert.deepEqual([code, left?.length, seen], ['401', 1, [false, true]])
})

test('a percent sign in credentials that stands for nothing else is one', async (t) => {
  const { cluster, destination } = await started(t, {}, 'ana:100%@')
  cluster.credentials = 'ana:100%'
  await destination.deliver(batchOf('{}'), never)
})

test('a whole request that came to nothing leaves what was not indexed, and what was refused before it', async (t) => {
  const { cluster, failure } = await started(t)
  cluster.failing = 503
  assert.deepEqual((await failure(batchOf('{}', 'no'))).refused.length, 1)
  cluster.failing = undefined
  const batch = batchOf(...numbered(6000))
  cluster.refuses = ({ n }) => {
    if (n === 5000) cluster.lie = '{"items":[]}'
    return undefined
  }
  const lied = await failure(batch)
  assert.deepEqual([lied.code, lied.left?.length], ['OS.ServiceException', 1000])
  assert.match(lied.message, /had 1000 documents, and its answer has 0/)
})

test('an end that says anything but an answer, or breaks off, or is not there, is a failure that has a name', async (t) => {
  const { cluster, failure } = await started(t)
  cluster.lie = '<html>Welcome</html>'
  assert.equal((await failure(batchOf('{}'))).code, 'OS.ServiceException')
  cluster.lie = undefined
  cluster.breaking = (socket: Socket) => socket.resetAndDestroy()
  const reset = await failure(batchOf('{}'))
  assert.deepEqual([reset.code, reset.left?.length], ['OS.ConnectionReset', 1])
  const nowhere = new OutboundHttp({ clock: systemClock, rules: new AddressRules() })
  t.after(() => nowhere.close())
  const forbidden = new SearchEndpoint(nowhere, { url: cluster.url, codePrefix: 'ES' })
  await assert.rejects(forbidden.bulk([], never), { code: 'ES.AccessDenied' })
})
