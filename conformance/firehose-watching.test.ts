import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* What Firehose tells of its deliveries: CloudWatch's metrics, the error logs, and the page /deliveries. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
const startMs = clock.nowMs()
let millrace: Millrace
let firehose: FirehoseClient
let cloudwatch: CloudWatchClient

before(async () => {
  millrace = await startMillrace({ data, clock, limits: 'aws' })
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

async function create(name: string, bucket: string, settings: object = {}): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      ExtendedS3DestinationConfiguration: {
        RoleARN: 'arn:aws:iam::000000000000:role/delivery',
        BucketARN: `arn:aws:s3:::${bucket}`,
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 10 },
        ...settings,
      },
    }),
  )
  await until(async () => (await described(name)).DeliveryStreamStatus === 'ACTIVE', 100)
}

async function described(name: string) {
  await clock.advance(1000) // five calls each second
  return (await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name })))
    .DeliveryStreamDescription!
}

/** Moves the clock on until something is so: what is waited for is on a real disk. */
async function until<T>(look: () => Promise<T | undefined | false>, stepMs: number): Promise<T> {
  for (let looks = 0; looks < 2000; looks++) {
    const found = await look()
    if (found) return found
    await clock.advance(stepMs)
  }
  throw new Error('it never came to that')
}

const put = (name: string, ...texts: string[]) =>
  firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: name,
      Records: texts.map((text) => ({ Data: Buffer.from(text) })),
    }),
  )

// biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
async function view(name: string): Promise<any> {
  const answer = await fetch(`${millrace.url}/deliveries`)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  const { deliveries } = (await answer.json()) as { deliveries: { name: string }[] }
  return deliveries.find((delivery) => delivery.name === name)
}

/** What CloudWatch has of a metric since the start; undefined if nothing. */
async function statistic(metric: string, stat: string, name?: string, unit?: string): Promise<number | undefined> {
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(startMs - 60_000),
      EndTime: new Date(clock.nowMs() + 60_000),
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: {
            Metric: {
              ...{ Namespace: 'AWS/Firehose', MetricName: metric },
              Dimensions: name === undefined ? [] : [{ Name: 'DeliveryStreamName', Value: name }],
            },
            ...{ Period: 24 * 3600, Stat: stat },
            ...(unit !== undefined && { Unit: unit as 'Count' }),
          },
        },
      ],
    }),
  )
  return MetricDataResults![0]!.Values![0]
}

test('a delivery stream has the metrics of the guide, with its units', async () => {
  const name = 'measured'
  await create(name, 'lake', {
    S3BackupMode: 'Enabled',
    S3BackupConfiguration: {
      ...{ RoleARN: 'arn:aws:iam::000000000000:role/delivery', BucketARN: 'arn:aws:s3:::kept' },
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 10 },
    },
  })
  await firehose.send(new PutRecordCommand({ DeliveryStreamName: name, Record: { Data: Buffer.from('12345') } }))
  await put(name, 'a', 'bc')
  await firehose.send(new ListDeliveryStreamsCommand({}))
  const { VersionId, Destinations } = await described(name)
  await until(async () => (await view(name)).out.records === 3, 500)
  await until(() => statistic('BackupToS3.Records', 'Sum', name), 500)
  await firehose.send(
    new UpdateDestinationCommand({
      ...{
        DeliveryStreamName: name,
        CurrentDeliveryStreamVersionId: VersionId,
        DestinationId: Destinations![0]!.DestinationId,
      },
      ExtendedS3DestinationUpdate: { Prefix: 'after/' },
    }),
  )
  await until(() => statistic('BytesPerSecondLimit', 'Maximum', name), 10_000)
  const sums: [string, string, number][] = [
    ['IncomingBytes', 'Bytes', 8],
    ['IncomingRecords', 'Count', 3],
    ['IncomingPutRequests', 'Count', 2],
    ['PutRecord.Bytes', 'Bytes', 5],
    ['PutRecord.Requests', 'Count', 1],
    ['PutRecordBatch.Bytes', 'Bytes', 3],
    ['PutRecordBatch.Records', 'Count', 2],
    ['PutRecordBatch.Requests', 'Count', 1],
    ['UpdateDeliveryStream.Requests', 'Count', 1],
    ['DeliveryToS3.Bytes', 'Bytes', 8],
    ['DeliveryToS3.Records', 'Count', 3],
    ['DeliveryToS3.ObjectCount', 'Count', 1],
    ['BackupToS3.Bytes', 'Bytes', 8],
    ['BackupToS3.Records', 'Count', 3],
  ]
  for (const [metric, unit, sum] of sums) assert.equal(await statistic(metric, 'Sum', name, unit), sum, metric)
  for (const prefix of ['DeliveryToS3', 'BackupToS3']) {
    assert.equal(await statistic(`${prefix}.Success`, 'Average', name, 'Count'), 1)
    const freshness = await statistic(`${prefix}.DataFreshness`, 'Maximum', name, 'Seconds')
    assert.ok(freshness! >= 10 && freshness! < 60, `${prefix}: ${freshness}`)
  }
  for (const operation of ['PutRecord', 'PutRecordBatch', 'DescribeDeliveryStream', 'UpdateDeliveryStream'])
    assert.ok((await statistic(`${operation}.Latency`, 'Maximum', name, 'Milliseconds')) !== undefined, operation)
  assert.equal(await statistic('ListDeliveryStreams.Requests', 'Sum', undefined, 'Count'), 1)
  assert.ok((await statistic('ListDeliveryStreams.Latency', 'Maximum')) !== undefined)
  assert.equal(await statistic('BytesPerSecondLimit', 'Maximum', name), 5 * 1024 * 1024)
  assert.equal(await statistic('RecordsPerSecondLimit', 'Maximum', name), 500_000)
  assert.equal(await statistic('PutRequestsPerSecondLimit', 'Maximum', name), 2000)
  assert.equal(await statistic('ThrottledRecords', 'Sum', name), undefined)
})

