import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lane } from './lane.ts'

const record = (sequenceNumber: string) => ({
  sequenceNumber,
  offset: 0,
  partitionKey: 'a',
  data: new Uint8Array(),
  arrivedAtMs: 0,
})

test('a lane is busy from the moment its last records are taken, not only once they are delivered', () => {
  const lane = new Lane('0')
  lane.add(record('1'), 10, 0)
  assert.equal(lane.isBusy, false)
  assert.equal(lane.take(10, 1000, () => true).length, 1)
  assert.equal(lane.count, 0)
  assert.equal(lane.isBusy, true)
})
