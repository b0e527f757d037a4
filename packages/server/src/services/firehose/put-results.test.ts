import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from '../../core/aws-error.ts'
import { withObjects } from '../../core/rows-fixture.ts'
import { type DeliveryStream, recordIdOf } from './delivery-stream.ts'
import { PutResults } from './put-results.ts'

const stream = { name: 'd', createdMs: 1_767_225_600_000 } as DeliveryStream
const written = (results: PutResults) => (withObjects({ results }) as { results: object[] }).results

test('each record has the id of its offset, also where digits carry', () => {
  for (const firstOffset of [0, 8, 99_998, Number.MAX_SAFE_INTEGER - 3])
    assert.deepEqual(
      written(new PutResults(stream, 3, firstOffset)),
      [0, 1, 2].map((i) => ({ RecordId: recordIdOf(stream, firstOffset + i) })),
    )
})

test('a record that came too fast has an error in its place, and those that were taken have ids without a gap', () => {
  const results = new PutResults(stream, 4, 9, Uint8Array.of(1, 0, 1, 0))
  const error = { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' }
  assert.deepEqual(written(results), [
    error,
    { RecordId: recordIdOf(stream, 9) },
    error,
    { RecordId: recordIdOf(stream, 10) },
  ])
  assert.equal(results.refusedCount, 2)
})

test('of a put of one there is the id, or the error', () => {
  assert.equal(new PutResults(stream, 1, 7).only(), recordIdOf(stream, 7))
  const refused = new PutResults(stream, 1, 0, Uint8Array.of(1))
  assert.throws(
    () => refused.only(),
    (error) => error instanceof AwsError && error.code === 'ServiceUnavailableException',
  )
})
