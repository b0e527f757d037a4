import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { shortBytesMax } from './md5.ts'
import { laneCount, Md5Lanes } from './md5-lanes.ts'

test('each lane has the digest of its own text, at every length that fits one block', () => {
  const lanes = Md5Lanes.make()
  assert.ok(lanes, 'this processor has vectors')
  for (let length = 0; length <= shortBytesMax; length++) {
    lanes.begin()
    const texts = Array.from({ length: laneCount }, (_, lane) => Buffer.alloc(length, 0x80 + 17 * lane + length))
    for (const [lane, text] of texts.entries()) lanes.fillShort(lane, text, 0, text.length)
    lanes.run(1, laneCount)
    for (const [lane, text] of texts.entries())
      assert.equal(lanes.start(lane), createHash('md5').update(text).digest().readUInt32BE(0))
  }
})
