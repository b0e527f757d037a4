import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateChannelCommand,
  CreateStreamCommand,
  DescribeChannelCommand,
  KinesisClient,
  PutRecordsCommand,
  type RecordFormatType,
  type S3CompressionType,
} from '@aws-sdk/client-kinesis'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* What channels bring from streams into a bucket that is a folder, by the AWS SDK. */

const data = mkdtempSync(join(tmpdir(), 'millrace-channels-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let kinesis: KinesisClient
let cloudwatch: CloudWatchClient

before(async () => {
  millrace = await startMillrace({ data, clock, limits: 'off' })
  connect()
})

after(async () => {
  kinesis.destroy()
  cloudwatch.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

function connect() {
  const options = { ...connectionTo(millrace), maxAttempts: 1 }
  kinesis = new KinesisClient(options)
  cloudwatch = new CloudWatchClient(options)
}

async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  stepMs: number,
): Promise<T> {
  for (let looks = 0; looks < 2000; looks++) {
    const found = await look()
    if (found) return found
    await clock.advance(stepMs)
  }
  throw new Error('it never came to that')
}

type Made = { readonly format: RecordFormatType; readonly compression?: S3CompressionType; readonly template?: string }

/** A stream with some records before its channel, and the channel. */
async function channel(name: string, { format, compression = 'NONE', template }: Made) {
  const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
  await kinesis.send(new CreateStreamCommand({ StreamName: name, StreamModeDetails: { StreamMode: 'ON_DEMAND' } }))
  await until(() => put(name, '"before"').then(Boolean, () => false), 100)
  await clock.advance(1000)
  const { ChannelDescription } = await kinesis.send(
    new CreateChannelCommand({
      ...{ ChannelName: `to-${name}`, ServiceExecutionRoleARN: 'arn:aws:iam::000000000000:role/any' },
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: format } }],
      S3DestinationConfiguration: {
        DataFreshnessInSeconds: 60,
        StorageConfiguration: {
          ...{ BucketARN: 'arn:aws:s3:::lake', ExpectedBucketOwner: '000000000000', CompressionType: compression },
          ...(template !== undefined && { OutputKeyTemplate: template }),
        },
      },
      LoggingConfiguration: { CloudWatchLogs: { Enabled: true } },
    }),
  )
  const { ChannelARN, ChannelId } = ChannelDescription!
  await until(async () => {
    const answer = await kinesis.send(new DescribeChannelCommand({ ChannelARN }))
    return answer.ChannelDescription!.ChannelStatus === 'ACTIVE'
  }, 100)
  await clock.advance(1000)
  return ChannelId!
}

const put = (StreamName: string, ...records: (string | Uint8Array)[]) =>
  kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: records.map((record) => ({ Data: Buffer.from(record as string), PartitionKey: 'key' })),
    }),
  )

type Delivered = [key: string, bytes: Buffer]

/** Key and bytes of the objects whose key begins so; once there are any. */
const arrived = (prefix: string): Promise<[Delivered, ...Delivered[]]> =>
  until(() => {
    const bucket = join(data, 'buckets', 'lake')
    const found = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.new'))
      .map((entry) => relative(bucket, join(entry.parentPath, entry.name)))
      .filter((key) => key.startsWith(prefix))
    const [first, ...more] = found.map((key): Delivered => [key, readFileSync(join(bucket, key))])
    return first && [first, ...more]
  }, 1000)

test('JSON stands on lines, in an object named by the default template; what came before the channel is not there', async () => {
  const id = await channel('flights', { format: 'JSON', compression: 'GZIP' })
  await put('flights', '{"a":1}', '[2]\n', '3')
  await clock.advance(30_000)
  const [[key, bytes], ...more] = await arrived('kinesis-channel/to-flights/')
  assert.deepEqual(more, [])
  const uuid = '[0-9a-f]{8}-[0-9a-f-]{27}'
  assert.match(
    key,
    new RegExp(`^kinesis-channel/to-flights/${id}/2026/05/06/07/to-flights-${id}-2026-05-06-07-\\d\\d-${uuid}\\.gz$`),
  )
  assert.equal(gunzipSync(bytes).toString(), '{"a":1}\n[2]\n3\n')
})

