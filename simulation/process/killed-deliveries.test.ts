import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliveryView } from '../../packages/server/src/services/firehose/delivery/delivery-view.ts'
import { DeliveredObjects } from './delivered-objects.ts'
import { CallRefused, KinesisCaller } from './kinesis-caller.ts'
import { chosenSeed, seededRandom } from './seeded-random.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { makeStream, whenActive } from './stream-contents.ts'

/*
 * Firehose on the real server, killed with -9 while records are put and delivered, and with a bucket that cannot be written:
 * what was acknowledged arrives, whole.
 */

const lives = 5
const writers = 8
/** 1 KB each: more than is held in memory. */
const recordsMin = 25_000
/** The object that was on its way, begun anew where the checkpoint is: its records may be parts of the next objects, too. */
const repeatsPerKillMax = 3

const streamName = 'orders'
const sourceName = 'clicks'
const sourceArn = `arn:aws:kinesis:us-east-1:000000000000:stream/${sourceName}`
const firehoseOn = ({ port }: ServerProcess) => new KinesisCaller(port, 64, 'Firehose_20150804')

const s3 = (bucket: string) => ({
  RoleARN: 'arn:aws:iam::000000000000:role/any',
  BucketARN: `arn:aws:s3:::${bucket}`,
  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 },
  CompressionFormat: 'GZIP',
})

async function create(caller: KinesisCaller, more: object = {}): Promise<void> {
  await caller.call('CreateDeliveryStream', {
    ...{ DeliveryStreamName: streamName, ExtendedS3DestinationConfiguration: s3('lake'), ...more },
  })
  await until(async () => {
    const { DeliveryStreamDescription } = await caller.call<{
      DeliveryStreamDescription: { DeliveryStreamStatus: string }
    }>('DescribeDeliveryStream', { DeliveryStreamName: streamName })
    return DeliveryStreamDescription.DeliveryStreamStatus === 'ACTIVE'
  })
}

async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(5)
}

/** Puts some records, of which each is a name and its data. Returns which are acknowledged. */
type Put = (caller: KinesisCaller, records: readonly (readonly [name: string, data: string])[]) => Promise<boolean[]>

const putIntoFirehose: Put = async (caller, records) => {
  const { RequestResponses } = await caller.call<{ RequestResponses: { RecordId?: string }[] }>('PutRecordBatch', {
    DeliveryStreamName: streamName,
    Records: records.map(([, Data]) => ({ Data })),
  })
  return RequestResponses.map(({ RecordId }) => RecordId !== undefined)
}

const putIntoStream: Put = async (caller, records) => {
  const { Records } = await caller.call<{ Records: { SequenceNumber?: string }[] }>('PutRecords', {
    StreamName: sourceName,
    Records: records.map(([PartitionKey, Data]) => ({ PartitionKey, Data })),
  })
  return Records.map(({ SequenceNumber }) => SequenceNumber !== undefined)
}

/** Puts batches of records of any size until there is no server; notes what is acknowledged. */
async function write(
  caller: KinesisCaller,
  put: Put,
  writer: string,
  random: () => number,
  acknowledged: Set<string>,
  isOver: () => boolean = () => false,
): Promise<void> {
  for (let n = 0; !isOver(); ) {
    const names = Array.from({ length: 1 + Math.floor(100 * random()) }, () => `${writer}-${n++}`)
    const dataOf = (name: string) =>
      Buffer.from(`${name} ${'x'.repeat(Math.floor(2000 * random()))}\n`).toString('base64')
    const outcomes = await put(
      caller,
      names.map((name) => [name, dataOf(name)] as const),
    )
    assert.equal(outcomes.length, names.length)
    for (const [i, isTaken] of outcomes.entries()) if (isTaken) acknowledged.add(names[i]!)
  }
}

