import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  FirehoseClient,
  ListDeliveryStreamsCommand,
} from '@aws-sdk/client-firehose'
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordCommand,
} from '@aws-sdk/client-kinesis'
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from 'millrace'
import { lookEveryMs } from '../packages/server/src/core/file-watch.ts'
import { allow, trust } from '../packages/server/src/identity/identity-fixture.ts'
import { objectsIn } from './harness/buckets.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* What the server does in the name of roles, by clients that sign: no more than the roles may, at any moment. */

const account = '000000000000'
const streamArn = (name: string) => `arn:aws:kinesis:us-east-1:${account}:stream/${name}`
const functionArn = (name: string) => `arn:aws:lambda:us-east-1:${account}:function:${name}`
const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`
const reading = ['kinesis:DescribeStream', 'kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords']
const mayRead = (stream: string) => allow(reading, streamArn(stream))

type Policy = ReturnType<typeof allow>
type Rights = { readonly delivery: readonly Policy[]; readonly worker: readonly Policy[] }

const keyOf = (name: string) => ({ id: `AKIA${name.toUpperCase()}`.padEnd(20, 'X'), secret: `${name}-`.repeat(8) })
const user = (name: string, ...policies: readonly Policy[]) => ({ name, accessKeys: [keyOf(name)], policies })
const identityWith = ({ delivery, worker }: Rights) => ({
  users: [
    user('root', allow('*')),
    user('maker', allow('firehose:*')),
    user('passer', allow('firehose:*'), allow('iam:PassRole', roleArn('delivery'))),
  ],
  roles: [
    { name: 'delivery', trustPolicy: trust({ Service: 'firehose.amazonaws.com' }), policies: delivery },
    { name: 'worker', trustPolicy: trust({ Service: 'lambda.amazonaws.com' }), policies: worker },
    { name: 'elsewhere', trustPolicy: trust({ AWS: account }), policies: [allow('*')] },
  ],
})

const folder = mkdtempSync(join(tmpdir(), 'millrace-roles-'))
const data = join(folder, 'data')
const identity = join(folder, 'identity.json')
/** Clients sign by the real time: a test may move the server's on by less than five minutes. */
const clock = new ManualClock(Date.now())
const logged: { message: string; facts: Readonly<Record<string, unknown>> }[] = []
const times = (message: string | RegExp) => logged.filter((line) => line.message.match(message)).length
let server: Millrace
const clients: { destroy(): void }[] = []

function connected<T extends { destroy(): void }>(Client: new (options: object) => T, name: string): T {
  const { id: accessKeyId, secret: secretAccessKey } = keyOf(name)
  const credentials = { accessKeyId, secretAccessKey }
  const client = new Client({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 })
  clients.push(client)
  return client
}

let firehose: FirehoseClient
let kinesis: KinesisClient
let lambda: LambdaClient

before(async () => {
  writeFileSync(identity, JSON.stringify(identityWith({ delivery: [], worker: [] })), { mode: 0o600 })
  const upper = join(folder, 'upper.mjs')
  writeFileSync(
    upper,
    `export const handler = async ({ records = [] } = {}) => ({ records: records.map(({ recordId, data }) => ({ recordId,
       result: 'Ok', data: Buffer.from(Buffer.from(data, 'base64').toString().toUpperCase()).toString('base64') })) })`,
  )
  const calling = join(import.meta.dirname, 'lambda/handlers/calling.mjs')
  const role = roleArn('worker')
  server = await startMillrace({
    data,
    identity,
    clock,
    limits: 'off',
    transitionMs: 0,
    durability: 'os',
    logger: { log: (_, message, facts = {}) => void logged.push({ message, facts }) },
    functions: { upper: { module: upper, role }, calling: { module: calling, role, timeoutSeconds: 60 } },
  })
  firehose = connected(FirehoseClient, 'root')
  kinesis = connected(KinesisClient, 'root')
  lambda = connected(LambdaClient, 'root')
})

after(async () => {
  for (const client of clients) client.destroy()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes what the roles may do into the identity file. Resolves once that is in force. */
async function grant(rights: Partial<Rights>): Promise<void> {
  const before = times(/is in force/)
  writeFileSync(identity, JSON.stringify(identityWith({ delivery: [], worker: [], ...rights })))
  await until(() => times(/is in force/) > before, lookEveryMs)
}

/** What a look at the identity file may take: the disk does not keep the test's time. */
const fileReadMs = 50

/** Time goes on by small steps, for others have work to do meanwhile, until something is so. */
async function until(isSo: () => unknown, stepMs = 2): Promise<void> {
  const endMs = clock.monotonicMs() + 60_000
  while (!(await isSo())) {
    assert.ok(clock.monotonicMs() < endMs, `within a minute: ${isSo}`)
    await clock.advance(stepMs)
    if (stepMs === lookEveryMs) await pause(fileReadMs)
  }
}

async function createStream(StreamName: string): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }))
  await until(async () => {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    return StreamDescriptionSummary!.StreamStatus === 'ACTIVE'
  })
}

async function put(StreamName: string, texts: string): Promise<void> {
  for (const text of texts)
    await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: text, Data: Buffer.from(text) }))
}

type S3 = NonNullable<CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration']>

/** A delivery stream that waits for nothing, into a bucket of its name. */
const delivery = (name: string, s3: Partial<S3> = {}): CreateDeliveryStreamCommandInput => ({
  DeliveryStreamName: name,
  ExtendedS3DestinationConfiguration: {
    RoleARN: roleArn('delivery'),
    BucketARN: `arn:aws:s3:::${name}`,
    BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
    CloudWatchLoggingOptions: { Enabled: true },
    ...s3,
  },
})

const ofStream = (name: string, stream: string, RoleARN = roleArn('delivery')): CreateDeliveryStreamCommandInput => ({
  ...delivery(name),
  DeliveryStreamType: 'KinesisStreamAsSource',
  KinesisStreamSourceConfiguration: { KinesisStreamARN: streamArn(stream), RoleARN },
})

async function create(input: CreateDeliveryStreamCommandInput, client = firehose): Promise<void> {
  await client.send(new CreateDeliveryStreamCommand(input))
  const name = input.DeliveryStreamName!
  await until(async () => (await describeDeliveryStream(firehose, name)).DeliveryStreamStatus === 'ACTIVE')
}

const textsIn = (bucket: string) => [...objectsIn(data, bucket).values()].join('')
const sorted = (text: string) => [...text].toSorted().join('')

test('a delivery stream reads while its role may, nothing while it may not, and loses nothing', async () => {
  await grant({ delivery: [mayRead('clicks')] })
  await createStream('clicks')
  await create(ofStream('clicks', 'clicks'))
  await put('clicks', 'abc')
  await until(() => sorted(textsIn('clicks')) === 'abc')

  await grant({ delivery: [allow(reading.slice(0, -1), streamArn('clicks'))] })
  await put('clicks', 'defgh')
  for (let i = 0; i < 20; i++) await clock.advance(1000)
  assert.equal(sorted(textsIn('clicks')), 'abc')
  const told = logged.filter(({ message }) => /may not read its stream/.test(message))
  assert.deepEqual(told, [
    {
      message: 'a delivery stream may not read its stream, and waits',
      facts: {
        deliveryStream: 'clicks',
        reason: `User: arn:aws:sts::${account}:assumed-role/delivery/clicks is not authorized to perform: kinesis:GetRecords on resource: ${streamArn('clicks')} because no identity-based policy allows the kinesis:GetRecords action`,
      },
    },
  ])
  assert.equal(times(/cannot be read/), 0)
  const errorLog = join(data, 'logs/aws/kinesisfirehose/clicks/DestinationDelivery.jsonl')
  await until(() => existsSync(errorLog))
  const entries = readFileSync(errorLog, 'utf8').trim().split('\n')
  assert.equal(entries.length, 1)
  const { deliveryStreamARN, errorCode, message } = JSON.parse(JSON.parse(entries[0]!).message)
  assert.deepEqual(
    [deliveryStreamARN, errorCode, message],
    [
      `arn:aws:firehose:us-east-1:${account}:deliverystream/clicks`,
      'Kinesis.AccessDenied',
      'Access was denied when calling Kinesis. Ensure the access policy on the IAM role used allows access to the appropriate Kinesis APIs.',
    ],
  )

  await grant({ delivery: [mayRead('clicks')] })
  await until(() => textsIn('clicks').length >= 8, 10)
  assert.equal(sorted(textsIn('clicks')), 'abcdefgh', 'each once')
})

test('nobody reads a stream by a delivery stream whose role they may not pass, or that may not itself', async () => {
  await grant({ delivery: [mayRead('secret')] })
  await createStream('secret')
  const maker = connected(FirehoseClient, 'maker')
  const denied = (user: string, action: string, resource: string) => ({
    name: 'AccessDeniedException',
    message: `User: arn:aws:iam::${account}:user/${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  })
  await assert.rejects(
    connected(KinesisClient, 'maker').send(
      new GetShardIteratorCommand({
        StreamName: 'secret',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'LATEST',
      }),
    ),
    denied('maker', 'kinesis:GetShardIterator', streamArn('secret')),
  )
  await assert.rejects(
    create(ofStream('by-maker', 'secret'), maker),
    denied('maker', 'iam:PassRole', roleArn('delivery')),
  )
  const passer = connected(FirehoseClient, 'passer')
  await assert.rejects(
    create(ofStream('by-passer', 'secret', roleArn('worker')), passer),
    denied('passer', 'iam:PassRole', roleArn('worker')),
  )
  await assert.rejects(create(ofStream('by-root', 'secret', roleArn('elsewhere'))), {
    name: 'InvalidArgumentException',
    message: `Firehose is unable to assume role ${roleArn('elsewhere')}. Please check the role provided.`,
  })
  await grant({ delivery: [mayRead('clicks')] })
  await assert.rejects(create(ofStream('by-passer', 'secret'), passer), {
    name: 'InvalidArgumentException',
    message: `Role ${roleArn('delivery')} is not authorized to perform: kinesis:DescribeStream on resource: ${streamArn('secret')}.`,
  })
  const { DeliveryStreamNames = [] } = await maker.send(new ListDeliveryStreamsCommand({}))
  assert.deepEqual(
    DeliveryStreamNames.filter((name) => name.startsWith('by-')),
    [],
  )
  await grant({ delivery: [mayRead('secret')] })
  await create(ofStream('by-passer', 'secret'), passer)
  await put('secret', 'xyz')
  await until(() => sorted(textsIn('by-passer')) === 'xyz')
})

