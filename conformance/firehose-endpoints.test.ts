import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamInput,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import {
  datadogIntake,
  EndpointStandIn,
  json,
} from '../packages/server/src/services/firehose/testing/endpoint-stand-in.ts'
import { HecStandIn } from '../packages/server/src/services/firehose/testing/hec-stand-in.ts'
import { type StandIn, StandInServer } from '../packages/server/src/services/firehose/testing/stand-in-server.ts'
import { connectionTo } from './harness/connection.ts'

/* Firehose by the AWS SDK, from a put to what an endpoint and Splunk take, over real sockets. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-endpoints-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
const token = '0a1b2c3d-1111-2222-3333-444455556666'
let millrace: Millrace
let firehose: FirehoseClient
const servers: StandInServer[] = []

before(start)

after(async () => {
  await stop()
  for (const server of servers) await server.close()
  rmSync(data, { recursive: true, force: true })
})

async function start(): Promise<void> {
  millrace = await startMillrace({ data, clock, endpoints: 'any', privateAddresses: ['127.0.0.0/8'] })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
}

async function stop(): Promise<void> {
  firehose.destroy()
  await millrace.stop()
}

async function serving(standIn: StandIn): Promise<string> {
  const server = await StandInServer.open(standIn)
  servers.push(server)
  return server.url
}

const backup = {
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  BucketARN: 'arn:aws:s3:::backup',
  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 5 },
}

/** Lets disk and network go on, and moves the clock a little each time, until there is what a test waits for. */
async function until<T>(found: () => Promise<T | undefined> | T | undefined, stepMs: number): Promise<T> {
  for (;;) {
    const value = await found()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 5))
    await clock.advance(stepMs)
  }
}

async function described(DeliveryStreamName: string) {
  return (await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))).DeliveryStreamDescription!
}

async function create(DeliveryStreamName: string, settings: Partial<CreateDeliveryStreamInput>): Promise<void> {
  await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName, ...settings }))
  await until(
    async () => ((await described(DeliveryStreamName)).DeliveryStreamStatus === 'ACTIVE' ? true : undefined),
    100,
  )
}

async function put(DeliveryStreamName: string, ...texts: readonly string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text) }))
  const { FailedPutCount } = await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }))
  assert.equal(FailedPutCount, 0)
}

/** The lines of the objects in the backup bucket below a folder, once there are some. */
const linesIn = (folder: string) => () => {
  const names = readdirSync(join(data, 'buckets', 'backup', folder), { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !entry.name.endsWith('.new'))
  const lines = files.flatMap((file) => readFileSync(join(file.parentPath, file.name), 'utf8').trim().split('\n'))
  return lines.length > 0 ? lines.map((line) => JSON.parse(line)) : undefined
}

const ifThere =
  <T>(found: () => T | undefined) =>
  () => {
    try {
      return found()
    } catch {
      return undefined
    }
  }

test('what is put arrives at an endpoint like Datadog’s, and its key is not described back', async () => {
  const standIn = new EndpointStandIn(datadogIntake('dd-key'))
  const Url = `${await serving(standIn)}/api/v2/logs?dd-protocol=aws-kinesis-firehose`
  await create('datadog', {
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url, Name: 'Datadog', AccessKey: 'dd-key' },
      RequestConfiguration: {
        ContentEncoding: 'GZIP',
        CommonAttributes: [{ AttributeName: 'env', AttributeValue: 'test' }],
      },
      BufferingHints: { SizeInMBs: 4, IntervalInSeconds: 5 },
      RetryOptions: { DurationInSeconds: 60 },
      S3Configuration: { ...backup, Prefix: 'datadog/' },
    },
  })
  await put('datadog', '{"message":"a"}', '{"message":"b"}')
  const [taken] = await until(() => (standIn.taken.length > 0 ? standIn.taken : undefined), 1000)
  assert.deepEqual(taken!.texts, ['{"message":"a"}', '{"message":"b"}'])
  assert.deepEqual(taken!.commonAttributes, { env: 'test' })
  assert.equal(taken!.headers['x-amz-firehose-source-arn'], (await described('datadog')).DeliveryStreamARN)
  const { HttpEndpointDestinationDescription: told } = (await described('datadog')).Destinations![0]!
  assert.deepEqual(told!.EndpointConfiguration, { Url, Name: 'Datadog' })
  assert.equal(told!.S3BackupMode, 'FailedDataOnly')

  standIn.instead = ({ requestId }) => ({
    status: 403,
    ...json({ requestId, timestamp: 1, errorMessage: 'Forbidden' }),
  })
  await put('datadog', 'refused')
  const [error] = await until(ifThere(linesIn('datadog/http-endpoint-failed')), 1000)
  assert.equal(error.errorCode, 'HttpEndpoint.DestinationException')
  assert.equal(Buffer.from(error.rawData, 'base64').toString(), 'refused')
  assert.match(error.errorMessage, /403: .*Forbidden/)
  assert.ok(error.attemptsMade > 3, `${error.attemptsMade} tries`)

  standIn.instead = () => undefined
  const { VersionId, Destinations } = await described('datadog')
  await firehose.send(
    new UpdateDestinationCommand({
      DeliveryStreamName: 'datadog',
      CurrentDeliveryStreamVersionId: VersionId,
      DestinationId: Destinations![0]!.DestinationId,
      HttpEndpointDestinationUpdate: { RequestConfiguration: { ContentEncoding: 'NONE' } },
    }),
  )
  await put('datadog', 'plain')
  const plain = await until(() => standIn.taken[1], 1000)
  assert.deepEqual([plain.texts, plain.headers['content-encoding']], [['plain'], undefined])
})

test('what is put arrives at Splunk, also if the server ends while it waits for the acknowledgment', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  await create('splunk', {
    SplunkDestinationConfiguration: {
      HECEndpoint: await serving(standIn),
      HECEndpointType: 'Event',
      HECToken: token,
      HECAcknowledgmentTimeoutInSeconds: 180,
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 5 },
      S3Configuration: { ...backup, Prefix: 'splunk/' },
    },
  })
  await put('splunk', '{"event":"a"}', 'poison', '{"event":"b"}{"event":"c"}')
  await until(() => standIn.batches[0], 1000)
  await stop()
  await start()
  standIn.isIndexing = true
  await until(() => standIn.batches[1], 1000)
  assert.deepEqual(new Set(standIn.texts), new Set(['{"event":"a"}{"event":"b"}{"event":"c"}']))
  const [error] = await until(ifThere(linesIn('splunk/splunk-failed')), 1000)
  assert.equal(error.errorCode, 'Splunk.InvalidDataFormat')
  assert.match(error.EventId, /^\d{56}\.0$/)
  const { SplunkDestinationDescription: told } = (await described('splunk')).Destinations![0]!
  assert.equal(told!.HECToken, token)
  assert.equal(told!.RetryOptions!.DurationInSeconds, 3600)
})

test('an endpoint on an address that the operator did not allow is not reached, and says so', async () => {
  await create('metadata', {
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url: 'http://169.254.169.254/latest/meta-data/' },
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
      RetryOptions: { DurationInSeconds: 0 },
      S3Configuration: { ...backup, Prefix: 'metadata/' },
    },
  })
  await put('metadata', 'a')
  const [error] = await until(ifThere(linesIn('metadata/http-endpoint-failed')), 1000)
  assert.deepEqual([error.errorCode, error.attemptsMade], ['HttpEndpoint.ConnectionFailed', 1])
  assert.match(error.errorMessage, /169\.254\.169\.254, which the server may not reach/)
})