/** Waits until everything that was acknowledged is there, or nothing more comes for a while. Returns what is missing. */
async function missing(delivered: DeliveredObjects, acknowledged: ReadonlySet<string>): Promise<string[]> {
  let left: string[] = [...acknowledged]
  let quietLooks = 0
  for (let count = -1; quietLooks < 100; ) {
    delivered.look()
    left = left.filter((name) => !delivered.times.has(name))
    if (left.length === 0) break
    quietLooks = delivered.objects.length === count ? quietLooks + 1 : 0
    count = delivered.objects.length
    await sleep(100)
  }
  return left
}

test('kill -9 at random moments loses no record that was acknowledged, and leaves no half object', (t) =>
  killAtRandom(t, putIntoFirehose, firehoseOn, create))

test('where all records are kept beside, at a pace of its own, kill -9 loses none and repeats no more', (t) =>
  killAtRandom(t, putIntoFirehose, firehoseOn, (firehose) =>
    create(firehose, {
      ExtendedS3DestinationConfiguration: {
        ...s3('lake'),
        S3BackupMode: 'Enabled',
        S3BackupConfiguration: { ...s3('kept'), BufferingHints: { SizeInMBs: 128, IntervalInSeconds: 60 } },
      },
    }),
  ))

test('a Kinesis stream as the source loses none by kill -9, either', (t) =>
  killAtRandom(
    t,
    putIntoStream,
    ({ port }) => new KinesisCaller(port),
    async (firehose, kinesis) => {
      await makeStream(kinesis, sourceName, 4)
      await create(firehose, {
        DeliveryStreamType: 'KinesisStreamAsSource',
        KinesisStreamSourceConfiguration: {
          ...{ KinesisStreamARN: sourceArn, RoleARN: 'arn:aws:iam::000000000000:role/any' },
        },
      })
    },
  ))