test('a function transforms records only where the role of the delivery stream may have it run', async () => {
  const Parameters = [
    { ParameterName: 'LambdaArn' as const, ParameterValue: functionArn('upper') },
    { ParameterName: 'NumberOfRetries' as const, ParameterValue: '0' },
    { ParameterName: 'BufferSizeInMBs' as const, ParameterValue: '1' },
    { ParameterName: 'BufferIntervalInSeconds' as const, ParameterValue: '0' },
  ]
  const ProcessingConfiguration = { Enabled: true, Processors: [{ Type: 'Lambda' as const, Parameters }] }
  await grant({})
  await create(delivery('upper', { ProcessingConfiguration }))
  await putTexts(firehose, 'upper', ['a'])
  await until(() => textsIn('upper').endsWith('\n'))
  const [[key, text] = ['', '']] = objectsIn(data, 'upper')
  assert.match(key, /^processing-failed\//)
  const { errorCode, errorMessage, rawData } = JSON.parse(text)
  assert.deepEqual(
    [errorCode, errorMessage, Buffer.from(rawData, 'base64').toString()],
    [
      'Lambda.InvokeAccessDenied',
      'Access was denied. Ensure that the access policy allows access to the Lambda function.',
      'a',
    ],
  )
  await grant({ delivery: [allow('lambda:InvokeFunction', functionArn('upper'))] })
  await putTexts(firehose, 'upper', ['b'])
  await until(() => [...objectsIn(data, 'upper').values()].includes('B'))
})

test('records are converted by a table only while the role of the delivery stream may read it', async () => {
  const glue = connected(GlueClient, 'root')
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'lake' } }))
  const StorageDescriptor = { Columns: [{ Name: 'n', Type: 'int' }] }
  await glue.send(new CreateTableCommand({ DatabaseName: 'lake', TableInput: { Name: 'clicks', StorageDescriptor } }))
  const columns = delivery('columns', {
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 0 },
    DataFormatConversionConfiguration: {
      SchemaConfiguration: { RoleARN: roleArn('delivery'), DatabaseName: 'lake', TableName: 'clicks' },
      InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
      OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
    },
  })
  await assert.rejects(create(columns), {
    name: 'InvalidArgumentException',
    message:
      /^Access was denied when calling Glue\. .* is not authorized to perform: glue:GetTable on resource: arn:aws:glue:us-east-1:000000000000:catalog /,
  })
  await grant({ delivery: [allow('glue:GetTable*')] })
  await create(columns)
  await grant({})
  await putTexts(firehose, 'columns', ['{"n":1}'])
  await until(() => logged.some(({ facts }) => facts.code === 'DataFormatConversion.AccessDenied'))
  assert.equal(objectsIn(data, 'columns').size, 0)
  await grant({ delivery: [allow('glue:GetTable*')] })
  await until(() => textsIn('columns').startsWith('PAR1'), 10)
})

