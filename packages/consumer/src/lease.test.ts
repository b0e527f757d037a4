import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareCheckpoints, latest, shardEnd, trimHorizon } from './checkpoint.ts'
import { itemOf, type Lease, leaseOf } from './lease.ts'

const text = fc.string({ minLength: 1 })
const place = fc.record({ sequenceNumber: text, subSequenceNumber: fc.nat() }, { noNullPrototype: true })
const leases: fc.Arbitrary<Lease> = fc.record(
  {
    leaseKey: text,
    leaseOwner: fc.option(text, { nil: undefined }),
    leaseCounter: fc.nat(),
    ownerSwitchesSinceCheckpoint: fc.nat(),
    checkpoint: place,
    pendingCheckpoint: fc.option(place, { nil: undefined }),
    pendingCheckpointState: fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
    parentShardIds: fc.uniqueArray(text),
    childShardIds: fc.uniqueArray(text),
    hashKeyRange: fc.option(fc.record({ start: text, end: text }, { noNullPrototype: true }), { nil: undefined }),
    throughputKBps: fc.option(
      fc.double({ min: 0, max: 1e6, noNaN: true }).map((n) => n + 0),
      { nil: undefined },
    ),
    checkpointOwner: fc.option(text, { nil: undefined }),
    other: fc.constant({ ofTheFuture: { S: 'x' } }),
  },
  { noNullPrototype: true },
)

test('a lease comes back from its row as it went in', () => {
  fc.assert(fc.property(leases, (lease) => assert.deepEqual(leaseOf(itemOf(lease)), lease)))
})

test('any row is read without an error', () => {
  const value = fc.oneof(
    fc.record({ S: fc.string() }),
    fc.record({ N: fc.string() }),
    fc.record({ SS: fc.array(fc.string()) }),
    fc.record({ B: fc.uint8Array() }),
    fc.record({ NULL: fc.constant(true as const) }),
  )
  const name = fc.constantFrom(...Object.keys(itemOf(fc.sample(leases, 1)[0]!)), 'entityType', 'streamName', 'x')
  fc.assert(
    fc.property(fc.dictionary(name, value), (item) => {
      leaseOf({ ...item, leaseKey: { S: 'shard' } } as never)
    }),
  )
})

test('a pending state that KCL wrote as a number is no state', () => {
  const row = {
    leaseKey: { S: 's' },
    leaseCounter: { N: '3' },
    checkpoint: { S: '7' },
    pendingCheckpointState: { N: '0' },
  }
  assert.equal(leaseOf(row)?.pendingCheckpointState, undefined)
  const state = Uint8Array.of(9)
  assert.equal(leaseOf({ ...row, pendingCheckpointState: { B: state } })?.pendingCheckpointState, state)
})

test('a row of the first KCL, with little in it, is a lease', () => {
  const lease = leaseOf({
    leaseKey: { S: 's' },
    checkpoint: { S: 'LATEST' },
    parentShardId: { S: 'p' },
    leaseCounter: { N: '1' },
  })
  assert.deepEqual([lease?.checkpoint, lease?.parentShardIds, lease?.ownerSwitchesSinceCheckpoint], [latest, ['p'], 0])
})

test('sequence numbers are compared as numbers, the words before and behind all of them', () => {
  const at = (sequenceNumber: string, subSequenceNumber = 0) => ({ sequenceNumber, subSequenceNumber })
  const order = [
    trimHorizon,
    at('9'),
    at('10'),
    at('10', 1),
    at('10', 12),
    at('49650000000000000000000000000000000000000000000000000002'),
    shardEnd,
  ]
  for (const [i, a] of order.entries())
    for (const [j, b] of order.entries()) assert.equal(Math.sign(compareCheckpoints(a, b)), Math.sign(i - j))
})
