import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { openMemory } from '../../../storage/memory/open.ts'
import { S3Destination } from '../destinations/s3/s3-destination.ts'
import { s3WithDefaults } from '../settings/defaults.ts'
import type { Checkpoint, SourcePage } from '../sources/source.ts'
import { PartitionKeyCheck } from '../transforms/partitioning/partition-keys.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { Delivery } from './delivery.ts'
import type { DeliveryRecord } from './delivery-record.ts'
import type { Plan } from './plan.ts'

const mebibyte = 1024 * 1024
const prefix = 'p=!{partitionKeyFromQuery:p}/'
const settings = s3WithDefaults({
  RoleARN: 'arn:aws:iam::000000000000:role/r',
  BucketARN: 'arn:aws:s3:::lake',
  Prefix: prefix,
  ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
  BufferingHints: undefined,
  CompressionFormat: undefined,
  EncryptionConfiguration: undefined,
  CloudWatchLoggingOptions: undefined,
})

/** Delivers pages into a bucket; a record's partition is the text before its first blank. */
async function deliveryOf(
  pages: Iterable<SourcePage> | AsyncIterable<SourcePage>,
  put: (key: string, parts: readonly Uint8Array[]) => Promise<void>,
  more: Partial<Plan> = {},
) {
  const clock = new ManualClock()
  const { catalog } = await openMemory({ clock })
  const counted = new Map<string, number[]>()
  const metrics = {
    record: (metric: string, _: object, value: number) => {
      counted.set(metric, [...(counted.get(metric) ?? []), value])
    },
    forget() {},
  }
  const objects = { put: (_: string, key: string, parts: readonly Uint8Array[]) => put(key, parts) }
  const destination = new S3Destination({ objects, random: systemRandom, name: 'd' }, settings)
  const keyOf = (record: DeliveryRecord) => {
    const p = Buffer.from(record.data.subarray(0, record.data.indexOf(32))).toString()
    return { ...record, partitionKeys: { fromQuery: { p }, fromLambda: {} } }
  }
  const parts = { name: 'd', version: 1, timeZone: 'UTC', random: systemRandom, extension: '' }
  const checkpoints = new CheckpointStore(catalog)
  let isRead = () => {}
  const read = new Promise<void>((resolve) => {
    isRead = resolve
  })
  const source = {
    async *pages(_: Checkpoint, signal: AbortSignal) {
      yield* pages
      isRead()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
    async passed() {},
  }
  const limits = { sizeBytesMax: 64 * mebibyte, intervalMs: 60_000 }
  const delivery = new Delivery(
    { clock, random: systemRandom, logger: silentLogger, metrics, checkpoints },
    {
      ...{ name: 'd', id: 'd', version: 1, source, destination, retryMs: 300_000, metricPrefix: 'DeliveryToS3' },
      ...{ ...limits, concurrentMax: 4, errorOutputType: 'processing-failed', errors: { destination, ...limits } },
      ...{ activePartitionsMax: 500, heldBytesMax: 48 * mebibyte },
      transforms: [
        { transform: async (records) => ({ records: records.map(keyOf), failed: [] }) },
        new PartitionKeyCheck(clock, prefix, (atMs) => ({ ...parts, atMs })),
      ],
      ...more,
    },
  )
  delivery.start()
  return { checkpoints, clock, counted, delivery, read }
}

/** @param first position of its first record */
const pageOf = (next: number, first: number, texts: readonly string[]): SourcePage => ({
  lane: 'put',
  next: `${next}`,
  end: first + texts.length,
  records: texts.map((text, i) => ({
    position: first + i,
    recordId: `${next}-${i}`,
    arrivalMs: Date.UTC(2026, 0, 1),
    data: Buffer.from(text),
  })),
})

test('records of more partitions than may be active go to the error output, until a partition is delivered', async () => {
  const objects = new Map<string, string>()
  let isDown = true
  const first = pageOf(1, 0, ['a 1', 'b 1', 'c 1', 'a 2', 'c 2'])
  const second = pageOf(2, 5, ['c 3', 'a 3'])
  let goOn = () => {}
  async function* pages() {
    yield first
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    yield second
  }
  const put = async (key: string, parts: readonly Uint8Array[]) => {
    if (isDown && key.startsWith('p=')) throw new Error('down')
    objects.set(key, Buffer.concat(parts).toString())
  }
  const { checkpoints, clock, counted, delivery } = await deliveryOf(pages(), put, { activePartitionsMax: 2 })
  await clock.advance(61_000)
  const errors = () => [...objects].filter(([key]) => key.startsWith('errors/active-partition-limit-exceeded/'))
  const lines = errors().flatMap(([, text]) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )
  assert.deepEqual(
    lines.map(({ rawData, errorCode, errorMessage }) => [
      Buffer.from(rawData, 'base64').toString(),
      errorCode,
      errorMessage,
    ]),
    ['c 1', 'c 2'].map((text) => [
      text,
      'DynamicPartitioning.ActivePartitionsLimitExceeded',
      'The number of active partitions has exceeded the configured limit',
    ]),
  )
  assert.deepEqual([counted.get('PartitionCount'), counted.get('PartitionCountExceeded')], [[2], [1]])
  isDown = false
  await clock.advance(150_000)
  goOn()
  await clock.advance(61_000)
  const delivered = [...objects].filter(([key]) => key.startsWith('p=')).map(([key, text]) => key.slice(0, 4) + text)
  assert.deepEqual(new Set(delivered), new Set(['p=a/a 1a 2', 'p=a/a 3', 'p=b/b 1', 'p=c/c 3']))
  assert.equal(errors().length, 1)
  assert.deepEqual(counted.get('PartitionCountExceeded'), [1, 0])
  assert.deepEqual(checkpoints.get('d'), { put: '2' })
  await delivery.stop()
})

test('500 active partitions and hints of 64 MB fit in 512 MB of memory', async (t) => {
  const pageCount = 240
  const recordBytes = 1024
  let peakBytes = 0
  function* pages(): Iterable<SourcePage> {
    for (let next = 1; next <= pageCount; next++) {
      const block = Buffer.alloc(mebibyte, 'x') // as the log gives it: one piece of memory for many records
      const count = mebibyte / recordBytes
      const records = Array.from({ length: count }, (_, i) => {
        const data = block.subarray(i * recordBytes, (i + 1) * recordBytes)
        data.write(`${(next * 331 + i * 7) % 500} `)
        return { position: (next - 1) * count + i, recordId: `${next}-${i}`, arrivalMs: next, data }
      })
      if (next % 10 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
      yield { lane: 'put', next: `${next}`, end: next * count, records }
    }
  }
  let deliveredBytes = 0
  let objectCount = 0
  const put = async (_: string, parts: readonly Uint8Array[]) => {
    for (const { byteLength } of parts) deliveredBytes += byteLength
    objectCount++
  }
  const { clock, counted, delivery, read } = await deliveryOf(pages(), put)
  await read
  await clock.advance(61_000)
  assert.equal(deliveredBytes, pageCount * mebibyte)
  assert.equal(Math.max(...counted.get('PartitionCount')!), 500)
  const peakMiB = Math.round(peakBytes / mebibyte)
  t.diagnostic(
    `${peakMiB} MiB of resident memory at most, for ${pageCount} MiB in 500 partitions; ${objectCount} objects of ` +
      `${Math.round(deliveredBytes / objectCount / 1024)} KiB on average`,
  )
  assert.ok(peakMiB < 512, `${peakMiB} MiB`)
  await delivery.stop()
})
