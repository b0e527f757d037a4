import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { CreateStreamCommand, DescribeStreamSummaryCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { uniqueName } from './harness/kinesis.ts'
import { LambdaServer, type Logged } from './harness/lambda.ts'

/* Event source mappings through the real client, to functions in processes of their own. */

const module = join(import.meta.dirname, 'lambda/handlers/records.mjs')
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function'
const functions = {
  handler: { module, timeoutSeconds: 1 },
  reporting: { module, handler: 'reporting' },
  counting: { module, handler: 'counting' },
  other: { module },
}
const server = new LambdaServer()
let data = ''
const options = () => ({ data, durability: 'os' as const, functions })
before(async () => {
  data = await mkdtemp(join(tmpdir(), 'millrace-lambda-'))
  await server.open(options())
})
after(async () => {
  await server.close()
  await rm(data, { recursive: true, force: true })
})

/** An ACTIVE stream of this case's own: its name and ARN. */
async function newStream(): Promise<{ name: string; arn: string }> {
  const StreamName = uniqueName()
  await server.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
  for (;;) {
    const { StreamDescriptionSummary } = await server.kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    const { StreamARN, StreamStatus } = StreamDescriptionSummary!
    if (StreamStatus === 'ACTIVE') return { name: StreamName, arn: StreamARN! }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const create = (more: Partial<CreateEventSourceMappingCommandInput>) =>
  server.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: 'handler', StartingPosition: 'TRIM_HORIZON', ...more }),
  )

/** A mapping that is Enabled. */
async function map(t: TestContext, more: Partial<CreateEventSourceMappingCommandInput>) {
  const { UUID } = await create(more)
  t.after(() => server.lambda.send(new DeleteEventSourceMappingCommand({ UUID })))
  for (;;) {
    const mapping = await server.lambda.send(new GetEventSourceMappingCommand({ UUID }))
    if (mapping.State === 'Enabled') return mapping
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const put = (StreamName: string, ...texts: string[]) =>
  server.kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: 'k' })),
    }),
  )

const isBatch =
  (...texts: string[]) =>
  ({ message }: Logged) =>
    message === `batch ${JSON.stringify(texts)}`

