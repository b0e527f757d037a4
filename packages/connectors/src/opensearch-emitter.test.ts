import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, never, recordOf } from './fixture.ts'
import { OpenSearchEmitter, type OpenSearchEmitterOptions, type SearchDocument } from './opensearch-emitter.ts'
import { OpenSearchStandIn } from './opensearch-stand-in-fixture.ts'

const emitterTo = (cluster: OpenSearchStandIn, more: Partial<OpenSearchEmitterOptions> = {}) =>
  new OpenSearchEmitter({ endpoint: `${cluster.url}/`, index: 'orders', ...more })
const documents = (...sources: object[]) => batchOf<SearchDocument>(sources.map((source) => ({ source })))

test('values become documents, named by their place in the stream unless they say otherwise', async () => {
  await using cluster = await OpenSearchStandIn.open()
  const emitter = emitterTo(cluster, { headers: { authorization: 'Basic abc' }, pipeline: 'geo' })
  const batch = batchOf<SearchDocument>([{ source: { n: 1 } }, { source: { n: 2 }, index: 'other', id: 'own' }])
  for (let times = 0; times < 2; times++) assert.deepEqual(await emitter.emit(batch, never), [])
  assert.deepEqual(
    [...cluster.documents],
    [
      [`orders/shardId-000000000000:${recordOf(0).sequenceNumber}.0`, { n: 1 }],
      ['other/own', { n: 2 }],
    ],
  )
  assert.equal(cluster.requests[0]?.url, '/_bulk?pipeline=geo')
  assert.equal(cluster.requests[0]?.headers.authorization, 'Basic abc')
})

test('two values of one record are two documents', async () => {
  await using cluster = await OpenSearchStandIn.open()
  const entries = [0, 1].map((ordinal) => ({ record: recordOf(0), value: { source: { ordinal } }, ordinal }))
  await emitterTo(cluster).emit({ shardId: 's', entries }, never)
  assert.equal(cluster.documents.size, 2)
})

test('documents that a busy node refuses may be tried again, those that make no sense may not', async () => {
  await using cluster = await OpenSearchStandIn.open()
  cluster.refuses = ({ n }) => {
    if (n === 1) return { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } }
    if (n === 2) return { status: 400, error: { type: 'mapper_parsing_exception', reason: 'failed to parse [n]' } }
    return undefined
  }
  const refusals = await emitterTo(cluster).emit(documents({ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }), never)
  assert.deepEqual(
    refusals.map(({ entry, error, mayRetry }) => [entry.record.partitionKey, error.message, mayRetry]),
    [
      ['key-1', 'es_rejected_execution_exception (429): queue is full', true],
      ['key-2', 'mapper_parsing_exception (400): failed to parse [n]', false],
    ],
  )
  assert.equal(cluster.documents.size, 2)
})

test('requests are as long as they may be, and halves where the cluster takes less', async () => {
  await using cluster = await OpenSearchStandIn.open()
  const sources = Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(100) }))
  assert.deepEqual(await emitterTo(cluster, { requestBytesMax: 5000 }).emit(documents(...sources), never), [])
  assert.equal(cluster.documents.size, 100)
  assert.ok(cluster.requests.length > 4 && cluster.requests.length < 10, `${cluster.requests.length} requests`)
  cluster.bodyBytesMax = 2000
  const refusals = await emitterTo(cluster).emit(documents(...sources, { text: 'x'.repeat(3000) }), never)
  assert.deepEqual(
    refusals.map(({ entry, mayRetry }) => [entry.record.partitionKey, mayRetry]),
    [['key-100', false]],
  )
})

test('a cluster that is not there, or answers with anything else, is an outage', async () => {
  await using cluster = await OpenSearchStandIn.open()
  cluster.failing = 503
  await assert.rejects(emitterTo(cluster).emit(documents({}), never), /answered with 503: /)
  const nowhere = new OpenSearchEmitter({ endpoint: 'http://127.0.0.1:1', index: 'x' })
  await assert.rejects(nowhere.emit(documents({}), never))
  const rubbish = emitterTo(cluster, { fetch: async () => new Response('{"items":[]}') })
  await assert.rejects(rubbish.emit(documents({}), never), /had 1 documents, and its answer has 0/)
})

test('a document that is no JSON is refused, and the others are indexed', async () => {
  await using cluster = await OpenSearchStandIn.open()
  const refusals = await emitterTo(cluster).emit(documents({ n: 1n }, { n: 2 }), never)
  assert.deepEqual(
    refusals.map(({ mayRetry }) => mayRetry),
    [false],
  )
  assert.equal(cluster.documents.size, 1)
})