test('a function calls the server with the keys of its role, and may what the role may', async () => {
  await grant({ worker: [allow('kinesis:DescribeStreamSummary', streamArn('clicks'))] })
  const Payload = JSON.stringify({ streams: ['clicks', 'secret'] })
  const answer = await lambda.send(new InvokeCommand({ FunctionName: 'calling', Payload }))
  assert.deepEqual(JSON.parse(Buffer.from(answer.Payload!).toString()), [
    'ACTIVE',
    `User: arn:aws:sts::${account}:assumed-role/worker/calling is not authorized to perform: kinesis:DescribeStreamSummary on resource: ${streamArn('secret')} because no identity-based policy allows the kinesis:DescribeStreamSummary action`,
  ])
})

test('a mapping tells in LastProcessingResult that its function’s role may not read, and goes on when it may', async () => {
  await createStream('mapped')
  const map = new CreateEventSourceMappingCommand({
    FunctionName: 'upper',
    EventSourceArn: streamArn('mapped'),
    StartingPosition: 'TRIM_HORIZON',
  })
  await grant({})
  await assert.rejects(lambda.send(map), {
    name: 'InvalidParameterValueException',
    message: /^Cannot access stream .*\. Please ensure the role can perform the /,
  })
  await grant({ worker: [mayRead('mapped')] })
  const { UUID } = await lambda.send(map)
  const told = async () => (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).LastProcessingResult
  await until(async () => (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State === 'Enabled')
  await grant({})
  await put('mapped', 'ab')
  await until(async () => (await told())?.startsWith('PROBLEM'), 20)
  for (let i = 0; i < 10; i++) await clock.advance(1000)
  assert.equal(
    await told(),
    `PROBLEM: User: arn:aws:sts::${account}:assumed-role/worker/upper is not authorized to perform: kinesis:DescribeStream on resource: ${streamArn('mapped')} because no identity-based policy allows the kinesis:DescribeStream action`,
  )
  assert.equal(times('a mapping may not read its stream, and waits'), 1)
  assert.equal(times(/cannot be delivered/), 0)
  await grant({ worker: [mayRead('mapped')] })
  await until(async () => (await told()) === 'OK', 20)
})
