import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  type ExtendedS3DestinationUpdate,
  FirehoseClient,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Objects of Firehose: what they are called, and the backup of what came. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 22, 30, 9))
let millrace: Millrace
let firehose: FirehoseClient
let cloudwatch: CloudWatchClient

before(async () => {
  millrace = await startMillrace({ data, clock, limits: 'off' })
  const options = {
    ...connectionTo(millrace),
    maxAttempts: 1,
  }
  firehose = new FirehoseClient(options)
  cloudwatch = new CloudWatchClient(options)
})

after(async () => {
  firehose.destroy()
  cloudwatch.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'
const BufferingHints = { SizeInMBs: 1, IntervalInSeconds: 10 }
const backupIn = (bucket: string) => ({
  S3BackupMode: 'Enabled' as const,
  S3BackupConfiguration: {
    RoleARN,
    BucketARN: `arn:aws:s3:::${bucket}`,
    Prefix: 'raw/',
    CompressionFormat: 'GZIP' as const,
    BufferingHints,
  },
})

async function create(name: string, settings: Partial<ExtendedS3DestinationConfiguration> = {}): Promise<void> {
  const ExtendedS3DestinationConfiguration = { RoleARN, BucketARN: 'arn:aws:s3:::lake', BufferingHints, ...settings }
  await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration }))
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const described = (name: string) => describeDeliveryStream(firehose, name)

async function update(name: string, ExtendedS3DestinationUpdate: ExtendedS3DestinationUpdate): Promise<void> {
  const { Destinations, VersionId } = await described(name)
  await firehose.send(
    new UpdateDestinationCommand({
      DeliveryStreamName: name,
      CurrentDeliveryStreamVersionId: VersionId,
      DestinationId: Destinations![0]!.DestinationId,
      ExtendedS3DestinationUpdate,
    }),
  )
}

const put = (name: string, ...texts: string[]) => putTexts(firehose, name, texts)

/** Key → bytes of a bucket's objects with this in their key, once there are so many. */
async function objects(bucket: string, within: string, count = 1): Promise<Map<string, Buffer>> {
  const folder = join(data, 'buckets', bucket)
  for (;;) {
    mkdirSync(folder, { recursive: true })
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const keys = files
      .map((file) => relative(folder, join(file.parentPath, file.name)))
      .filter((key) => key.includes(within))
    if (keys.length >= count) return new Map(keys.map((key) => [key, readFileSync(join(folder, key))]))
    await clock.advance(1000)
  }
}

async function statistic(metric: string, Stat: string, name: string): Promise<number | undefined> {
  await clock.advance(60_000)
  const Dimensions = [{ Name: 'DeliveryStreamName', Value: name }]
  const Metric = { Namespace: 'AWS/Firehose', MetricName: metric, Dimensions }
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(clock.nowMs() - 3_600_000),
      EndTime: new Date(clock.nowMs() + 60_000),
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Stat, Period: 7200 } }],
    }),
  )
  return MetricDataResults![0]!.Values![0]
}

const refusedWith = (message: string) => ({ name: 'InvalidArgumentException', message })

test('a backup has the records as they came, in its own bucket, under its own prefix, and is counted', async () => {
  await create('kept', {
    ...backupIn('raw'),
    Prefix: 'made/',
    ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'AppendDelimiterToRecord' }] },
  })
  await put('kept', 'one', 'two')
  const [[key, raw]] = [...(await objects('raw', 'raw/2026'))] as [[string, Buffer]]
  assert.match(key, /^raw\/2026\/05\/06\/22\/kept-1-2026-05-06-22-\d\d-\d\d-[0-9a-f-]{36}\.gz$/)
  assert.equal(gunzipSync(raw).toString(), 'onetwo')
  const [made] = [...(await objects('lake', 'made/')).values()]
  assert.match(made!.toString(), /^one\ntwo\n?$/)
  while ((await statistic('BackupToS3.Records', 'Sum', 'kept')) !== 2); // counted a moment after it is there
  assert.equal(await statistic('BackupToS3.Bytes', 'Sum', 'kept'), 6)
  assert.equal(await statistic('BackupToS3.Success', 'Average', 'kept'), 1)
  assert.ok((await statistic('BackupToS3.DataFreshness', 'Maximum', 'kept'))! >= 9)
  const { S3BackupDescription, S3BackupMode } = (await described('kept')).Destinations![0]!
    .ExtendedS3DestinationDescription!
  assert.deepEqual(
    [S3BackupMode, S3BackupDescription?.Prefix, S3BackupDescription?.CompressionFormat],
    ['Enabled', 'raw/', 'GZIP'],
  )
})

test('a backup that cannot be written is tried again, counted as failing, and keeps nothing from the destination', async () => {
  mkdirSync(join(data, 'buckets'), { recursive: true })
  const blocked = join(data, 'buckets', 'blocked')
  writeFileSync(blocked, 'a file where the folder of a bucket should be')
  await create('hindered', { ...backupIn('blocked'), Prefix: 'hindered/' })
  await put('hindered', 'x')
  assert.equal([...(await objects('lake', 'hindered/')).values()].join(), 'x')
  while ((await statistic('BackupToS3.Success', 'Average', 'hindered')) !== 0);
  rmSync(blocked)
  assert.equal(gunzipSync([...(await objects('blocked', 'raw/')).values()][0]!).toString(), 'x')
})

