import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '@millrace/ports'
import { shardEnd, trimHorizon } from './checkpoint.ts'
import { type Lease, newLease } from './lease.ts'
import { chooseForgotten, chooseLeases, LeaseView } from './lease-taking.ts'

const failoverTimeMs = 10_000
const rules = { workerId: 'me', failoverTimeMs, leasesMax: Number.POSITIVE_INFINITY, stealMax: 1, random: systemRandom }
const owned = (shard: string, leaseOwner: string | undefined, leaseCounter = 1): Lease => ({
  ...newLease(shard, trimHorizon, [], undefined),
  leaseOwner,
  leaseCounter,
})
const keys = (leases: readonly Lease[]) => leases.map(({ leaseKey }) => leaseKey).sort()

function viewOf(...scans: [nowMs: number, leases: Lease[]][]) {
  const view = new LeaseView(failoverTimeMs)
  for (const [nowMs, leases] of scans) view.update(leases, nowMs)
  return view.all()
}

test('free leases are taken up to the share', () => {
  const seen = viewOf([0, [owned('a', undefined), owned('b', undefined), owned('c', undefined), owned('d', 'other')]])
  const { take, steal, counts } = chooseLeases(seen, { ...rules, nowMs: 0 })
  assert.equal(take.length, 2)
  assert.deepEqual([steal, counts.workers, counts.total, counts.needed], [[], 2, 4, 2])
})

test('a lease is expired when its counter has stood still for the failover time by the own clock, not before', () => {
  const leases = [owned('a', 'other')]
  const scans: [number, Lease[]][] = [
    [0, leases],
    [5000, leases],
    [10_000, leases],
  ]
  assert.deepEqual(chooseLeases(viewOf(...scans), { ...rules, nowMs: 10_000 }).take, [])
  assert.deepEqual(keys(chooseLeases(viewOf(...scans), { ...rules, nowMs: 10_001 }).take), ['a'])
  assert.deepEqual(
    chooseLeases(viewOf(...scans, [10_001, [owned('a', 'other', 2)]]), { ...rules, nowMs: 10_002 }).take,
    [],
  )
})

test('after it could not look for a failover time, a worker takes nobody for dead', () => {
  const leases = [owned('a', 'other')]
  assert.deepEqual(chooseLeases(viewOf([0, leases], [60_000, leases]), { ...rules, nowMs: 60_000 }).take, [])
})

test('one is stolen from the worker with the most, when nothing is free', () => {
  const seen = viewOf([0, [owned('a', 'x'), owned('b', 'x'), owned('c', 'x'), owned('d', 'y'), owned('e', 'y')]])
  const { take, steal } = chooseLeases(seen, { ...rules, nowMs: 0 })
  assert.deepEqual([take.length, steal.length, steal[0]?.leaseOwner], [0, 1, 'x'])
})

test('nothing is stolen where it would only turn the difference round', () => {
  const even = viewOf([0, [owned('a', 'me'), owned('b', 'x'), owned('c', 'x')]])
  assert.deepEqual(chooseLeases(even, { ...rules, nowMs: 0 }).steal, [])
  const alone = viewOf([0, [owned('a', 'x')]])
  assert.deepEqual(chooseLeases(alone, { ...rules, nowMs: 0 }).steal, [])
})

test('finished leases count for nobody', () => {
  const finished = ['a', 'b', 'c'].map((shard) => ({ ...owned(shard, 'x'), checkpoint: shardEnd }))
  const { take, steal, counts } = chooseLeases(viewOf([0, [...finished, owned('d', 'x')]]), { ...rules, nowMs: 0 })
  assert.deepEqual([take, steal, counts.total], [[], [], 1])
})

test('what has been expired for three failover times is taken whatever the share, up to the most', () => {
  const leases = [...Array.from({ length: 4 }, (_, i) => owned(`m${i}`, 'me')), owned('a', 'dead'), owned('b', 'dead')]
  const scans: [number, Lease[]][] = []
  for (let at = 0; at <= 31_000; at += 5000)
    scans.push([at, leases.map((lease) => (lease.leaseOwner === 'me' ? { ...lease, leaseCounter: at } : lease))])
  const seen = viewOf(...scans)
  assert.deepEqual(keys(chooseLeases(seen, { ...rules, nowMs: 30_001 }).take), ['a', 'b'])
  assert.equal(chooseLeases(seen, { ...rules, nowMs: 30_001, leasesMax: 5 }).take.length, 1)
})

test('a worker takes no more than its most', () => {
  const seen = viewOf([0, ['a', 'b', 'c'].map((shard) => owned(shard, undefined))])
  const { take, counts } = chooseLeases(seen, { ...rules, nowMs: 0, leasesMax: 2 })
  assert.deepEqual([take.length, counts.spillover], [2, 1])
})

test('beside a leader only what he forgot for six failover times is taken', () => {
  const leases = [owned('a', undefined), owned('b', 'dead')]
  const scans: [number, Lease[]][] = []
  for (let at = 0; at <= 60_000; at += 5000) scans.push([at, leases])
  assert.deepEqual(chooseForgotten(viewOf(...scans), { ...rules, nowMs: 60_000 }).take, [])
  assert.deepEqual(keys(chooseForgotten(viewOf(...scans), { ...rules, nowMs: 60_001 }).take), ['a', 'b'])
})
