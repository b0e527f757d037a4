import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { openMemory } from '../../../storage/memory/open.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { Delivery } from './delivery.ts'
import type { Plan } from './plan.ts'
import { Progress } from './progress.ts'

/** Three records of a lane, and an aggregate of two. */
function read(progress: Progress) {
  const record = (position: number, more: object = {}) => ({
    ...{ position, recordId: `${position}`, arrivalMs: 0, data: Buffer.from('') },
    ...more,
  })
  const records = [
    ...[record(5), record(6), record(7)],
    ...[0, 1].map((index) => record(8, { recordId: `8.${index}`, among: { index, of: 2 } })),
  ]
  const page = progress.begin({ lane: 's', next: '9', end: 9, records })
  const given = records.map((record) => ({ ...record, page }))
  return { given, left: progress.left('delivered', page, given) }
}

const openStore = () => {
  const { catalog } = openMemory({ clock: new ManualClock() })
  const store = new CheckpointStore(catalog)
  return { catalog, store, saved: store.open('d') }
}

test('of a batch with a receipt the next process settles the records that were brought, also those of an aggregate', async () => {
  const { saved, store } = openStore()
  const progress = new Progress(saved.load(), 1)
  const { left } = read(progress)
  progress.receipts.keep('batch', { ackId: 3 }, [left[1]!, left[4]!])
  await saved.save(progress, false)
  progress.receipts.keep('batch', { ackId: 4 })
  await saved.save(progress, false)
  const again = store.open('d')
  const next = new Progress(again.load(), 1)
  const [[id, receipt], ...others] = next.receipts.batches as [[string, never]]
  assert.deepEqual([id, (receipt as { receipt: object }).receipt, others], ['batch', { ackId: 4 }, []])
  next.settleReceipt(id, receipt)
  await again.save(next, false)
  const third = new Progress(store.open('d').load(), 1)
  assert.deepEqual(third.receipts.batches, [])
  const { left: leftThen } = read(third)
  assert.deepEqual(
    leftThen.map(({ recordId }) => recordId),
    ['5', '7', '8.0'],
  )
  for (const record of leftThen) third.settle('delivered', record)
  assert.deepEqual([third.advance(), third.checkpoint], [['s'], { s: '9' }])
})

test('receipts of other settings are forgotten, and so are those of a delivery that is not there any more', async () => {
  const { catalog, saved, store } = openStore()
  const progress = new Progress(saved.load(), 1)
  progress.receipts.keep('batch', { ackId: 3 }, read(progress).left)
  await saved.save(progress, false)
  assert.equal(catalog.list('delivery-receipts/').length, 1)
  const next = new Progress(saved.load(), 2)
  assert.deepEqual(next.receipts.batches, [])
  await store.open('d').save(next, false)
  assert.equal(catalog.list('delivery-receipts/').length, 0)
  progress.receipts.keep('batch', { ackId: 3 })
  await store.open('d').save(progress, false)
  await store.keepOnly(new Set(['e']))
  assert.equal(catalog.list('delivery-').length, 0)
})

test('what a batch with a receipt brought is counted as delivered by the process that finds it there, and else not', async () => {
  const { saved, store } = openStore()
  const progress = new Progress(saved.load(), 1)
  const { left } = read(progress)
  progress.receipts.keep('there', {}, [left[1]!, left[2]!, left[4]!])
  progress.receipts.keep('lost', {}, [left[0]!])
  await saved.save(progress, false)
  const counted: [string, number][] = []
  const asked = Promise.withResolvers<void>()
  const plan = {
    ...{ name: 'd', id: 'd', version: 1, transforms: [], metricPrefix: 'DeliveryToSplunk' },
    ...{ sizeBytesMax: 1, intervalMs: 1, concurrentMax: 1, retryMs: 0, errors: { sizeBytesMax: 1, intervalMs: 1 } },
    destination: { resume: async (id: string) => id === 'there', async close() {} },
    source: {
      pages: () => {
        asked.resolve()
        return ReadableStream.from([])
      },
      async passed() {},
      waiting: async () => ({}),
    },
  } as unknown as Plan
  const metrics = {
    record: (metric: string, _: unknown, value: number) => void counted.push([metric, value]),
    forget() {},
  }
  const clock = new ManualClock()
  const parts = { clock, random: systemRandom, logger: silentLogger, metrics, checkpoints: store }
  const delivery = new Delivery(parts, plan)
  delivery.start()
  await asked.promise
  const { counts } = await delivery.figures()
  await delivery.stop()
  assert.deepEqual(counts.delivered, { batches: 1, records: 3, bytes: 0 })
  assert.deepEqual(counted, [
    ['DeliveryToSplunk.Success', 1],
    ['DeliveryToSplunk.Records', 3],
  ])
})
