import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { batchOf } from '../../../storage/log.ts'
import { openMemory } from '../../../storage/memory/open.ts'
import { type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination } from '../destinations/destination.ts'
import { S3Destination } from '../destinations/s3/s3-destination.ts'
import { s3WithDefaults } from '../settings/defaults.ts'
import { PutSource } from '../sources/put-source.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { Delivery } from './delivery.ts'
import { type DeliveryRecord, derived, type FailedRecord } from './delivery-record.ts'
import type { Plan } from './plan.ts'

const s3Settings = s3WithDefaults({
  RoleARN: 'arn:aws:iam::000000000000:role/r',
  BucketARN: 'arn:aws:s3:::lake',
  Prefix: undefined,
  ErrorOutputPrefix: undefined,
  BufferingHints: undefined,
  CompressionFormat: undefined,
  EncryptionConfiguration: undefined,
  CloudWatchLoggingOptions: undefined,
})
const stream = { name: 'd', createdMs: 1, version: 1 } as DeliveryStream
const id = logIdOf(stream)
const mebibyte = 1024 * 1024

/** A delivery stream's log, and a destination that does what the test says. */
async function started(
  deliver: (batch: DeliveryBatch) => Promise<readonly FailedRecord[]>,
  retryMs = 60_000,
  more: Partial<Plan> = {},
) {
  const clock = new ManualClock()
  const { catalog, log } = await openMemory({ clock })
  await log.create(id, { retentionMs: 24 * 3_600_000 })
  const checkpoints = new CheckpointStore(catalog)
  const objects = new Map<string, string>()
  const store = {
    async put(bucket: string, key: string, parts: readonly Uint8Array[]) {
      objects.set(`${bucket}/${key}`, Buffer.concat(parts).toString())
    },
  }
  const metrics = { record() {}, forget() {} }
  const destination: Destination = { deliver, async close() {} }
  const s3 = new S3Destination({ objects: store, random: systemRandom, name: 'd' }, s3Settings)
  const start = () => {
    const delivery = new Delivery(
      { clock, random: systemRandom, logger: silentLogger, metrics, checkpoints },
      {
        ...{
          name: 'd',
          id,
          version: 1,
          source: new PutSource({ log, metrics }, stream),
          transforms: [],
          destination,
          retryMs,
        },
        ...{ metricPrefix: 'DeliveryToS3', sizeBytesMax: 1000, intervalMs: 5000, concurrentMax: 1 },
        errorOutputType: 'http-endpoint-failed',
        errors: { destination: s3, sizeBytesMax: 1000, intervalMs: 5000 },
        ...more,
      },
    )
    delivery.start()
    return delivery
  }
  const put = (...texts: string[]) => log.append(id, batchOf(texts.map((text) => Buffer.from(text))))
  return { clock, checkpoints, log, objects, put, start }
}

const kept = new Map<string, string>()

const keptIn = (name: string) =>
  new S3Destination(
    {
      objects: {
        async put(bucket, key, parts) {
          kept.set(`${bucket}/${key}`, Buffer.concat(parts).toString())
        },
      },
      random: systemRandom,
      name,
    },
    s3Settings,
  )

const textsOf = ({ records }: DeliveryBatch) => records.map(({ data }) => Buffer.from(data).toString()).join()

test('what was put is delivered after the interval, and then forgotten', async () => {
  const batches: string[] = []
  const { checkpoints, clock, log, put, start } = await started(async (batch) => {
    batches.push(textsOf(batch))
    return []
  })
  const delivery = start()
  await put('a', 'b')
  await clock.advance(1000)
  await put('c')
  await clock.advance(4001)
  assert.deepEqual(batches, ['a,b,c'])
  assert.deepEqual(checkpoints.get(id), { put: '3' })
  assert.equal((await log.bounds(id)).start, 3)
  await delivery.stop()
})

test('a delivery that is stopped in the middle is repeated from the checkpoint, and misses nothing', async () => {
  const batches: string[] = []
  let isDown = true
  const { clock, checkpoints, put, start } = await started(async (batch) => {
    if (isDown) throw new DeliveryFailed('Test.Down', 'down')
    batches.push(textsOf(batch))
    return []
  })
  const first = start()
  await put('a', 'b')
  await clock.advance(6000)
  await first.stop()
  assert.deepEqual(checkpoints.get(id), {})
  isDown = false
  await put('c')
  const second = start()
  await clock.advance(6000)
  assert.deepEqual(batches, ['a,b,c'])
  await second.stop()
})

test('what fails until the retry time is over goes to the error output, with its reason, and holds up nobody', async () => {
  const { clock, checkpoints, objects, put, start } = await started(async () => {
    throw new DeliveryFailed('HttpEndpoint.ConnectionFailed', 'nobody there')
  }, 30_000)
  const delivery = start()
  await put('a', 'b')
  await clock.advance(60_000)
  await delivery.stop()
  const [[key, lines]] = [...objects] as [[string, string]]
  assert.match(key, /^lake\/http-endpoint-failed\/2026\/01\/01\/00\/d-1-/)
  const [line] = lines
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
  assert.equal(Buffer.from(line.rawData, 'base64').toString(), 'a')
  assert.equal(line.errorCode, 'HttpEndpoint.ConnectionFailed')
  assert.ok(line.attemptsMade > 3)
  assert.deepEqual(checkpoints.get(id), { put: '2' })
})