test('a channel of a stream loses none by kill -9, either', (t) =>
  killAtRandom(
    t,
    putIntoStream,
    ({ port }) => new KinesisCaller(port),
    async (_, kinesis) => {
      await kinesis.call('CreateStream', { StreamName: sourceName, StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
      await whenActive(kinesis, sourceName)
      const { ChannelDescription } = await kinesis.call<{ ChannelDescription: { ChannelARN: string } }>(
        'CreateChannel',
        {
          ...{ ChannelName: 'to-lake', ServiceExecutionRoleARN: 'arn:aws:iam::000000000000:role/any' },
          StreamConfigurationList: [{ StreamARN: sourceArn, RecordConfiguration: { RecordFormatType: 'STRING' } }],
          S3DestinationConfiguration: {
            DataFreshnessInSeconds: 1,
            StorageConfiguration: {
              ...{ BucketARN: 'arn:aws:s3:::lake', ExpectedBucketOwner: '000000000000', CompressionType: 'GZIP' },
            },
          },
        },
      )
      await until(async () => {
        const answer = await kinesis.call<{ ChannelDescription: { ChannelStatus: string } }>('DescribeChannel', {
          ChannelARN: ChannelDescription.ChannelARN,
        })
        return answer.ChannelDescription.ChannelStatus === 'ACTIVE'
      })
    },
  ))

async function killAtRandom(
  t: TestContext,
  put: Put,
  producerOn: (server: ServerProcess) => KinesisCaller,
  prepare: (firehose: KinesisCaller, producer: KinesisCaller) => Promise<void>,
): Promise<void> {
  const seed = chosenSeed()
  t.diagnostic(`CRASH_SEED=${seed}`)
  const random = seededRandom(seed)
  const folder = temporaryFolder()
  t.after(folder.remove)
  const data = join(folder.path, 'data')
  const delivered = new DeliveredObjects(join(data, 'buckets', 'lake'))
  const acknowledged = new Set<string>()
  for (let life = 0; life < lives; life++) {
    const server = await ServerProcess.start({ data, entry: 'bin' })
    const caller = producerOn(server)
    if (life === 0) {
      const firehose = firehoseOn(server)
      await prepare(firehose, caller)
      firehose.close()
    }
    const load = Promise.allSettled(
      Array.from({ length: writers }, (_, i) => write(caller, put, `${life}-${i}`, random, acknowledged)),
    )
    const enough = acknowledged.size + 200 + 2000 * random() // however busy the machine is
    while (acknowledged.size < enough) await sleep(5)
    await sleep(2000 * random()) // into the middle of a delivery, or before or after it
    await server.kill()
    for (const outcome of await load)
      if (outcome.status === 'rejected') assert.ok(!(outcome.reason instanceof CallRefused), String(outcome.reason))
    caller.close()
    delivered.look()
    assert.deepEqual(delivered.faults, [], `life ${life}`)
  }
  const server = await ServerProcess.start({ data, entry: 'bin' })
  const lost = await missing(delivered, acknowledged)
  await sleep(1500) // an object that comes again would be there by now
  delivered.look()
  await server.stop()
  const repeatedRecords = [...delivered.times.values()].filter((times) => times > 1).length
  t.diagnostic(
    `killed ${lives} times; ${acknowledged.size} records acknowledged, ${lost.length} lost, in ${delivered.objects.length} ` +
      `objects, ${delivered.faults.length} of them not whole`,
  )
  t.diagnostic(
    `${delivered.repeats} objects came with records that were there already: ` +
      `${(delivered.repeats / lives).toFixed(1)} for each kill, ${repeatedRecords} records`,
  )
  assert.deepEqual([lost, delivered.faults], [[], []])
  assert.ok(acknowledged.size > 200 * lives)
  assert.ok(delivered.repeats <= lives * repeatsPerKillMax, `${delivered.repeats} objects again`)
  const unfinished = readdirSync(join(data, 'buckets', '.millrace')).filter((name) => !name.endsWith('.lock'))
  t.diagnostic(`files of objects that were never finished, left behind by kills: ${unfinished.length}`)
}

test('a bucket that cannot be written costs disk, not memory; then everything arrives', async (t) => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const data = join(folder.path, 'data')
  const buckets = join(data, 'buckets')
  mkdirSync(buckets, { recursive: true })
  writeFileSync(join(buckets, 'lake'), 'a file where the folder of the bucket should be')
  const random = seededRandom(1)
  const acknowledged = new Set<string>()
  const delivered = new DeliveredObjects(join(buckets, 'lake'))
  let server = await ServerProcess.start({ data, entry: 'movable' })
  let caller = firehoseOn(server)
  await create(caller)
  const load = async (life: number) => {
    const isOver = () => acknowledged.size > (life + 1) * recordsMin
    await Promise.all(
      Array.from({ length: writers }, (_, i) =>
        write(caller, putIntoFirehose, `${life}-${i}`, random, acknowledged, isOver),
      ),
    )
  }
  await load(0)
  const early = { resident: server.residentBytes(), used: await server.usedBytes() }
  await load(1)
  const late = { resident: server.residentBytes(), used: await server.usedBytes() }
  const page = await fetch(`http://127.0.0.1:${server.port}/deliveries`)
  const { deliveries } = (await page.json()) as { deliveries: DeliveryView[] }
  const { failedRecords, lastError, out, waiting } = deliveries[0]!
  assert.deepEqual([out.records, failedRecords, lastError?.code], [0, 0, 'S3.PathTaken'])
  t.diagnostic(
    `down: ${acknowledged.size} records acknowledged, ${waiting.records} of them on the disk alone; in use ` +
      `${megabytes(early.used)} at half of them, ${megabytes(late.used)} at the end; resident ${megabytes(late.resident)}`,
  )
  caller.close()
  await server.kill()
  server = await ServerProcess.start({ data, entry: 'movable' })
  caller = firehoseOn(server)
  rmSync(join(buckets, 'lake'))
  const startedMs = performance.now()
  const lost = await missing(delivered, acknowledged)
  t.diagnostic(`up: all of them delivered ${((performance.now() - startedMs) / 1000).toFixed(1)} s later`)
  caller.close()
  await server.stop()
  assert.deepEqual([lost, delivered.faults], [[], []])
  assert.ok(late.used < early.used + 32 * 1024 * 1024, 'what is in use does not grow with what waits')
})

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
