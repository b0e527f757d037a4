import { setTimeout as sleep } from 'node:timers/promises'
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { watchMemory } from '../most-memory.ts'
import { atLeast, atMost, type Effort, type Question, type Values } from '../question.ts'
import { buildPutRecordBatches } from '../requests.ts'
import type { RunningServer } from '../servers.ts'
import { telegrafToFile } from '../telegraf.ts'
import { call, firehose, glue } from '../wire.ts'
import { wrkCalls } from '../wrk.ts'

/* Direct PUT of lines of 1 KB from wrk, until all of them are in objects of a folder. */

const recordsInCall = 500
const connections = 4
const name = 'bench'
const pacedName = 'paced'

const gzipTitle = 'Firehose, 1 KB → folder, GZIP'
const freshTitle = 'Firehose, GZIP, at some 60,000 records/s: oldest record at its delivery'
const parquetTitle = 'Firehose, 1 KB of JSON → Parquet, Snappy'
const partitionsTitle = 'Firehose, 500 active partitions: most memory'
const lostTitle = `${gzipTitle}: records that were acknowledged and did not arrive`
const memoryOf = (title: string) => `${title}: most memory`
const cpuOf = (title: string) => `${title}: the server's CPU time`
const recordsPerSecond = { unit: 'records/s', better: 'more' } as const
const megabytes = { unit: 'MB', better: 'less' } as const
const cpu = { unit: 'µs/record', better: 'less' } as const

/** Where all arrived: `delivered` throws otherwise. */
const lostRecords = 0

/** Seconds of the buffers, where freshness is asked. */
const intervalSeconds = 5

export const firehoseGzip: Question = {
  name: 'firehose-gzip',
  asks: 'PutRecordBatch of 500 lines of 1 KB on 4 connections, until all are in GZIP objects of 5 MB in a folder; then the same at 60,000 records/s with buffers of 128 MB and 5 s',
  figures: [
    { title: gzipTitle, ...recordsPerSecond, must: [atLeast(gzipTitle, 60_000, 'records/s')] },
    { title: cpuOf(gzipTitle), ...cpu },
    { title: memoryOf(gzipTitle), ...megabytes },
    { title: lostTitle, unit: 'records', better: 'less', must: [atMost(lostTitle, 0, 'records')] },
    { title: freshTitle, unit: 's', better: 'less', must: [atMost(freshTitle, intervalSeconds + 1, 's')] },
  ],
  peers: [],
  elsewhere: { Telegraf: byTelegraf },
  async measure(server, effort) {
    await create(server.port, { ...toFolder, CompressionFormat: 'GZIP' })
    const figures = await delivered(server, effort, 1)
    const hints = { SizeInMBs: 128, IntervalInSeconds: intervalSeconds }
    await create(server.port, { ...toFolder, CompressionFormat: 'GZIP', BufferingHints: hints }, pacedName)
    return [...figures, lostRecords, await oldestSeconds(server, effort)]
  },
}

export const firehoseParquet: Question = {
  name: 'firehose-parquet',
  asks: 'The same, converted to Parquet: nine columns, objects of 64 MB of JSON',
  figures: [
    { title: parquetTitle, ...recordsPerSecond, must: [atLeast(parquetTitle, 40_000, 'records/s')] },
    { title: cpuOf(parquetTitle), ...cpu },
    { title: memoryOf(parquetTitle), ...megabytes },
  ],
  peers: [],
  async measure(server, effort) {
    await call(server.port, 'CreateDatabase', { DatabaseInput: { Name: 'logs' } }, glue)
    await call(server.port, 'CreateTable', table, glue)
    await create(server.port, {
      ...toFolder,
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 1 },
      DataFormatConversionConfiguration: {
        SchemaConfiguration: { DatabaseName: 'logs', TableName: 'access', RoleARN: toFolder.RoleARN },
        InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
        OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
      },
    })
    return delivered(server, effort, 1)
  },
}

export const firehosePartitions: Question = {
  name: 'firehose-partitions',
  asks: 'The same in 500 partitions by jq, GZIP, buffers of 64 MB',
  figures: [
    { title: 'Firehose, 500 partitions by jq', ...recordsPerSecond },
    { title: cpuOf('Firehose, 500 partitions by jq'), ...cpu },
    { title: partitionsTitle, ...megabytes, must: [atMost(partitionsTitle, 512, 'MB')] },
  ],
  peers: [],
  async measure(server, effort) {
    const parameters = { MetadataExtractionQuery: '{site: .site}', JsonParsingEngine: 'JQ-1.6' }
    await create(server.port, {
      ...toFolder,
      Prefix: 'site=!{partitionKeyFromQuery:site}/',
      ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      CompressionFormat: 'GZIP',
      DynamicPartitioningConfiguration: { Enabled: true },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'MetadataExtraction',
            Parameters: Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
              ParameterName,
              ParameterValue,
            })),
          },
        ],
      },
    })
    return delivered(server, effort, 500)
  },
}

