import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOutcome, windowStateOf } from './function-answer.ts'

const numbers = ['10', '11', '12']
const item = (itemIdentifier: unknown) => ({ itemIdentifier })

/* AWS's lists of what is a success and what is a failure of the whole batch. */
const cases: [unknown, object][] = [
  [null, { kind: 'success' }],
  [{}, { kind: 'success' }],
  ['text', { kind: 'success' }],
  [{ batchItemFailures: null }, { kind: 'success' }],
  [{ batchItemFailures: [] }, { kind: 'success' }],
  [{ batchItemFailures: [item('11')] }, { kind: 'failedFrom', index: 1 }],
  [{ batchItemFailures: [item('12'), item('11')] }, { kind: 'failedFrom', index: 1 }],
  [{ batchItemFailures: [item('10')] }, { kind: 'failedFrom', index: 0 }],
  [{ batchItemFailures: [item('')] }, { kind: 'failure' }],
  [{ batchItemFailures: [item(null)] }, { kind: 'failure' }],
  [{ batchItemFailures: [item('99')] }, { kind: 'failure' }],
  [{ batchItemFailures: [{ itemId: '11' }] }, { kind: 'failure' }],
  [{ batchItemFailures: ['11'] }, { kind: 'failure' }],
  [{ batchItemFailures: 'all' }, { kind: 'failure' }],
]
for (const [answer, outcome] of cases)
  test(`${JSON.stringify(answer)} is ${JSON.stringify(outcome)}`, () => {
    assert.deepEqual(batchOutcome(answer, numbers), outcome)
  })

test('the state of a window is what the answer says, and empty without one', () => {
  const answers = [{ state: { a: 1 } }, { state: null }, {}, null, 'x']
  assert.deepEqual(answers.map(windowStateOf), ['{"a":1}', '{}', '{}', '{}', '{}'])
})
