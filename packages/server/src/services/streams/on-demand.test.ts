import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { awsLimits, liftedLimits } from './limits.ts'
import { OnDemandCapacity } from './on-demand.ts'
import { startOnDemandScaling } from './on-demand-scaling.ts'
import { reshardingFixture } from './resharding-fixture.ts'
import { uniformRanges } from './shard-map.ts'
import { changed, type Stream } from './stream.ts'
import { activeStream } from './stream-fixture.ts'

const mebibyte = 1024 * 1024
const minuteMs = 60_000
const hourMs = 3_600_000

const streamWith = (shardCount: number, change: Partial<Stream> = {}): Stream =>
  activeStream(shardCount, { mode: 'ON_DEMAND', ...change })

/** The capacity of one stream on a clock that goes on as records are offered. */
function capacityFixture(stream = streamWith(4), limits = awsLimits) {
  let nowMs = 0
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {}, after: () => () => {} }
  const onDemand = new OnDemandCapacity(clock, limits)
  /** Offers so much in records of a quarter second; how much of it was taken, in MiB each second. */
  function drive(mebibytesPerSecond: number, seconds: number): number {
    let taken = 0
    for (let i = 0; i < seconds * 4; i++, nowMs += 250) {
      const shard = stream.shardMap.openShards[i % stream.shardMap.openShards.length]!
      if (onDemand.admitRecord(stream, shard, (mebibytesPerSecond / 4) * mebibyte)) taken += mebibytesPerSecond / 4
    }
    return taken / seconds
  }
  return {
    onDemand,
    drive,
    pass: (ms: number) => {
      nowMs += ms
    },
    capacity: () => onDemand.bytesPerSecond(stream) / mebibyte,
  }
}

test('a new on-demand stream takes 4 MiB each second and no more', () => {
  const { capacity, drive } = capacityFixture()
  assert.equal(capacity(), 4)
  assert.equal(drive(4, 60), 4)
  const taken = drive(12, 60)
  assert(taken > 3.9 && taken < 4.3, `took ${taken} MiB/s of 12`)
})

test('a stream that is not on demand is not held to any capacity', () => {
  assert.equal(capacityFixture(streamWith(4, { mode: 'PROVISIONED' })).drive(100, 5), 100)
})

test('without limits an on-demand stream takes everything', () => {
  assert.equal(capacityFixture(streamWith(4), liftedLimits).drive(1000, 5), 1000)
})

test('traffic may double, but not within 15 minutes', () => {
  const { capacity, drive, pass } = capacityFixture()
  drive(4, 10 * 60)
  assert.equal(capacity(), 4)
  const early = drive(8, 60)
  assert(early < 4.3, `took ${early} MiB/s too early`)
  pass(15 * minuteMs)
  assert(capacity() >= 8 && capacity() < 8.5, `${capacity()}`)
  assert.equal(drive(8, 20 * 60), 8)
  assert(capacity() >= 16 && capacity() < 17, `${capacity()}`)
})

test('the capacity follows the peak of the last 30 days, and then forgets it', () => {
  const { capacity, drive, pass } = capacityFixture()
  drive(4, 20 * 60)
  drive(8, 20 * 60)
  pass(hourMs)
  const grown = capacity()
  assert(grown >= 16)
  for (let day = 0; day < 29; day++) {
    pass(24 * hourMs - 1000)
    drive(1, 1)
    assert.equal(capacity(), grown, `day ${day}`)
  }
  pass(26 * hourMs)
  assert.equal(capacity(), 4)
})

test('a stream that nobody uses for months keeps nothing and needs no timer', () => {
  const { capacity, drive, pass } = capacityFixture()
  drive(4, 120)
  pass(90 * 24 * hourMs)
  assert.equal(capacity(), 4)
})

test('warm throughput is taken at once', () => {
  const { capacity, drive } = capacityFixture(streamWith(4, { warmThroughputMiBps: 100 }))
  assert.equal(capacity(), 100)
  assert.equal(drive(100, 10), 100)
})

