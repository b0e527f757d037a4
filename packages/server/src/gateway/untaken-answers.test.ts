import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { HttpResponse } from './listener.ts'
import { takeTimeoutMs, UntakenAnswers } from './untaken-answers.ts'

function fixture(bytesMax: number) {
  const clock = new ManualClock()
  const untaken = new UntakenAnswers(bytesMax, clock)
  const gone: string[] = []
  const answer = (name: string, sizeBytes: number) => {
    const response = Object.assign(new EventEmitter(), { req: { socket: { destroy: () => gone.push(name) } } })
    untaken.add(response as unknown as HttpResponse, sizeBytes)
    return response
  }
  return { clock, gone, answer }
}

test('above the bound whoever has left an answer lying longest is let go of, and nobody else', () => {
  const { gone, answer } = fixture(100)
  answer('first', 60)
  const second = answer('second', 30)
  second.emit('close')
  answer('third', 40)
  assert.deepEqual(gone, [])
  answer('fourth', 1)
  assert.deepEqual(gone, ['first'])
  answer('larger than all', 500)
  assert.deepEqual(gone, ['first', 'third', 'fourth'])
})

test('an answer that is not taken in time is not kept', async () => {
  const { clock, gone, answer } = fixture(1000)
  answer('slow', 10)
  await clock.advance(takeTimeoutMs / 2)
  answer('later', 10)
  await clock.advance(takeTimeoutMs / 2 + 10_001)
  assert.deepEqual(gone, ['slow'])
})
