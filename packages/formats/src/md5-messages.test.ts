import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { pieceBytes } from './md5-lanes.ts'
import { digestBytes, md5OfMessages } from './md5-messages.ts'

const noise = Uint8Array.from({ length: 500_000 }, (_, i) => (Math.imul(i, 0x9e3779b1) >>> 13) & 0xff)
const message = (length: number, seed: number) => noise.slice(seed, seed + length)

function assertDigests(messages: readonly Uint8Array[]): void {
  const digests = Buffer.from(md5OfMessages(messages))
  assert.equal(digests.length, digestBytes * messages.length)
  for (const [i, bytes] of messages.entries())
    assert.equal(
      digests.toString('hex', digestBytes * i, digestBytes * (i + 1)),
      createHash('md5').update(bytes).digest('hex'),
      `message ${i}, of ${bytes.length} bytes`,
    )
}

test('each message has its own digest, wherever it ends in a block and in what lanes take at once', () => {
  const ends = Array.from({ length: 130 }, (_, i) => i - 65)
  assertDigests(ends.map((end, i) => message(2 * pieceBytes + end, i)))
})

test('messages of lengths that lie far apart do not disturb each other', () => {
  const lengths = [
    0, 300_000, 1, 250_000, 55, 200_000, 56, 64, 190_000, 63, 150_000, 65, 20_000, 10_000, 9_000, 300_000,
  ]
  assertDigests(lengths.map(message))
  for (let count = 0; count <= lengths.length; count++) assertDigests(lengths.slice(0, count).map(message))
})

test('messages may lie anywhere in their memory', () => {
  const memory = message(400_003, 5)
  assertDigests(Array.from({ length: 9 }, (_, i) => memory.subarray(3 * i + 1, 100_000 + 5 * i)))
})
