import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf } from '../../storage/log.ts'
import { openMemory } from '../../storage/memory/open.ts'
import { Backlog } from './backlog.ts'
import { type DeliveryStream, logIdOf } from './delivery-stream.ts'
import { DeliveryStreamStore } from './delivery-stream-store.ts'

const place = { accountId: '000000000000', region: 'us-east-1' }

/** Two delivery streams that puts go to, one that a stream feeds, and 1,000,000 bytes for all of them. */
async function backlogFixture() {
  const clock = new ManualClock()
  const { catalog, log } = await openMemory({ clock })
  const deliveryStreams = new DeliveryStreamStore(catalog, place)
  const streams = ['a', 'b'].map((name) => ({ name, createdMs: 1, source: { type: 'DirectPut' } }) as DeliveryStream)
  for (const stream of streams) {
    await log.create(logIdOf(stream), { retentionMs: 24 * 3_600_000 })
    await deliveryStreams.create(stream)
  }
  await deliveryStreams.create({ name: 'c', createdMs: 1, source: { type: 'KinesisStreamAsSource' } } as DeliveryStream)
  const opened = () => new Backlog({ clock, log, deliveryStreams, backlogBytesMax: 1_000_000 })
  const backlog = opened()
  const put = async (place: number, bytes: number, through = backlog): Promise<boolean> => {
    if (!(await through.admit(1, bytes))) return false
    await log.append(logIdOf(streams[place]!), batchOf([Buffer.alloc(bytes)]))
    through.settle(1, bytes)
    return true
  }
  return { backlog, clock, log, logIds: streams.map(logIdOf), opened, put, deliveryStreams, streams }
}

test('puts are refused when the bytes of all delivery streams together reach the bound, and taken again below it', async () => {
  const { clock, log, logIds, put } = await backlogFixture()
  for (const place of [0, 1, 0, 1]) assert.equal(await put(place, 240_000), true)
  assert.equal(await put(0, 40_000), false)
  assert.equal(await put(0, 30_000), true, 'what is smaller has room')
  await log.trim(logIds[0]!, 1)
  assert.equal(await put(1, 240_000), false, 'logs are asked once a second at most')
  await clock.advance(1000)
  assert.equal(await put(1, 240_000), true)
  assert.equal(await put(1, 240_000), false)
})

test('what waits is known after a restart, before the first put is taken', async () => {
  const { opened, put } = await backlogFixture()
  for (const place of [0, 1, 0]) await put(place, 300_000)
  const reopened = opened()
  assert.equal(await put(0, 110_000, reopened), false)
  assert.equal(await put(0, 90_000, reopened), true)
})

test('what is on its way counts, and many puts at once do not pass the bound together', async () => {
  const { log, logIds, put } = await backlogFixture()
  const taken = await Promise.all(Array.from({ length: 30 }, (_, i) => put(i % 2, 100_000)))
  assert.equal(taken.filter(Boolean).length, 9)
  const sizes = await Promise.all(logIds.map((id) => log.sizeBytes(id)))
  assert.equal(sizes[0]! + sizes[1]!, 900_000)
})

test('a put that is not in its log yet when the logs are asked counts all the same', async () => {
  const { backlog, clock, put } = await backlogFixture()
  assert.equal(await backlog.admit(1, 600_000), true)
  await clock.advance(1000)
  assert.equal(await put(0, 500_000), false)
  backlog.settle(1, 600_000) // it failed, and is in no log
  await clock.advance(1000)
  assert.equal(await put(0, 500_000), true)
})

test('a delivery stream that is deleted gives its room back', async () => {
  const { clock, deliveryStreams, log, logIds, put, streams } = await backlogFixture()
  await put(0, 900_000)
  assert.equal(await put(1, 900_000), false)
  await log.delete(logIds[0]!)
  await clock.advance(1000)
  assert.equal(await put(1, 900_000), true)
  await deliveryStreams.remove(streams[0]!)
})
