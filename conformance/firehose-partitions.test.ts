import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CreateDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  type Processor,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Dynamic partitioning by the AWS SDK: keys by a jq query, from a function, and both; and what AWS refuses. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-partitions-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let firehose: FirehoseClient

const keys = `
  export const handler = async ({ records }) => ({
    records: records.map(({ recordId, data }) => {
      const { kind } = JSON.parse(Buffer.from(data, 'base64'))
      return { recordId, result: 'Ok', data, metadata: { partitionKeys: { kind } } }
    }),
  })`

before(async () => {
  writeFileSync(join(data, 'keys.mjs'), keys)
  const functions = { keys: { module: join(data, 'keys.mjs'), timeoutSeconds: 900 } }
  millrace = await startMillrace({ data: join(data, 'data'), clock, limits: 'off', functions, activePartitions: 3 })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

/** Starts a function's process now: time stands still, which later passes faster than a process starts. */
async function warm(FunctionName: string): Promise<void> {
  const lambdaClient = new LambdaClient({ ...connectionTo(millrace) })
  await lambdaClient.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{"records":[]}') }))
  lambdaClient.destroy()
}

type Values = Readonly<Record<string, string>>

const processor = (Type: Processor['Type'], values: Values = {}): Processor => ({
  Type,
  Parameters: Object.entries(values).map(([name, ParameterValue]) => ({
    ParameterName: name as 'LambdaArn',
    ParameterValue,
  })),
})

const byQuery = (query: string) =>
  processor('MetadataExtraction', { MetadataExtractionQuery: query, JsonParsingEngine: 'JQ-1.6' })
const lambda = processor('Lambda', {
  LambdaArn: 'arn:aws:lambda:us-east-1:000000000000:function:keys',
  BufferSizeInMBs: '1',
  BufferIntervalInSeconds: '0',
})

const deAggregation = processor('RecordDeAggregation', { SubRecordType: 'JSON' })

const settingsOf = (
  Prefix: string,
  Processors: Processor[],
  more: Partial<ExtendedS3DestinationConfiguration> = {},
): ExtendedS3DestinationConfiguration => ({
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  BucketARN: 'arn:aws:s3:::lake',
  Prefix,
  ErrorOutputPrefix: 'errors/',
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
  ProcessingConfiguration: { Enabled: true, Processors },
  DynamicPartitioningConfiguration: { Enabled: true },
  ...more,
})

async function create(name: string, settings: ExtendedS3DestinationConfiguration): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration: settings }),
  )
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const described = (name: string) => describeDeliveryStream(firehose, name)

const put = (name: string, ...texts: string[]) => putTexts(firehose, name, texts)

