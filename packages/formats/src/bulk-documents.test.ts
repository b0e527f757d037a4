import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bulkAction, bulkResults } from './bulk-documents.ts'

test('an action says where a document goes, and no more than it was told', () => {
  assert.equal(bulkAction({ index: 'a' }), '{"index":{"_index":"a"}}')
  assert.equal(bulkAction({ index: 'a', id: '1', type: 't' }), '{"index":{"_index":"a","_type":"t","_id":"1"}}')
  assert.equal(bulkAction({ index: 'a', id: undefined, type: '' }), '{"index":{"_index":"a"}}')
})

test('each document has its own result, whatever the action was and however old the cluster is', () => {
  const items = [
    { index: { status: 201 } },
    { create: { status: 400, error: { type: 'mapper_parsing_exception', reason: 'failed' } } },
    { index: { status: 503, error: 'UnavailableShardsException' } },
  ]
  assert.deepEqual(bulkResults(JSON.stringify({ took: 1, errors: true, items }), 3), [
    { status: 201, error: undefined },
    { status: 400, error: { type: 'mapper_parsing_exception', reason: 'failed' } },
    { status: 503, error: { reason: 'UnavailableShardsException' } },
  ])
})

test('an answer that is not one to this request is an error, not a success', () => {
  const answers = ['', '<html>', 'null', '{}', '{"items":{}}', '{"items":[]}', '{"items":[{}]}', '{"items":[null]}']
  for (const answer of [...answers, '{"items":[{"index":{"status":"201"}}]}'])
    assert.throws(() => bulkResults(answer, 1), Error, answer)
})