const toFolder = {
  RoleARN: 'arn:aws:iam::000000000000:role/bench',
  BucketARN: 'arn:aws:s3:::bench',
  BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 1 },
}

const columns = {
  ...{ site: 'string', time: 'timestamp', client: 'string', method: 'string', path: 'string' },
  ...{ status: 'int', bytes: 'bigint', seconds: 'double', message: 'string' },
}
const table = {
  DatabaseName: 'logs',
  TableInput: {
    Name: 'access',
    StorageDescriptor: { Columns: Object.entries(columns).map(([Name, Type]) => ({ Name, Type })) },
  },
}

async function create(port: number, settings: object, DeliveryStreamName = name): Promise<void> {
  await call(
    port,
    'CreateDeliveryStream',
    { DeliveryStreamName, ExtendedS3DestinationConfiguration: settings },
    firehose,
  )
  while ((await delivery(port, DeliveryStreamName))?.status !== 'ACTIVE') await sleep(20)
}

/**
 * Loads, and waits until all is delivered.
 *
 * @returns records a second over both, CPU for each, and the most memory at once, in MB
 * @throws Error if fewer records arrived than were acknowledged
 */
async function delivered(server: RunningServer, { seconds }: Effort, sites: number): Promise<Values> {
  const requests = buildPutRecordBatches({ name, recordsInCall, recordBytes: 1024, sites })
  await wrkCalls(server.port, { requests, connections }, 1)
  await until(server.port, name)
  const memory = watchMemory(server)
  const before = await delivery(server.port, name)
  const [startedMs, cpuMs] = [performance.now(), server.cpuMs()]
  const { calls } = await wrkCalls(server.port, { requests, connections }, 3 * seconds)
  await until(server.port, name)
  const records = (await delivery(server.port, name))!.out.records - before!.out.records
  const tookMs = performance.now() - startedMs
  if (records < calls * recordsInCall) throw new Error(`${calls * recordsInCall - records} records did not arrive`)
  return [(records / tookMs) * 1000, ((server.cpuMs() - cpuMs) * 1000) / records, memory.most() / 1e6]
}

/** The same lines, posted to Telegraf, until all are in a file: compressed, but neither synced nor kept before the answer. */
async function byTelegraf({ seconds }: Effort): Promise<Values> {
  const load = { recordsInCall, recordBytes: 1024, sites: 1, connections, seconds: 3 * seconds }
  const figures = await telegrafToFile(load)
  return [figures.recordsPerSecond, figures.cpuMicrosecondsPerRecord, figures.mostMemoryBytes / 1e6, figures.lost]
}

/** The greatest age of a record at its delivery, at a rate that is near what is asked. */
async function oldestSeconds(server: RunningServer, { seconds }: Effort): Promise<number> {
  const requests = buildPutRecordBatches({ name: pacedName, recordsInCall, recordBytes: 1024, sites: 1 })
  await wrkCalls(server.port, { requests, connections: 8, delayMs: 45 }, 3 * seconds)
  await until(server.port, pacedName)
  const cloudwatch = new CloudWatchClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  const { Datapoints = [] } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/Firehose',
      MetricName: 'DeliveryToS3.DataFreshness',
      Dimensions: [{ Name: 'DeliveryStreamName', Value: pacedName }],
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  )
  cloudwatch.destroy()
  return Math.max(...Datapoints.map(({ Maximum }) => Maximum!))
}

type View = {
  readonly name: string
  readonly status: string
  readonly in: { readonly records: number }
  readonly out: { readonly records: number }
  readonly failedRecords: number
}

async function delivery(port: number, name: string): Promise<View | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/deliveries`)
  return ((await response.json()) as { deliveries: View[] }).deliveries.find((view) => view.name === name)
}

/** Resolves when all that was put is delivered. @throws Error if some of it went to the error output */
async function until(port: number, name: string): Promise<void> {
  for (;;) {
    const view = await delivery(port, name)
    if (view!.failedRecords > 0) throw new Error(`${view!.failedRecords} records failed`)
    if (view!.out.records >= view!.in.records) return
    await sleep(20)
  }
}