test('after a restart, and for 30 days, the capacity is that of the shards', () => {
  const { capacity, drive, pass } = capacityFixture(streamWith(12))
  assert.equal(capacity(), 12)
  assert.equal(drive(12, 30), 12)
  pass(29 * 24 * hourMs)
  assert.equal(capacity(), 12)
  pass(2 * 24 * hourMs)
  assert.equal(capacity(), 4)
})

test('a record larger than what is left is taken whole, and paid for before the next', () => {
  const { onDemand, pass } = capacityFixture()
  const stream = streamWith(4)
  const shard = stream.shards[0]!
  assert.equal(onDemand.admitRecord(stream, shard, 10 * mebibyte), true)
  assert.equal(onDemand.admitRecord(stream, shard, 1), false)
  pass(1600)
  assert.equal(onDemand.admitRecord(stream, shard, 1), true)
})

/** An on-demand stream with all that gives it shards; each shard is offered one record a minute. */
async function scalingFixture(change: Partial<Stream> = {}, shardCount = 4) {
  const fixture = await reshardingFixture({ shardCount, limits: awsLimits })
  const { clock, context, current } = fixture
  await context.streams.update('s', (stream) => changed(stream, { mode: 'ON_DEMAND', ...change }))
  await clock.advance(0)
  async function drive(bytesPerSecond: (shardIndex: number) => number, minutes: number) {
    for (let minute = 0; minute < minutes; minute++) {
      const { openShards } = current().shardMap
      for (const shard of openShards) {
        context.onDemand.admitRecord(current(), shard, bytesPerSecond(shard.index) * 60)
        await clock.advance(minuteMs / openShards.length) // time to pay for the record
      }
    }
  }
  return { ...fixture, drive, openCount: () => current().shardMap.openShards.length }
}

test('shards above half of what a shard takes are split within 15 minutes, one after the other', async () => {
  const { current, drive, openCount } = await scalingFixture()
  await drive(() => 600_000, 14)
  assert.equal(openCount(), 4)
  await drive(() => 600_000, 3)
  assert.equal(openCount(), 8)
  assert.equal(current().status, 'ACTIVE')
  assert.deepEqual(
    current().shardMap.openShards.map(({ startingHashKey, endingHashKey }) => ({ startingHashKey, endingHashKey })),
    uniformRanges(8),
  )
  await drive(() => 300_000, 40)
  assert.equal(openCount(), 8)
})

test('shards below that are left alone', async () => {
  const { drive, openCount } = await scalingFixture()
  await drive(() => 450_000, 60)
  assert.equal(openCount(), 4)
})

test('one hot partition key does not split its shard for ever', async () => {
  const { drive, openCount, current } = await scalingFixture()
  const hottest = () => Math.max(...current().shards.map(({ index }) => index))
  await drive((index) => (index === hottest() ? 900_000 : 0), 600)
  assert(openCount() > 4 && openCount() <= 8, `${openCount()}`)
})

test('warm throughput brings the shards that it needs', async () => {
  const { clock, openCount, current } = await scalingFixture({ warmThroughputMiBps: 10 })
  await clock.advance(1000)
  assert.equal(openCount(), 10)
  assert.equal(current().status, 'ACTIVE')
})

test('scaling takes up at the start what a stream lacks, and stops when told', async () => {
  const { context, current, openCount, clock } = await scalingFixture()
  const ended = startOnDemandScaling(context)
  ended()
  await context.streams.update('s', (stream) => changed(stream, { status: 'UPDATING', warmThroughputMiBps: 6 }))
  assert.equal(openCount(), 4)
  await context.streams.update('s', (stream) => changed(stream, { status: 'ACTIVE' }))
  await clock.advance(1000)
  assert.equal(openCount(), 6)
  assert.equal(current().status, 'ACTIVE')
})

test('a stream that is gone is forgotten', () => {
  const clock = new ManualClock()
  const onDemand = new OnDemandCapacity(clock, awsLimits)
  const stream = streamWith(4)
  assert.equal(onDemand.admitRecord(stream, stream.shards[0]!, 100 * mebibyte), true)
  assert.equal(onDemand.admitRecord(stream, stream.shards[0]!, 1), false)
  onDemand.forget(stream)
  assert.equal(onDemand.admitRecord(stream, stream.shards[0]!, 1), true)
})