test('what comes too fast is counted as throttled', async () => {
  await create('fast', 'lake')
  const large = 'x'.repeat(1_000_000)
  await put('fast', large, large, large, large)
  const { FailedPutCount } = await put('fast', large, large, large, large)
  assert.ok(FailedPutCount! > 0)
  assert.equal(await statistic('ThrottledRecords', 'Sum', 'fast', 'Count'), FailedPutCount)
})

test('while a bucket is down its freshness rises each minute, the page says why, and so does the error log', async () => {
  writeFileSync(join(data, 'buckets', 'broken'), 'a file where the folder of a bucket should be')
  await create('stuck', 'broken', {
    CloudWatchLoggingOptions: { Enabled: true, LogGroupName: '/aws/kinesisfirehose/stuck', LogStreamName: 'To/S3' },
  })
  await put('stuck', 'a', 'b', 'c')
  const file = join(data, 'logs', 'aws', 'kinesisfirehose', 'stuck', 'To%2FS3.jsonl')
  await until(async () => existsSync(file), 1000)
  for (let minute = 0; minute < 10; minute++) await clock.advance(60_000)
  const freshness = await statistic('DeliveryToS3.DataFreshness', 'Maximum', 'stuck', 'Seconds')
  assert.ok(freshness! > 500, `${freshness}`)
  assert.equal(await statistic('DeliveryToS3.Success', 'Average', 'stuck'), 0)
  assert.equal(await statistic('DeliveryToS3.Records', 'Sum', 'stuck'), undefined)

  const stuck = await view('stuck')
  assert.deepEqual(stuck.in, { records: 3, bytes: 3 })
  assert.deepEqual([stuck.buffered.records, stuck.buffered.bytes], [3, 3])
  assert.deepEqual(stuck.out, { records: 0, bytes: 0, batches: 0 })
  assert.equal(stuck.waiting.records, 0)
  assert.equal(stuck.destination.name, 'arn:aws:s3:::broken')
  assert.ok(stuck.oldestAgeMs > 500_000, `${stuck.oldestAgeMs}`)
  assert.equal(stuck.lastError.code, 'S3.PathTaken')

  const [line] = readFileSync(file, 'utf8').split('\n')
  const { message, timestamp } = JSON.parse(line!)
  assert.ok(timestamp > startMs)
  const { message: reason, ...entry } = JSON.parse(message)
  assert.match(reason, /broken/)
  assert.deepEqual(entry, {
    deliveryStreamARN: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/stuck',
    destination: 'arn:aws:s3:::broken',
    deliveryStreamVersionId: 1,
    errorCode: 'S3.PathTaken',
  })

  rmSync(join(data, 'buckets', 'broken'))
  await until(async () => (await view('stuck')).buffered.records === 0, 10_000)
  const done = await view('stuck')
  assert.deepEqual([done.out.records, done.oldestAgeMs, done.out.batches], [3, undefined, 1])
})

test('a delivery stream that is gone is not shown, and measured no more', async () => {
  await create('brief', 'lake')
  await put('brief', 'a')
  assert.equal((await view('brief')).status, 'ACTIVE')
  await firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'brief' }))
  await until(async () => !(await view('brief')), 100)
  await assert.rejects(described('brief'))
  await assert.rejects(firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'never' })))
  const { Metrics } = await cloudwatch.send(
    new ListMetricsCommand({ Namespace: 'AWS/Firehose', Dimensions: [{ Name: 'DeliveryStreamName', Value: 'never' }] }),
  )
  assert.deepEqual(Metrics, [])
})

test('a server without delivery streams answers with an empty list', async () => {
  const server = await startMillrace()
  assert.equal(await (await fetch(`${server.url}/deliveries`)).text(), '{"deliveries":[]}\n')
  await server.stop()
})