test('a backup is enabled later, and never disabled', async () => {
  await create('later', { Prefix: 'later/' })
  await assert.rejects(
    update('later', { S3BackupMode: 'Enabled' }),
    refusedWith('S3 backup destination configuration is required when enabling S3 backup.'),
  )
  await assert.rejects(
    update('later', { S3BackupMode: 'Enabled', S3BackupUpdate: { Prefix: 'p/' } }),
    refusedWith('S3 backup destination configuration is required when enabling S3 backup.'),
  )
  const { S3BackupConfiguration } = backupIn('raw')
  await update('later', {
    S3BackupMode: 'Enabled',
    S3BackupUpdate: { ...S3BackupConfiguration, BufferingHints: { SizeInMBs: 2 } },
  })
  await update('later', { S3BackupUpdate: { Prefix: 'raw-later/', BufferingHints: { IntervalInSeconds: 10 } } })
  const { S3BackupDescription } = (await described('later')).Destinations![0]!.ExtendedS3DestinationDescription!
  assert.deepEqual(S3BackupDescription!.BufferingHints, { SizeInMBs: 2, IntervalInSeconds: 10 })
  await put('later', 'y')
  assert.match([...(await objects('raw', 'raw-later/')).keys()][0]!, /^raw-later\/2026\/05\/0\d\/\d\d\/later-3-/)
  await assert.rejects(
    update('later', { S3BackupMode: 'Disabled' }),
    refusedWith('Disabling S3 backup is not currently supported.'),
  )
  assert.equal((await described('later')).VersionId, '3')
})

test('an HTTP endpoint whose records are all kept keeps them, too', async () => {
  const DeliveryStreamName = 'to-http'
  const HttpEndpointDestinationConfiguration = {
    EndpointConfiguration: { Url: 'https://endpoint.invalid' },
    S3BackupMode: 'AllData' as const,
    S3Configuration: { RoleARN, BucketARN: 'arn:aws:s3:::lake' },
  }
  await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName, HttpEndpointDestinationConfiguration }))
  while ((await described(DeliveryStreamName)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
  const updated = (S3BackupMode: 'AllData' | 'FailedDataOnly') =>
    firehose.send(
      new UpdateDestinationCommand({
        DeliveryStreamName,
        CurrentDeliveryStreamVersionId: '1',
        DestinationId: 'destinationId-000000000001',
        HttpEndpointDestinationUpdate: { S3BackupMode },
      }),
    )
  await assert.rejects(updated('FailedDataOnly'), refusedWith('Disabling S3 backup is not currently supported.'))
  await updated('AllData')
})

test('an extension and a zone of one’s own are in the name; error objects have the zone alone', async () => {
  await create('named', {
    CompressionFormat: 'GZIP',
    CustomTimeZone: 'Asia/Tokyo',
    FileExtension: '.custom.log',
    Prefix: 'named-!{timestamp:yyyy-MM-dd_HH}/',
    ErrorOutputPrefix: 'bad/!{firehose:error-output-type}/!{timestamp:HH}/',
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        { Type: 'Decompression', Parameters: [{ ParameterName: 'CompressionFormat', ParameterValue: 'GZIP' }] },
      ],
    },
  })
  const hour = new Date(clock.nowMs() + 9 * 3_600_000).toISOString().slice(11, 13)
  await put('named', 'this is no gzip')
  const [[bad, lines]] = [...(await objects('lake', 'bad/'))] as [[string, Buffer]]
  assert.match(
    bad,
    new RegExp(`^bad/decompression-failed/${hour}/named-1-2026-05-07-${hour}-\\d\\d-\\d\\d-[0-9a-f-]{36}\\.gz$`),
  )
  assert.equal(Buffer.from(JSON.parse(gunzipSync(lines).toString()).rawData, 'base64').toString(), 'this is no gzip')
  await create('named-well', {
    ...{ CompressionFormat: 'GZIP', CustomTimeZone: 'Asia/Tokyo', FileExtension: '.custom.log', Prefix: 'well/' },
  })
  await put('named-well', 'z')
  const [[key, text]] = [...(await objects('lake', 'well/'))] as [[string, Buffer]]
  assert.match(key, /^well\/2026\/05\/07\/\d\d\/named-well-1-2026-05-07-\d\d-\d\d-\d\d-[0-9a-f-]{36}\.custom\.log$/)
  assert.equal(gunzipSync(text).toString(), 'z')
  await update('named-well', { FileExtension: '' })
  await put('named-well', 'z')
  assert.match([...(await objects('lake', 'named-well-2-')).keys()][0]!, /\.gz$/)
})

test('settings of a bucket that contradict each other are refused in AWS’s words', async () => {
  const AWSKMSKeyARN = 'arn:aws:kms:us-east-1:000000000000:key/k'
  const cases: [Partial<ExtendedS3DestinationConfiguration>, string][] = [
    [
      { EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption', KMSEncryptionConfig: { AWSKMSKeyARN } } },
      'Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified',
    ],
    [{ EncryptionConfiguration: {} }, 'Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified'],
    [{ S3BackupMode: 'Enabled' }, 'S3 backup destination configuration is required when enabling S3 backup.'],
    [{ Prefix: 'x'.repeat(513) }, 'Length of evaluated prefix cannot be greater than 512'],
    [{ CustomTimeZone: 'Nowhere/At_All' }, 'CustomTimeZone Nowhere/At_All is not a time zone.'],
  ]
  for (const [settings, message] of cases) await assert.rejects(create('wrong', settings), refusedWith(message))
})
