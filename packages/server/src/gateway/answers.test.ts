import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, systemRandom } from '@millrace/ports'
import { Answers } from './answers.ts'
import { UntakenAnswers } from './untaken-answers.ts'

test('no two answers have the same second id, and each is 72 bytes', () => {
  const silent = { log: () => {} }
  const answers = new Answers(systemRandom, silent, new UntakenAnswers(1, new ManualClock()), AbortSignal.any([]))
  const ids = Array.from({ length: 200 }, () => answers.identity('a request')['x-amz-id-2']!)
  assert.equal(new Set(ids).size, 200)
  for (const id of ids) assert.match(id, /^[A-Za-z0-9+/]{96}$/)
})