test('a new mapping is answered as AWS does', async () => {
  const { arn } = await newStream()
  const { $metadata, EventSourceMappingArn, LastModified, UUID, ...rest } = await create({ EventSourceArn: arn })
  assert.equal($metadata.httpStatusCode, 202)
  assert.match(UUID!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(EventSourceMappingArn, `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${UUID}`)
  assert.ok(LastModified instanceof Date && Math.abs(LastModified.getTime() - Date.now()) < 60_000)
  assert.deepEqual(rest, {
    BatchSize: 100,
    BisectBatchOnFunctionError: false,
    DestinationConfig: { OnFailure: {} },
    EventSourceArn: arn,
    FunctionArn: `${functionArn}:handler`,
    FunctionResponseTypes: [],
    LastProcessingResult: 'No records processed',
    MaximumBatchingWindowInSeconds: 0,
    MaximumRecordAgeInSeconds: -1,
    MaximumRetryAttempts: -1,
    ParallelizationFactor: 1,
    StartingPosition: 'TRIM_HORIZON',
    State: 'Creating',
    StateTransitionReason: 'User action',
    TumblingWindowInSeconds: 0,
  })
})

const wrong: [string, object, string, RegExp][] = [
  ['no source', { EventSourceArn: undefined }, 'InvalidParameterValueException', /^Unrecognized event source\.$/],
  [
    'a queue as source',
    { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q' },
    'InvalidParameterValueException',
    /^Unrecognized event source\. Millrace reads streams/,
  ],
  [
    'a stream that is not there',
    { EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/nowhere' },
    'InvalidParameterValueException',
    /^Stream not found: arn:aws:kinesis:us-east-1:000000000000:stream\/nowhere$/,
  ],
  [
    'a function that is not there',
    { FunctionName: 'nobody' },
    'InvalidParameterValueException',
    /^Function does not exist$/,
  ],
  [
    'no starting position',
    { StartingPosition: undefined },
    'ValidationException',
    /'startingPosition' .* not be null$/,
  ],
  ['a position of no kind', { StartingPosition: 'MIDDLE' }, 'ValidationException', /enum value set/],
  ['AT_TIMESTAMP without one', { StartingPosition: 'AT_TIMESTAMP' }, 'InvalidParameterValueException', /is required/],
  [
    'a time to come',
    { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(2 ** 42) },
    'InvalidParameterValueException',
    /cannot be in the future/,
  ],
  ['BatchSize 0', { BatchSize: 0 }, 'ValidationException', /'batchSize' .* greater than or equal to 1$/],
  ['BatchSize 10001', { BatchSize: 10_001 }, 'ValidationException', /less than or equal to 10000$/],
  ['a window of 301 s', { MaximumBatchingWindowInSeconds: 301 }, 'ValidationException', /equal to 300$/],
  ['11 lanes', { ParallelizationFactor: 11 }, 'ValidationException', /less than or equal to 10$/],
  ['-2 retries', { MaximumRetryAttempts: -2 }, 'ValidationException', /greater than or equal to -1$/],
  ['an age of 59 s', { MaximumRecordAgeInSeconds: 59 }, 'InvalidParameterValueException', /between 60 and 604800/],
  ['a tumbling window of 901 s', { TumblingWindowInSeconds: 901 }, 'ValidationException', /equal to 900$/],
  ['a response type of no kind', { FunctionResponseTypes: ['Nonsense'] }, 'ValidationException', /enum value set/],
  [
    'a filter that is none',
    { FilterCriteria: { Filters: [{ Pattern: '{"data":' }] } },
    'InvalidParameterValueException',
    /^Invalid filter pattern definition\.$/,
  ],
  [
    'a destination for success',
    { DestinationConfig: { OnSuccess: { Destination: 'arn:aws:s3:::b' } } },
    'InvalidParameterValueException',
    /^Unsupported DestinationConfig parameter for given event source mapping type\.$/,
  ],
  [
    'a queue for failures',
    { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:q' } } },
    'InvalidParameterValueException',
    /has no SQS, SNS or Kafka/,
  ],
  [
    'a bucket that leads out of its folder',
    { DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::../..' } } },
    'InvalidParameterValueException',
    /is invalid/,
  ],
]
test('what a mapping may not be is refused', async (t) => {
  const { arn } = await newStream()
  for (const [name, more, code, message] of wrong)
    await t.test(name, () => assert.rejects(create({ EventSourceArn: arn, ...more }), { name: code, message }))
})

test('one function is mapped to one source once', async (t) => {
  const { arn } = await newStream()
  const { UUID } = await map(t, { EventSourceArn: arn })
  await assert.rejects(create({ EventSourceArn: arn, FunctionName: `${functionArn}:handler` }), {
    name: 'ResourceConflictException',
    message:
      `The event source arn (" ${arn} ") and function (" handler ") provided mapping already exists. ` +
      `Please update or delete the existing mapping with UUID ${UUID}`,
  })
  const both = await Promise.allSettled([1, 2].map(() => create({ EventSourceArn: arn, FunctionName: 'other' })))
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('mappings are listed by source and by function, page by page', async (t) => {
  const { arn } = await newStream()
  const names = ['handler', 'other', 'reporting']
  for (const FunctionName of names) await map(t, { EventSourceArn: arn, FunctionName })
  const list = async (more: object) => {
    const answer = await server.lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn: arn, ...more }))
    return { ...answer, names: answer.EventSourceMappings!.map((mapping) => mapping.FunctionArn!.split(':').at(-1)!) }
  }
  assert.deepEqual((await list({})).names.sort(), names)
  assert.deepEqual((await list({ FunctionName: 'other' })).names, ['other'])
  const first = await list({ MaxItems: 2 })
  const second = await list({ MaxItems: 2, Marker: first.NextMarker })
  assert.deepEqual([...first.names, ...second.names].sort(), names)
  assert.equal(second.NextMarker, undefined)
  await assert.rejects(list({ Marker: '!' }), { name: 'InvalidParameterValueException' })
})

test('no call can name code to run', async () => {
  const refused = { name: 'InvalidParameterValueException', message: /functions are named in the file/ }
  const Code = { ZipFile: new Uint8Array([1]) }
  const input = { FunctionName: 'new', Role: 'arn:aws:iam::000000000000:role/r', Code }
  await assert.rejects(server.lambda.send(new CreateFunctionCommand(input)), refused)
  await assert.rejects(server.lambda.send(new DeleteFunctionCommand({ FunctionName: 'other' })), refused)
})

for (const fault of ['throw', 'crash', 'exit', 'hang'])
  test(`a batch on which the function does ${fault} is put into the bucket, and the next one is delivered`, async (t) => {
    const { arn, name } = await newStream()
    const bucket = `failed-${fault}`
    await map(t, {
      EventSourceArn: arn,
      MaximumRetryAttempts: 1,
      BatchSize: 1,
      DestinationConfig: { OnFailure: { Destination: `arn:aws:s3:::${bucket}` } },
    })
    await put(name, fault, `after ${fault}`)
    await server.untilLogged(isBatch(`after ${fault}`))
    const files = await readdir(join(data, 'buckets', bucket), { recursive: true })
    const [file] = files.filter((path) => path.includes('T'))
    const { KinesisBatchInfo, requestContext } = JSON.parse(
      await readFile(join(data, 'buckets', bucket, file!), 'utf8'),
    )
    assert.deepEqual(
      [requestContext.condition, requestContext.approximateInvokeCount, KinesisBatchInfo.streamArn],
      ['RetryAttemptsExhausted', 2, arn],
    )
  })

test('an answer to ReportBatchItemFailures that is rubbish is a failure of the whole batch', async (t) => {
  const { arn, name } = await newStream()
  const { UUID } = await map(t, {
    EventSourceArn: arn,
    MaximumRetryAttempts: 0,
    BatchSize: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  })
  await put(name, 'rubbish')
  await server.untilLogged(({ facts, message }) => message === 'records were given up' && facts.mapping === UUID)
})

test('what a function reports as failed comes again by itself', async (t) => {
  const { arn, name } = await newStream()
  await map(t, {
    EventSourceArn: arn,
    FunctionName: 'reporting',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 0,
  })
  await put(name, 'r1', 'r2', 'bad', 'r3')
  await server.untilLogged(isBatch('r3'))
})

test('a mapping can be disabled, changed and enabled, and goes on where it was', async (t) => {
  const { arn, name } = await newStream()
  const { UUID } = await map(t, { EventSourceArn: arn, StartingPosition: 'LATEST' })
  const settle = async (more: object, state: string) => {
    await server.lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more }))
    while ((await server.lambda.send(new GetEventSourceMappingCommand({ UUID }))).State !== state);
  }
  await put(name, 'first')
  await server.untilLogged(isBatch('first'))
  await settle({ Enabled: false, BatchSize: 2 }, 'Disabled')
  await put(name, 'd1', 'd2', 'd3')
  await settle({ Enabled: true }, 'Enabled')
  await server.untilLogged(isBatch('d1', 'd2'))
  await server.untilLogged(isBatch('d3'))
})

test('a tumbling window is counted over its batches', async (t) => {
  const { arn, name } = await newStream()
  await map(t, { EventSourceArn: arn, FunctionName: 'counting', TumblingWindowInSeconds: 1, BatchSize: 2 })
  await put(name, 'a', 'b', 'c')
  await server.untilLogged(({ message }) => message === 'window 3')
})

test('a server that is started again on its folder delivers what came behind its checkpoint', async (t) => {
  const { arn, name } = await newStream()
  await map(t, { EventSourceArn: arn, BatchSize: 2 })
  await put(name, 'x', 'y')
  await server.untilLogged(isBatch('x', 'y'))
  await server.close()
  server.logged.length = 0
  await server.open(options())
  await put(name, 'z')
  await server.untilLogged(isBatch('z'))
  assert.deepEqual(
    server.logged.filter(({ facts, message }) => facts.function === 'handler' && /"[xyz]"/.test(message)).length,
    1,
  )
})
