import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { awsLimits, liftedLimits } from './limits.ts'
import { ShardThroughput } from './shard-throughput.ts'
import type { Shard, Stream } from './stream.ts'

const stream = { id: 's' } as Stream
const shard = (index = 0) => ({ index }) as Shard
const mebibyte = 1024 * 1024

test('each shard takes 1 MiB and 1,000 records a second, for itself', () => {
  const throughput = new ShardThroughput(new ManualClock(), awsLimits)
  assert.equal(throughput.admitRecord(stream, shard(0), mebibyte), true)
  assert.equal(throughput.admitRecord(stream, shard(0), 1), false)
  for (let i = 0; i < 1000; i++) assert.equal(throughput.admitRecord(stream, shard(1), 1), true)
  assert.equal(throughput.admitRecord(stream, shard(1), 1), false)
})

test('a shard’s very first record may have 1 MiB, though its call began a moment before', async () => {
  const clock = new ManualClock()
  const throughput = new ShardThroughput(clock, awsLimits)
  const calledAtMs = clock.monotonicMs()
  await clock.advance(1)
  assert.equal(throughput.admitRecord(stream, shard(), mebibyte, calledAtMs), true)
  await clock.advance(999)
  assert.equal(throughput.admitRecord(stream, shard(), mebibyte), false)
})

test('a refused record costs nothing', async () => {
  const clock = new ManualClock()
  const throughput = new ShardThroughput(clock, awsLimits)
  throughput.admitRecord(stream, shard(), mebibyte / 2)
  for (let i = 0; i < 2000; i++) assert.equal(throughput.admitRecord(stream, shard(), mebibyte), false)
  assert.equal(throughput.admitRecord(stream, shard(), mebibyte / 2), true)
})

test('a record of 10 MiB is taken at once and paid for in ten seconds', async () => {
  const clock = new ManualClock()
  const throughput = new ShardThroughput(clock, awsLimits)
  assert.equal(throughput.admitRecord(stream, shard(), 10 * mebibyte), true)
  await clock.advance(9000)
  assert.equal(throughput.admitRecord(stream, shard(), 1), false)
  await clock.advance(1000)
  assert.equal(throughput.admitRecord(stream, shard(), 1), true)
})

test('reads at the same time cannot get more than the shard gives: the later ones are paid by a pause', async () => {
  const clock = new ManualClock()
  const throughput = new ShardThroughput(clock, awsLimits)
  for (let i = 0; i < 3; i++) assert.equal(throughput.admitRead(stream, shard()), true)
  for (let i = 0; i < 3; i++) throughput.chargeRead(stream, shard(), 2 * mebibyte)
  await clock.advance(1900)
  assert.equal(throughput.admitRead(stream, shard()), false)
  await clock.advance(200)
  assert.equal(throughput.admitRead(stream, shard()), true)
})

test('meters of shards at rest are dropped, those in debt are not forgotten', async () => {
  const clock = new ManualClock()
  const throughput = new ShardThroughput(clock, awsLimits)
  for (let i = 0; i < 4096; i++) throughput.admitRecord(stream, shard(i), 1)
  await clock.advance(20_000)
  throughput.admitRecord(stream, shard(1), 10 * mebibyte)
  for (let i = 0; i < 5000; i++) throughput.admitRecord({ id: `t${i}` } as Stream, shard(), 1)
  assert.equal(throughput.admitRecord(stream, shard(1), 1), false)
  throughput.forget(stream)
  assert.equal(throughput.admitRecord(stream, shard(1), 1), true)
})

test('lifted limits let everything through', () => {
  const throughput = new ShardThroughput(new ManualClock(), liftedLimits)
  for (let i = 0; i < 100; i++) {
    assert.equal(throughput.admitRecord(stream, shard(), 10 * mebibyte), true)
    throughput.chargeRead(stream, shard(), 10 * mebibyte)
    assert.equal(throughput.admitRead(stream, shard()), true)
  }
})

test('one limit may be lifted and the others kept', () => {
  const limits = {
    ...awsLimits,
    shardBytesInPerSecond: Number.POSITIVE_INFINITY,
    shardBytesOutPerSecond: Number.POSITIVE_INFINITY,
  }
  const throughput = new ShardThroughput(new ManualClock(), limits)
  for (let i = 0; i < 1000; i++) assert.equal(throughput.admitRecord(stream, shard(), 10 * mebibyte), true)
  assert.equal(throughput.admitRecord(stream, shard(), 1), false)
  for (let i = 0; i < 5; i++) {
    assert.equal(throughput.admitRead(stream, shard()), true)
    throughput.chargeRead(stream, shard(), 10 * mebibyte)
  }
  assert.equal(throughput.admitRead(stream, shard()), false)
})