/** The texts of all objects whose keys begin so by what stands before the object's name, once there are so many objects. */
async function arrived(prefix: string, objectCount = 1): Promise<Record<string, string>> {
  const bucket = join(data, 'data', 'buckets', 'lake')
  mkdirSync(bucket, { recursive: true })
  for (;;) {
    const files = readdirSync(bucket, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const found = files
      .map((file) => [relative(bucket, file.parentPath), file] as const)
      .filter(([folder, { name }]) => folder.startsWith(prefix) && !name.endsWith('.new'))
    if (found.length >= objectCount)
      return Object.fromEntries(
        found.map(([folder, { name, parentPath }]) => [folder, readFileSync(join(parentPath, name), 'utf8')]),
      )
    await clock.advance(1000)
  }
}

const errorsOf = (objects: Record<string, string>) =>
  Object.values(objects)
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('records are delivered by the keys that a query finds in them, each partition in its objects', async () => {
  const prefix = 'query/airport=!{partitionKeyFromQuery:airport}/year=!{partitionKeyFromQuery:year}/'
  const query = '{airport: .from, year: .at[0:4]}'
  await create('query', settingsOf(prefix, [byQuery(query), processor('AppendDelimiterToRecord')]))
  const record = (from: string, at: string) => JSON.stringify({ from, at })
  const [a, b, c] = [record('SFO', '2026-05-06'), record('JFK', '2026-05-06'), record('SFO', '2026-12-31')]
  await put('query', a, b, c, record('../..', '2026'), 'not JSON', record('', '2026'))
  assert.deepEqual(await arrived('query/', 2), {
    'query/airport=SFO/year=2026': `${a}\n${c}\n`,
    'query/airport=JFK/year=2026': `${b}\n`,
  })
  const objects = await arrived('errors/')
  assert.match(Object.keys(objects)[0]!, /^errors\/2026\/05\/06\/\d\d$/)
  assert.deepEqual(
    errorsOf(objects).map(({ rawData, errorCode, errorMessage }) => [
      Buffer.from(rawData, 'base64').toString(),
      errorCode,
      errorMessage,
    ]),
    [
      ['not JSON', 'DynamicPartitioning.MetadataExtractionFailed', 'Non JSON record provided'],
      [
        record('', '2026'),
        'DynamicPartitioning.MetadataExtractionFailed',
        'partitionKeys values must not be null or empty',
      ],
      [
        record('../..', '2026'),
        'DynamicPartitioning.MetadataExtractionFailed',
        'The evaluated prefix has the path segment ".."',
      ],
    ],
  )
})

test('keys come from a function and from a query, of records that were taken apart first', async () => {
  const prefix = 'both/!{partitionKeyFromLambda:kind}/!{partitionKeyFromQuery:id}/!{timestamp:yyyy}/'
  const ErrorOutputPrefix = 'both-errors/!{firehose:error-output-type}/'
  await create('both', settingsOf(prefix, [byQuery('{id}'), lambda, deAggregation], { ErrorOutputPrefix }))
  await warm('keys')
  await put('both', '{"id":1,"kind":"x"}{"id":2,"kind":"y"}\n{"id":1,"kind":"x","more":true}', '{"id":3}')
  assert.deepEqual(await arrived('both/', 2), {
    'both/x/1/2026': '{"id":1,"kind":"x"}{"id":1,"kind":"x","more":true}',
    'both/y/2/2026': '{"id":2,"kind":"y"}',
  })
  const [line] = errorsOf(await arrived('both-errors/metadata-extraction-failed'))
  assert.equal(Buffer.from(line.rawData, 'base64').toString(), '{"id":3}')
})

test('records of more partitions than may be active go to the error output', async () => {
  const ErrorOutputPrefix = 'many-errors/!{firehose:error-output-type}/'
  await create('many', settingsOf('many/!{partitionKeyFromQuery:id}/', [byQuery('{id}')], { ErrorOutputPrefix }))
  await put('many', ...[1, 2, 3, 4, 5, 1].map((id) => JSON.stringify({ id })))
  assert.deepEqual(await arrived('many/', 3), {
    'many/1': '{"id":1}{"id":1}',
    'many/2': '{"id":2}',
    'many/3': '{"id":3}',
  })
  const lines = errorsOf(await arrived('many-errors/active-partition-limit-exceeded'))
  assert.deepEqual(
    lines.map(({ rawData }) => Buffer.from(rawData, 'base64').toString()),
    ['{"id":4}', '{"id":5}'],
  )
})

const prefix = 'p/!{partitionKeyFromQuery:a}/'
const extraction = byQuery('{a: .a}')

test('dynamic partitioning has defaults of its own', async () => {
  await create('defaults', settingsOf(prefix, [extraction], { BufferingHints: undefined }))
  const [destination] = (await described('defaults')).Destinations!
  const { BufferingHints, DynamicPartitioningConfiguration } = destination!.ExtendedS3DestinationDescription!
  assert.deepEqual(BufferingHints, { SizeInMBs: 128, IntervalInSeconds: 300 })
  assert.deepEqual(DynamicPartitioningConfiguration, { Enabled: true, RetryOptions: { DurationInSeconds: 300 } })
})

test('what AWS refuses is refused in its words', async () => {
  const cases: [ExtendedS3DestinationConfiguration, string | RegExp][] = [
    [
      settingsOf(prefix, [extraction], { BufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 } }),
      'BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.',
    ],
    [
      settingsOf(prefix, [extraction], { BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 59 } }),
      'BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled.',
    ],
    [
      settingsOf('p/', [extraction]),
      'S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled',
    ],
    [
      settingsOf(prefix, [extraction], { ProcessingConfiguration: { Enabled: false, Processors: [extraction] } }),
      'Processing Configuration is not enabled when DataPartitioning is enabled',
    ],
    [
      settingsOf('p/!{partitionKeyFromLambda:a}/', [extraction]),
      'Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace',
    ],
    [
      settingsOf(prefix, [lambda]),
      'MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace',
    ],
    [
      settingsOf(prefix, [byQuery('{a: .a, b: .b}')]),
      "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
    ],
    [
      settingsOf(`${prefix}!{partitionKeyFromQuery:b}/`, [extraction]),
      /contains the key b, which .* does not extract$/,
    ],
    [
      settingsOf(prefix, [extraction], { ErrorOutputPrefix: undefined }),
      'ErrorOutputPrefix cannot be null or empty when Prefix contains expressions',
    ],
    [
      settingsOf(prefix, [extraction], {
        ErrorOutputPrefix: 'e/!{firehose:error-output-type}/!{partitionKeyFromQuery:a}/',
      }),
      "Dynamic Partitioning Namespaces can't be part of an error prefix expression",
    ],
    [
      settingsOf('p/', [extraction], { DynamicPartitioningConfiguration: undefined }),
      'class com.amazonaws.services.firehose.internal.model.MetadataExtractionProcessor can only be present when Dynamic ' +
        'Partitioning is enabled.',
    ],
    [
      settingsOf('p/', [deAggregation], { DynamicPartitioningConfiguration: undefined }),
      'class com.amazonaws.services.firehose.internal.model.RecordDeAggregationProcessor can only be present when Dynamic ' +
        'Partitioning is enabled.',
    ],
    [
      settingsOf(prefix, [processor('MetadataExtraction', { MetadataExtractionQuery: '{a}' })]),
      'MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6',
    ],
    [settingsOf(prefix, [byQuery('{a: .a |}')]), /^MetadataExtractionQuery is not a valid JQ expression: syntax error/],
  ]
  for (const [settings, message] of cases)
    await assert.rejects(create('refused', settings), { name: 'InvalidArgumentException', message }, `${message}`)
})