test('records that a destination refuses for good go to the error output alone', async () => {
  const { clock, objects, put, start } = await started(async ({ records }) =>
    records
      .filter(({ data }) => Buffer.from(data).toString() === 'poison')
      .map((record) => ({
        ...{ record, errorOutputType: 'http-endpoint-failed', errorCode: 'X', errorMessage: 'x' },
        ...{ attemptsMade: 1, attemptEndingMs: 0 },
      })),
  )
  const delivery = start()
  await put('a', 'poison', 'b')
  await clock.advance(11_000)
  await delivery.stop()
  const lines = [...objects.values()].join('').trim().split('\n')
  assert.deepEqual(
    lines.map((text) => Buffer.from(JSON.parse(text).rawData, 'base64').toString()),
    ['poison'],
  )
})

test('a destination that is down for an hour costs no memory: reading waits', async () => {
  let isDown = true
  let delivered = 0
  const { clock, put, start } = await started(async ({ records }) => {
    if (isDown) throw new DeliveryFailed('Test.Down', 'down')
    delivered += records.length
    return []
  }, 24 * 3_600_000)
  const delivery = start()
  const large = 'x'.repeat(100_000)
  for (let i = 0; i < 300; i++) await put(large)
  await clock.advance(3_600_000)
  assert.ok(delivery.heldBytes <= 18 * 1024 * 1024, `${delivery.heldBytes}`)
  isDown = false
  await clock.advance(600_000)
  assert.equal(delivered, 300)
  await delivery.stop()
})

test('what is delivered while a delivery stops is not delivered again', async () => {
  const batches: string[] = []
  let deliver = () => {}
  const { checkpoints, clock, put, start } = await started(async (batch) => {
    await new Promise<void>((resolve) => {
      deliver = resolve
    })
    batches.push(textsOf(batch))
    return []
  })
  const delivery = start()
  await put('a')
  await clock.advance(6000)
  const stopped = delivery.stop()
  deliver()
  await stopped
  assert.deepEqual([batches, checkpoints.get(id)], [['a'], { put: '1' }])
})

test('a record that becomes several, one or none is settled when all of them are', async () => {
  const batches: string[] = []
  const transforms = [
    {
      async transform(records: readonly DeliveryRecord[]) {
        const words = (record: DeliveryRecord) => Buffer.from(record.data).toString().split(' ').filter(Boolean)
        return {
          records: records.flatMap((record) => words(record).map((word) => derived(record, Buffer.from(word)))),
          failed: [],
        }
      },
    },
  ]
  let isDown = true
  const deliver = async (batch: DeliveryBatch) => {
    if (isDown) throw new DeliveryFailed('Test.Down', 'down')
    batches.push(textsOf(batch))
    return []
  }
  const { checkpoints, clock, put, start } = await started(deliver, 600_000, { transforms })
  const delivery = start()
  await put('a b c', ' ', 'd')
  await clock.advance(6000)
  assert.deepEqual(checkpoints.get(id), {})
  isDown = false
  await clock.advance(120_000)
  assert.deepEqual([batches, checkpoints.get(id)], [['a,b,c,d'], { put: '3' }])
  await delivery.stop()
})

test('a transform gets as many records at once as it wants, and one with a defect loses none', async () => {
  const seen: number[] = []
  const transforms = [
    {
      intake: { sizeBytesMax: 1000, intervalMs: 60_000 },
      async transform(records: readonly DeliveryRecord[]) {
        seen.push(records.length)
        if (records.length === 2) throw new Error('a defect')
        return { records, failed: [] }
      },
    },
  ]
  const batches: string[] = []
  const deliver = async (batch: DeliveryBatch) => {
    batches.push(textsOf(batch))
    return []
  }
  const { checkpoints, clock, objects, put, start } = await started(deliver, 0, { transforms })
  const delivery = start()
  for (const text of ['a', 'b', 'c']) {
    await put(text)
    await clock.advance(1000)
  }
  await clock.advance(70_000)
  assert.deepEqual([seen, batches], [[3], ['a,b,c']])
  await put('d', 'e')
  await clock.advance(130_000)
  assert.deepEqual([seen, objects.size, checkpoints.get(id)], [[3, 2], 1, { put: '5' }])
  await delivery.stop()
})

test('a backup keeps all that came, and the checkpoint waits for it', async () => {
  const { checkpoints, clock, objects, put, start } = await started(async () => [], 0, {
    backup: { destination: keptIn('kept'), sizeBytesMax: 1000, intervalMs: 60_000 },
  })
  const delivery = start()
  await put('a', 'b')
  await clock.advance(10_000)
  assert.deepEqual(checkpoints.get(id), {})
  await clock.advance(60_000)
  assert.deepEqual([[...kept.values()], objects.size, checkpoints.get(id)], [['ab'], 0, { put: '2' }])
  await delivery.stop()
})