test('bytes stand one behind the other, as they came', async () => {
  await channel('bytes', { format: 'BYTE_ARRAY', compression: 'ZSTD', template: 'raw/!{stream-name}!{extension}' })
  await put('bytes', new Uint8Array([0, 255]), new Uint8Array([254]))
  const [[key, bytes]] = await arrived('raw/')
  assert.match(key, /^raw\/bytes-[0-9a-f-]{36}\.zst$/)
  assert.deepEqual([...zstdDecompressSync(bytes)], [0, 255, 254])
})

test('what is not of the format goes to the dead letters alone, with the reason, and is counted', async () => {
  const id = await channel('mixed', { format: 'JSON', template: 'mixed/!{yyyy}!{extension:.json}' })
  await put('mixed', '{"a":1}', 'no json', new Uint8Array([255]), '{"a":2}')
  const [[key, bytes]] = await arrived('mixed/')
  assert.match(key, /^mixed\/2026-[0-9a-f-]{36}\.json$/)
  assert.equal(bytes.toString(), '{"a":1}\n{"a":2}\n')
  const [[, letters]] = await arrived(`kinesis-channel/errors/to-mixed/${id}/`)
  const lines = letters
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ errorCode, rawData }) => [errorCode, Buffer.from(rawData, 'base64').toString('latin1')]),
    [
      ['Channel.InvalidJson', 'no json'],
      ['Channel.InvalidJson', '\u00ff'],
    ],
  )
  assert.equal(lines[0].streamARN, 'arn:aws:kinesis:us-east-1:000000000000:stream/mixed')
  assert.match(`${lines[0].shardId} ${lines[0].sequenceNumber}`, /^shardId-\d{12} \d+$/)

  const Dimensions = [
    { Name: 'ChannelName', Value: 'to-mixed' },
    { Name: 'ChannelId', Value: id },
    { Name: 'StreamName', Value: 'mixed' },
  ]
  const sum = async (MetricName: string) => {
    const Metric = { Namespace: 'AWS/Kinesis', MetricName: `DeliveryToS3.${MetricName}`, Dimensions }
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        ...{ StartTime: new Date(clock.nowMs() - 3_600_000), EndTime: new Date(clock.nowMs() + 60_000) },
        MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 24 * 3600, Stat: 'Sum' } }],
      }),
    )
    return MetricDataResults![0]!.Values![0]
  }
  assert.deepEqual(await Promise.all(['RecordCount', 'SuccessfulRecordCount', 'FailedRecordCount'].map(sum)), [4, 2, 2])
  assert.deepEqual(await Promise.all(['BytesIn', 'BytesProcessed', 'BytesOut'].map(sum)), [22, 14, 16])
  assert.deepEqual(await Promise.all(['DeliverySuccess', 'DLQDeliverySuccess'].map(sum)), [1, 2])
  assert.ok((await sum('DataFreshness'))! >= 60)

  const page = (await (await fetch(`${millrace.url}/deliveries`)).json()) as { deliveries: { name: string }[] }
  assert.deepEqual(
    new Set(page.deliveries.map(({ name }) => name)),
    new Set(['channel to-bytes', 'channel to-flights', 'channel to-mixed']),
  )
  const log = join(data, 'logs', 'aws', 'kinesis', 'to-mixed', id, 'DestinationDelivery.jsonl')
  const entry = await until(() => readText(log), 10)
  const { channelARN, errorCode } = JSON.parse(JSON.parse(entry.split('\n')[0]!).message)
  assert.deepEqual([channelARN.split('/')[1], errorCode], [id, 'Channel.InvalidJson'])
})

test('a channel goes on after the server was started again, and reads again what was not delivered', async () => {
  await channel('kept', { format: 'STRING', template: 'kept/!{HH}' })
  await put('kept', 'one', 'two')
  await clock.advance(5000)
  kinesis.destroy()
  cloudwatch.destroy()
  await millrace.stop()
  millrace = await startMillrace({ data, clock, limits: 'off' })
  connect()
  await put('kept', 'three')
  const objects = await arrived('kept/')
  assert.equal(objects.map(([, bytes]) => bytes.toString()).join(''), 'one\ntwo\nthree\n')
})

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
