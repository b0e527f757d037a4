import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf } from '../../../storage/log.ts'
import { openMemory } from '../../../storage/memory/open.ts'
import { type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { directPutRetentionMs } from '../limits.ts'
import { PutSource } from './put-source.ts'
import type { Checkpoint } from './source.ts'

const stream = { name: 'd', createdMs: 1 } as DeliveryStream
const id = logIdOf(stream)

test('records that waited longer than they are kept are told of, once, and those behind them are read', async () => {
  const clock = new ManualClock()
  const { log } = openMemory({ clock })
  await log.create(id, { retentionMs: directPutRetentionMs })
  const put = (...texts: string[]) => log.append(id, batchOf(texts.map((text) => Buffer.from(text))))
  const gone: number[] = []
  const source = new PutSource({ log, metrics: { record() {}, forget() {} } }, stream, (count) => gone.push(count))
  const firstPage = async (from: Checkpoint) => {
    for await (const { next, records } of source.pages(from, new AbortController().signal))
      return { next, texts: records.map(({ data }) => Buffer.from(data).toString()) }
  }
  await put('a', 'b')
  assert.deepEqual(await firstPage({}), { next: '2', texts: ['a', 'b'] })
  await put('c', 'd', 'e')
  assert.deepEqual(gone, [])
  await clock.advance(directPutRetentionMs + 1)
  await put('f')
  const page = await firstPage({ put: '2' })
  assert.deepEqual(page, { next: '6', texts: ['f'] })
  assert.deepEqual(gone, [3])
})
