import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyMax, hashKeyOf } from '@millrace/formats'
import fc from 'fast-check'
import { RecordBatch } from '../../core/record-batch.ts'
import { ShardMap, uniformRanges } from './shard-map.ts'
import type { Shard } from './stream.ts'

const shardsOf = (count: number): Shard[] =>
  uniformRanges(count).map((range, index) => ({ index, ...range, createdAtMs: 0 }))

const batchOf = (keys: readonly string[]) =>
  RecordBatch.of(keys.map((PartitionKey) => ({ PartitionKey, Data: Buffer.from('data') })))

const shardForKey = (map: ShardMap, key: string): Shard => map.openShards[map.placesForKeys(batchOf([key]))[0]!]!

test('uniform ranges are floor(2^128 / n) wide, and the last takes the rest', () => {
  assert.deepEqual(uniformRanges(1), [{ startingHashKey: 0n, endingHashKey: hashKeyMax }])
  const [first, second, third] = uniformRanges(3)
  assert.equal(first!.endingHashKey, 113427455640312821154458202477256070484n)
  assert.equal(second!.startingHashKey, 113427455640312821154458202477256070485n)
  assert.equal(third!.startingHashKey, 226854911280625642308916404954512140970n)
  assert.equal(third!.endingHashKey, hashKeyMax)
})

test('every hash key has exactly the shard whose range holds it', () => {
  const key = fc.bigInt(0n, hashKeyMax)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), key, (count, hashKey) => {
      const { startingHashKey, endingHashKey } = new ShardMap(shardsOf(count)).shardFor(hashKey)
      assert(startingHashKey <= hashKey && hashKey <= endingHashKey)
    }),
  )
})

test('the first and last hash key of each shard belong to it', () => {
  const map = new ShardMap(shardsOf(7).reverse())
  for (const shard of map.openShards) {
    assert.equal(map.shardFor(shard.startingHashKey), shard)
    assert.equal(map.shardFor(shard.endingHashKey), shard)
  }
})

test('a partition key goes to the shard of its hash key, also where that is a boundary', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.string({ minLength: 1, maxLength: 70 }), (count, text) => {
      const hashKey = hashKeyOf(text)
      const even = new ShardMap(shardsOf(count))
      assert.equal(shardForKey(even, text), even.shardFor(hashKey))
      for (const boundary of [hashKey, hashKey + 1n]) {
        const below = { index: 0, startingHashKey: 0n, endingHashKey: boundary - 1n, createdAtMs: 0 }
        const above = { index: 1, startingHashKey: boundary, endingHashKey: hashKeyMax, createdAtMs: 0 }
        assert.equal(shardForKey(new ShardMap([below, above]), text), boundary === hashKey ? above : below)
      }
    }),
  )
})

test('a partition key goes to the shard of its hash key, however uneven the ranges are', () => {
  const boundaries = fc.uniqueArray(fc.bigInt(1n, hashKeyMax), { maxLength: 40 })
  fc.assert(
    fc.property(boundaries, fc.string({ minLength: 1, maxLength: 20 }), (inner, text) => {
      const starts = [0n, ...inner.sort((a, b) => (a < b ? -1 : 1))]
      const shards = starts.map((startingHashKey, index) => {
        const endingHashKey = (starts[index + 1] ?? hashKeyMax + 1n) - 1n
        return { index, startingHashKey, endingHashKey, createdAtMs: 0 }
      })
      const map = new ShardMap(shards)
      assert.equal(shardForKey(map, text), map.shardFor(hashKeyOf(text)))
    }),
  )
})

test('the keys of a put go where each goes alone', () => {
  const keys = fc.array(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), keys, (count, texts) => {
      const map = new ShardMap(shardsOf(count))
      const places = map.placesForKeys(batchOf(texts))
      for (const [i, text] of texts.entries()) assert.equal(places[i], map.placeFor(hashKeyOf(text)))
    }),
  )
})

test('closed shards take nothing', () => {
  const closed = { index: 9, startingHashKey: 0n, endingHashKey: hashKeyMax, createdAtMs: 0, closedAtMs: 1 }
  const map = new ShardMap([closed, ...shardsOf(2)])
  assert.deepEqual(
    map.openShards.map(({ index }) => index),
    [0, 1],
  )
  assert.equal(map.shardFor(0n).index, 0)
})

test('a hole, an overlap, or a missing end is not taken for a stream', () => {
  const [first, second, third] = shardsOf(3) as [Shard, Shard, Shard]
  for (const shards of [
    [first, third],
    [first, second],
    [second, third],
    [first, first, second, third],
    [first, { ...second, startingHashKey: second.startingHashKey + 1n }, third],
  ])
    assert.throws(() => new ShardMap(shards), { code: 'ERR_ASSERTION' })
  assert.deepEqual(new ShardMap([]).openShards, [])
})
