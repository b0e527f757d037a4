import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../../storage/log.ts'
import type { SubscribeToShardEvent } from './shard-push.ts'
import type { ShardPage } from './shard-reader.ts'
import { ShardRecords } from './shard-records.ts'
import { SharedEvents } from './shared-events.ts'

const shard = { index: 0, startingHashKey: 0n, endingHashKey: 1n, createdAtMs: 0 }

const pageOf = (firstOffset: number, count: number, more: Partial<ShardPage> = {}): ShardPage => {
  const batch = batchOf(Array.from({ length: count }, () => Buffer.from([1, 0, 0, 1, 0x6b])))
  const records = new ShardRecords(shard, [{ ...batch, firstOffset, timestampMs: 0 }])
  return {
    records,
    sizeBytes: count,
    nextOffset: firstOffset + count,
    behindMs: 0,
    isCaughtUp: true,
    isAtEnd: false,
    ...more,
  }
}

const eventOf = ({ records, behindMs }: ShardPage): SubscribeToShardEvent => ({
  Records: records,
  ContinuationSequenceNumber: '1',
  MillisBehindLatest: behindMs,
})

const ask = (events: SharedEvents, logId: string, offset: number, page: ShardPage) =>
  events.eventFor(logId, offset, page, () => eventOf(page))

test('who reads the same records of a shard gets the same event', () => {
  const events = new SharedEvents()
  const first = ask(events, 'a', 5, pageOf(5, 3))
  assert.equal(ask(events, 'a', 5, pageOf(5, 3)), first)
  assert.equal(ask(events, 'a', 5, pageOf(5, 3, { behindMs: 10 })), first)
})

test('another shard, other records, another end or another time behind make another event', () => {
  const others: [string, number, ShardPage][] = [
    ['b', 5, pageOf(5, 3)],
    ['a', 4, pageOf(5, 3)],
    ['a', 5, pageOf(5, 4)],
    ['a', 5, pageOf(6, 2)],
    ['a', 5, pageOf(5, 3, { isAtEnd: true })],
    ['a', 5, pageOf(5, 3, { behindMs: 11 })],
  ]
  for (const [logId, offset, page] of others) {
    const events = new SharedEvents()
    const first = ask(events, 'a', 5, pageOf(5, 3))
    const other = ask(events, logId, offset, page)
    assert.notEqual(other, first)
    assert.equal(other.Records, page.records)
  }
})

test('events without records are nobody else’s', () => {
  const events = new SharedEvents()
  assert.notEqual(ask(events, 'a', 5, pageOf(5, 0)), ask(events, 'a', 5, pageOf(5, 0)))
})

test('the events that are remembered take up to four megabytes, and the oldest go first', () => {
  const events = new SharedEvents()
  const sizeBytes = 1024 * 1024 - 1024
  const asked = () => ['a', 'b', 'c', 'd'].map((logId) => ask(events, logId, 0, pageOf(0, 1, { sizeBytes })))
  const first = asked()
  assert.deepEqual(
    asked().map((event, i) => event === first[i]),
    [true, true, true, true],
  )
  ask(events, 'e', 0, pageOf(0, 1))
  assert.notEqual(ask(events, 'a', 0, pageOf(0, 1, { sizeBytes })), first[0])
  assert.equal(ask(events, 'd', 0, pageOf(0, 1, { sizeBytes })), first[3])
})
