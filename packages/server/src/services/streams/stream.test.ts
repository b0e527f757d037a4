import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniformRanges } from './shard-map.ts'
import {
  changed,
  decodeStream,
  encodeStream,
  isExpired,
  isOpen,
  makeStream,
  type PendingWork,
  shardIdOf,
} from './stream.ts'

const stream = makeStream({
  id: 'an-id',
  name: 's',
  createdAtMs: 1000,
  status: 'UPDATING',
  mode: 'ON_DEMAND',
  shards: [
    ...uniformRanges(3).map((range, index) => ({ index, ...range, createdAtMs: 1000 })),
    { index: 3, startingHashKey: 5n, endingHashKey: 8n, createdAtMs: 1, parentIndex: 0, closedAtMs: 10_000 },
  ],
  retentionHours: 25,
  tags: new Map([
    ['__proto__', 'harmless'],
    ['team', ''],
  ]),
  shardLevelMetrics: ['IncomingBytes'],
  maxRecordSizeKiB: 2048,
  warmThroughputMiBps: 7,
  distributionStrategy: 'AUTO',
  countUpdatesMs: [5],
  modeUpdatesMs: [6, 7],
})

const pendings: PendingWork[] = [
  { kind: 'create', dueAtMs: 1 },
  { kind: 'split', dueAtMs: 2, shardIndex: 1, newStartingHashKey: 2n ** 127n + 1n },
  { kind: 'merge', dueAtMs: 3, shardIndex: 1, adjacentIndex: 2 },
  { kind: 'scale', dueAtMs: 4, targetShardCount: 6 },
]

test('a stream comes back from the catalog as it was put there', () => {
  for (const pending of [undefined, ...pendings]) {
    const put = pending ? changed(stream, { pending }) : stream
    const stored = JSON.parse(JSON.stringify(encodeStream(put)))
    const { pending: back, ...rest } = decodeStream(stored)
    const { pending: _, ...expected } = put
    assert.deepEqual(rest, expected)
    assert.deepEqual(back, pending)
  }
})

test('a change makes a new stream, with its own map of the shards', () => {
  const shards = stream.shards.filter(({ index }) => index < 3).map((shard) => ({ ...shard, closedAtMs: 1 }))
  const next = changed(stream, { shards: [...shards, { index: 4, ...uniformRanges(1)[0]!, createdAtMs: 2 }] })
  assert.equal(stream.shardMap.shardFor(0n).index, 0)
  assert.equal(next.shardMap.shardFor(0n).index, 4)
})

test('a closed shard is expired when the retention has passed since, an open one never', () => {
  const [open, , , closed] = stream.shards
  assert.deepEqual([isOpen(open!), isOpen(closed!)], [true, false])
  const dueMs = 10_000 + 25 * 3_600_000
  assert.equal(isExpired(stream, closed!, dueMs - 1), false)
  assert.equal(isExpired(stream, closed!, dueMs), true)
  assert.equal(isExpired(stream, open!, Number.MAX_SAFE_INTEGER), false)
})

test('shard ids have twelve digits', () => {
  assert.equal(shardIdOf(0), 'shardId-000000000000')
  assert.equal(shardIdOf(2 ** 31 - 1), 'shardId-002147483647')
})