test('a stop keeps at once what is to be kept, and waits no longer than for that', async () => {
  let isDown = false
  const backups: string[] = []
  const bucket = {
    async put(_: string, __: string, parts: readonly Uint8Array[]) {
      if (isDown) throw new Error('down')
      backups.push(Buffer.concat(parts).toString())
    },
  }
  const destination = new S3Destination({ objects: bucket, random: systemRandom, name: 'd' }, s3Settings)
  const batches: string[] = []
  const { checkpoints, clock, put, start } = await started(
    async (batch) => {
      batches.push(textsOf(batch))
      return []
    },
    0,
    { backup: { destination, sizeBytesMax: 1000, intervalMs: 60_000 } },
  )
  const first = start()
  await put('a')
  await clock.advance(6000)
  await put('b')
  await clock.advance(1000)
  await first.stop()
  assert.deepEqual([batches, backups, checkpoints.get(id)], [['a', 'b'], ['ab'], { put: '2' }])
  isDown = true
  const second = start()
  await put('c')
  await clock.advance(6000)
  const stopped = second.stop()
  await clock.advance(5001)
  await stopped
  assert.deepEqual([batches, backups, checkpoints.get(id)], [['a', 'b', 'c'], ['ab'], { put: '2' }])
})

test('an error object is no larger than what may wait of errors, whatever the hints say', async () => {
  const errorCounts: number[] = []
  const errorsIn = {
    async deliverErrors(_: unknown, failed: readonly unknown[]) {
      errorCounts.push(failed.length)
    },
  }
  const { clock, put, start } = await started(
    async ({ records }) => {
      throw new DeliveryFailed('Test.Down', 'down', records)
    },
    0,
    { sizeBytesMax: 64 * mebibyte, errors: { destination: errorsIn, sizeBytesMax: 128 * mebibyte, intervalMs: 5000 } },
  )
  const delivery = start()
  for (let i = 0; i < 20; i++) await put('x'.repeat(mebibyte))
  await clock.advance(6000)
  await clock.advance(6000)
  assert.deepEqual(errorCounts, [15, 5])
  await delivery.stop()
})

test('a transform that leaves records for later gets them when there is room, and only then', async () => {
  const seen: number[] = []
  const transforms = [
    {
      async transform(records: readonly DeliveryRecord[]) {
        seen.push(records.length)
        const data = Buffer.alloc(7 * 1024 * 1024, records[0]!.data)
        return { records: [derived(records[0]!, data)], failed: [], rest: records.slice(1) }
      },
    },
  ]
  let isDown = true
  const batches: string[] = []
  const deliver = async ({ records }: DeliveryBatch) => {
    if (isDown) throw new DeliveryFailed('Test.Down', 'down')
    batches.push(...records.map(({ data }) => Buffer.from(data.subarray(0, 1)).toString()))
    return []
  }
  const { checkpoints, clock, put, start } = await started(deliver, 3_600_000, { transforms })
  const delivery = start()
  await put('a', 'b', 'c', 'd', 'e')
  await clock.advance(60_000)
  assert.deepEqual([seen, checkpoints.get(id)], [[5, 4, 3], {}])
  isDown = false
  await clock.advance(600_000)
  assert.deepEqual([seen, batches.join(''), checkpoints.get(id)], [[5, 4, 3, 2, 1], 'abcde', { put: '5' }])
  await delivery.stop()
})

test('batches that go one by one are prepared at once, and each goes when the checkpoint has passed the one before', async () => {
  const prepared: string[] = []
  const brought: { readonly text: string; readonly after: unknown }[] = []
  const finish: (() => void)[] = []
  const destination: Destination = {
    prepare: (batch) => void prepared.push(textsOf(batch)),
    async deliver(batch) {
      brought.push({ text: textsOf(batch), after: checkpoints.get(id) })
      await new Promise<void>((resolve) => finish.push(resolve))
      return []
    },
    async close() {},
  }
  const { clock, checkpoints, put, start } = await started(async () => [], 60_000, {
    ...{ concurrentMax: 3, destination, sizeBytesMax: 1 },
  })
  const delivery = start()
  for (const text of ['a', 'b', 'c', 'd']) await put(text)
  await clock.advance(1)
  assert.deepEqual(prepared, ['a', 'b', 'c'])
  for (let i = 0; i < 4; i++) {
    assert.equal(brought.length, i + 1)
    finish[i]!()
    await clock.advance(1)
  }
  assert.deepEqual(brought, [
    { text: 'a', after: {} },
    { text: 'b', after: { put: '1' } },
    { text: 'c', after: { put: '2' } },
    { text: 'd', after: { put: '3' } },
  ])
  await delivery.stop()
})
