import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atTimestamp, type Checkpoint, latest, shardEnd, trimHorizon } from './checkpoint.ts'
import { type Lease, newLease } from './lease.ts'
import { isStillRead, missingLeases, removableLeases } from './lease-plan.ts'
import type { ListedShard } from './stream.ts'

/** `a>b,c` says that `a` was split into `b` and `c`; `b,c>d` that both were merged into `d`. */
function shardsOf(...lines: string[]): ListedShard[] {
  const parents = new Map<string, string[]>()
  for (const line of lines) {
    const [from = '', to = ''] = line.split('>')
    for (const shard of from.split(',')) parents.set(shard, parents.get(shard) ?? [])
    for (const shard of to.split(',').filter(Boolean)) parents.set(shard, from.split(','))
  }
  const closed = new Set([...parents.values()].flat())
  return [...parents].map(([shardId, parentShardIds]) => ({
    shardId,
    parentShardIds,
    hashKeyRange: undefined,
    isOpen: !closed.has(shardId),
  }))
}

const lease = (shardId: string, checkpoint: Checkpoint, parents: string[] = [], children: string[] = []): Lease => ({
  ...newLease(shardId, checkpoint, parents, undefined),
  childShardIds: children,
})
const at = (sequenceNumber: string): Checkpoint => ({ sequenceNumber, subSequenceNumber: 0 })
const planned = (leases: readonly Lease[]) =>
  leases.map(({ leaseKey, checkpoint }) => `${leaseKey} ${checkpoint.sequenceNumber}`).sort()

test('an application begins with the oldest shards, or at LATEST with the open ones', () => {
  const shards = shardsOf('a>b,c', 'c,d>e')
  assert.deepEqual(planned(missingLeases(shards, [], trimHorizon)), ['a TRIM_HORIZON', 'd TRIM_HORIZON'])
  assert.deepEqual(planned(missingLeases(shards, [], atTimestamp)), ['a AT_TIMESTAMP', 'd AT_TIMESTAMP'])
  assert.deepEqual(planned(missingLeases(shards, [], latest)), ['b LATEST', 'e LATEST'])
})

test('a shard whose ancestor is still read is not missing', () => {
  assert.deepEqual(missingLeases(shardsOf('a>b,c', 'c>d,e'), [lease('a', at('5'))], trimHorizon), [])
})

test('what was begun by a worker that died half-way is completed', () => {
  assert.deepEqual(planned(missingLeases(shardsOf('a', 'b', 'c'), [lease('b', at('5'))], trimHorizon)), [
    'a TRIM_HORIZON',
    'c TRIM_HORIZON',
  ])
})

test('the child of finished parents is read from its beginning, at LATEST too', () => {
  for (const start of [trimHorizon, latest])
    assert.deepEqual(
      planned(missingLeases(shardsOf('a>b,c'), [lease('a', shardEnd), lease('b', at('7'), ['a'])], start)),
      ['c TRIM_HORIZON'],
    )
})

test('the child of two waits for both', () => {
  const shards = shardsOf('a,b>c')
  assert.deepEqual(missingLeases(shards, [lease('a', shardEnd), lease('b', at('1'))], trimHorizon), [])
  assert.deepEqual(planned(missingLeases(shards, [lease('a', shardEnd), lease('b', shardEnd)], trimHorizon)), [
    'c TRIM_HORIZON',
  ])
})

test('a parent that was read is not read again for a child whose row is gone', () => {
  const leases = [lease('c', at('7'), ['a'])]
  assert.deepEqual(planned(missingLeases(shardsOf('a>b,c'), leases, trimHorizon)), ['b TRIM_HORIZON'])
})

test('a shard that has no lease yet may still get one from its parents', () => {
  const shards = shardsOf('a,b>c', 'c,d>e')
  const leases = [lease('a', shardEnd), lease('b', at('3')), lease('d', shardEnd), lease('e', trimHorizon, ['c', 'd'])]
  assert.deepEqual(
    [isStillRead('c', shards, leases), isStillRead('d', shards, leases), isStillRead('x', shards, leases)],
    [true, false, false],
  )
})

test('a finished lease is removed when its children have begun, parents before children', () => {
  const shards = shardsOf('a>b,c', 'b>d,e')
  const leases = [
    lease('b', shardEnd, ['a'], ['d', 'e']),
    lease('a', shardEnd, [], ['b', 'c']),
    lease('c', at('3'), ['a']),
    lease('d', at('4'), ['b']),
    lease('e', at('5'), ['b']),
  ]
  assert.deepEqual(removableLeases(shards, leases), ['a', 'b'])
  const waiting = leases.map((one) => (one.leaseKey === 'c' ? lease('c', trimHorizon, ['a']) : one))
  assert.deepEqual(removableLeases(shards, waiting), [])
})

test('a finished lease of a shard that is past its retention is removed, one that is not finished stays', () => {
  assert.deepEqual(removableLeases(shardsOf('z'), [lease('a', shardEnd), lease('b', at('2'))]), ['a'])
})