test('records are taken apart for S3 only', async () => {
  const bucket = { RoleARN: 'arn:aws:iam::000000000000:role/delivery', BucketARN: 'arn:aws:s3:::lake' }
  const creation = new CreateDeliveryStreamCommand({
    DeliveryStreamName: 'not-s3',
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url: 'https://example.com' },
      S3Configuration: bucket,
      ProcessingConfiguration: { Enabled: true, Processors: [deAggregation] },
    },
  })
  await assert.rejects(firehose.send(creation), {
    name: 'InvalidArgumentException',
    message: 'RecordDeAggregationProcessor is not allowed for any destination type other than S3',
  })
})

test('dynamic partitioning is there from the beginning or never; its keys may change', async () => {
  await create('on', settingsOf(prefix, [extraction]))
  await create('off', {
    ...{ RoleARN: 'arn:aws:iam::000000000000:role/delivery', BucketARN: 'arn:aws:s3:::lake' },
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
  })
  const update = async (name: string, ExtendedS3DestinationUpdate: object) => {
    const { Destinations, VersionId } = await described(name)
    const { DestinationId } = Destinations![0]!
    await firehose.send(
      new UpdateDestinationCommand({
        ...{ DeliveryStreamName: name, CurrentDeliveryStreamVersionId: VersionId, DestinationId },
        ExtendedS3DestinationUpdate,
      }),
    )
  }
  await assert.rejects(
    update('on', {
      Prefix: 'p/',
      ProcessingConfiguration: { Enabled: false },
      DynamicPartitioningConfiguration: { Enabled: false },
    }),
    { name: 'InvalidArgumentException', message: 'Dynamic Partitioning cannot be disabled once it is enabled.' },
  )
  await assert.rejects(update('off', settingsOf(prefix, [extraction])), {
    name: 'InvalidArgumentException',
    message: 'Dynamic Partitioning can only be enabled when a delivery stream is created.',
  })
  await assert.rejects(update('on', { ProcessingConfiguration: { Enabled: true, Processors: [byQuery('{')] } }), {
    name: 'InvalidArgumentException',
    message: /^MetadataExtractionQuery is not a valid JQ expression/,
  })
  await update('on', {
    Prefix: 'changed/!{partitionKeyFromQuery:b}/',
    ProcessingConfiguration: { Enabled: true, Processors: [byQuery('{b: .a}')] },
  })
  await put('on', '{"a":"x"}')
  assert.deepEqual(await arrived('changed/'), { 'changed/x': '{"a":"x"}' })
})
