import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryCount, type RecordLog } from '../../storage/log.ts'
import { reshardingFixture } from './resharding-fixture.ts'
import { readShard } from './shard-reader.ts'
import { logIdOf } from './stream.ts'

/** Three records in shard 0, of which storage gives back those before an offset: the others are damaged. */
async function damagedFrom(lostFrom: number) {
  const fixture = await reshardingFixture({ shardCount: 1 })
  const { call, context } = fixture
  for (const text of ['a', 'b', 'c'])
    await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from(text) })
  const log = context.log as { read: RecordLog['read'] }
  const { read } = log
  log.read = async (...args) =>
    (await read.apply(log, args)).filter((block) => block.firstOffset + entryCount(block) <= lostFrom)
  return fixture
}

const limits = { bytesMax: 1 << 20, entriesMax: 100 }

test('a reader goes on behind records at the tip that are damaged', async () => {
  const { context, current } = await damagedFrom(2)
  const position = { stream: current(), shard: current().shards[0]! }
  const page = await readShard(context, { ...position, offset: 0 }, limits)
  assert.equal(page.records.count, 2)
  assert.equal(page.nextOffset, 2)
  const next = await readShard(context, { ...position, offset: 2 }, limits)
  assert.deepEqual([next.records.count, next.nextOffset, next.behindMs], [0, 3, 0])
})

test('a closed shard whose last records are damaged has an end all the same', async () => {
  const { context, current } = await damagedFrom(0)
  await context.log.close(logIdOf(current(), 0))
  const shard = { ...current().shards[0]!, closedAtMs: 1 }
  const page = await readShard(context, { stream: current(), shard, offset: 0 }, limits)
  assert.deepEqual([page.records.count, page.nextOffset, page.isAtEnd], [0, 3, true])
})
