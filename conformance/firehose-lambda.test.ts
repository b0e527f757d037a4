import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { CreateDeliveryStreamCommand, FirehoseClient, type Processor } from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Delivery streams that pass their records through a function, by the AWS SDK and with real function processes. */

const data = mkdtempSync(join(tmpdir(), 'millrace-firehose-lambda-'))
const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
let millrace: Millrace
let firehose: FirehoseClient

/** A function of someone else's: the first call finds it busy. */
const statuses: number[] = []
const elsewhere = createServer(async (request, response) => {
  const event = JSON.parse(await text(request))
  const records = event.records.map(({ recordId, data: given }: { recordId: string; data: string }) => {
    const changed = `${Buffer.from(given, 'base64')}!`
    return { recordId, result: 'Ok', data: Buffer.from(changed).toString('base64') }
  })
  statuses.push(statuses.length === 0 ? 503 : 200)
  response.writeHead(statuses.at(-1)!).end(JSON.stringify({ records }))
})

const code = {
  mixed: `
    export const handler = async ({ records }) => ({
      records: records.map(({ recordId, data }) => {
        const text = Buffer.from(data, 'base64').toString()
        if (text === 'drop') return { recordId, result: 'Dropped' }
        if (text === 'fail') return { recordId, result: 'ProcessingFailed' }
        return { recordId, result: 'Ok', data: Buffer.from(text.toUpperCase()).toString('base64') }
      }),
    })`,
  crash: 'export const handler = () => process.exit(7)',
  throw: 'export const handler = async () => { throw new Error("no") }',
  rubbish: 'export const handler = async () => ["rubbish"]',
  huge: 'export const handler = async () => "x".repeat(7e6)',
  hang: 'export const handler = () => { for (;;); }',
}

before(async () => {
  for (const [name, source] of Object.entries(code)) writeFileSync(join(data, `${name}.mjs`), source)
  const functions = Object.fromEntries(
    Object.keys(code).map((name) => [
      name,
      { module: join(data, `${name}.mjs`), timeoutSeconds: name === 'hang' ? 1 : 900 },
    ]),
  )
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  const { port } = elsewhere.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/remote/invocations`
  const remote = { url, timeoutSeconds: 900 }
  const apache = { module: 'blueprint:apache-log-to-json', timeoutSeconds: 900 }
  millrace = await startMillrace({
    data: join(data, 'data'),
    clock,
    limits: 'off',
    functions: { ...functions, apache, remote },
  })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  elsewhere.close()
  rmSync(data, { recursive: true, force: true })
})

const parameters = (values: Readonly<Record<string, string>>): Processor['Parameters'] =>
  Object.entries(values).map(([name, ParameterValue]) => ({ ParameterName: name as 'LambdaArn', ParameterValue }))

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`

/** A delivery stream that waits for nothing, with a Lambda processor. */
async function create(name: string, values: Readonly<Record<string, string>>): Promise<void> {
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      ExtendedS3DestinationConfiguration: {
        RoleARN: 'arn:aws:iam::000000000000:role/delivery',
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: `${name}/`,
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            {
              Type: 'Lambda',
              Parameters: parameters({ BufferSizeInMBs: '1', BufferIntervalInSeconds: '0', ...values }),
            },
          ],
        },
      },
    }),
  )
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const described = (name: string) => describeDeliveryStream(firehose, name)

const put = (name: string, ...texts: string[]) => putTexts(firehose, name, texts)

/** The texts of the objects whose keys begin so, once there are some; time goes on by steps meanwhile. */
async function arrived(prefix: string, stepMs = 0): Promise<string> {
  const bucket = join(data, 'data', 'buckets', 'lake')
  mkdirSync(bucket, { recursive: true })
  for (;;) {
    const files = readdirSync(bucket, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = files
      .map((file) => join(file.parentPath, file.name))
      .filter((path) => relative(bucket, path).startsWith(prefix))
    if (paths.length > 0) return paths.map((path) => readFileSync(path, 'utf8')).join('')
    await clock.advance(stepMs)
  }
}

const errorsOf = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('what a function returns is delivered, what it dropped is gone, what failed is in the error output', async () => {
  await create('mixed', { LambdaArn: arnOf('mixed') })
  await put('mixed', 'a', 'drop', 'fail', 'b')
  assert.equal(await arrived('mixed/2026'), 'AB')
  const [line, ...others] = errorsOf(await arrived('mixed/processing-failed/2026'))
  assert.deepEqual(others, [])
  assert.equal(Buffer.from(line.rawData, 'base64').toString(), 'fail')
  assert.equal(line.errorCode, 'Lambda.ProcessingFailedStatus')
  assert.equal(line.lambdaARN, arnOf('mixed'))
  assert.equal(line.attemptsMade, 1)
})

test('a function that hangs, crashes, throws or answers rubbish loses no record', async () => {
  const codes: [string, string][] = [
    ['crash', 'Lambda.FunctionError'],
    ['throw', 'Lambda.FunctionError'],
    ['rubbish', 'Lambda.JsonProcessingException'],
    ['huge', 'Lambda.FunctionError'],
    ['hang', 'Lambda.FunctionError'],
    ['missing', 'Lambda.ResourceNotFound'],
  ]
  for (const [name, errorCode] of codes) {
    await create(name, { LambdaArn: arnOf(name), NumberOfRetries: '1' })
    await put(name, 'a', 'b')
    const lines = errorsOf(await arrived(`${name}/processing-failed/2026`, name === 'rubbish' ? 0 : 100))
    const expected = { errorCode, attemptsMade: name === 'rubbish' ? 1 : 2, lambdaARN: arnOf(name) }
    assert.deepEqual(
      lines.map((line) => ({ errorCode: line.errorCode, attemptsMade: line.attemptsMade, lambdaARN: line.lambdaARN })),
      [expected, expected],
      name,
    )
    assert.deepEqual(
      lines.map(({ rawData }) => Buffer.from(rawData, 'base64').toString()),
      ['a', 'b'],
    )
  }
})

test('a function behind a URL transforms records, and is tried again while it is down', async () => {
  await create('remote', { LambdaArn: arnOf('remote') })
  await put('remote', 'a', 'b')
  assert.equal(await arrived('remote/2026', 100), 'a!b!')
  assert.deepEqual(statuses, [503, 200])
})

test('a blueprint is a function like any other', async () => {
  await create('apache', { LambdaArn: arnOf('apache') })
  await put('apache', '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5', 'rubbish')
  const { host, response } = JSON.parse(await arrived('apache/2026'))
  assert.deepEqual([host, response], ['127.0.0.1', 200])
  assert.equal(errorsOf(await arrived('apache/processing-failed/2026')).length, 1)
})

test('a Lambda processor is described with what AWS fills in, in its order', async () => {
  await create('filled', { BufferSizeInMBs: '0.5', LambdaArn: arnOf('mixed') })
  const [destination] = (await described('filled')).Destinations!
  const [processor] = destination!.ExtendedS3DestinationDescription!.ProcessingConfiguration!.Processors!
  assert.deepEqual(
    processor!.Parameters!.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]),
    [
      ['LambdaArn', arnOf('mixed')],
      ['NumberOfRetries', '3'],
      ['RoleArn', 'arn:aws:iam::000000000000:role/delivery'],
      ['BufferSizeInMBs', '0.5'],
      ['BufferIntervalInSeconds', '0'],
    ],
  )
})

test('parameters that AWS refuses are refused in its words', async () => {
  const cases: [Readonly<Record<string, string>>, string][] = [
    [{ NumberOfRetries: '2' }, 'LambdaArn is required when Lambda processor is used.'],
    [{ LambdaArn: 'mixed' }, 'Invalid lambda ARN.'],
    [{ LambdaArn: arnOf('bad name') }, 'Invalid lambda ARN.'],
    [{ LambdaArn: arnOf('f'), NumberOfRetries: '301' }, 'Number of retries for lambda must be between 0 and 300.'],
    [{ LambdaArn: arnOf('f'), NumberOfRetries: 'many' }, 'Number of retries for lambda must be between 0 and 300.'],
    [
      { LambdaArn: arnOf('f'), BufferSizeInMBs: '0.1' },
      'BufferSizeInMBs for lambda processor must be between 0.2 and 3.',
    ],
    [
      { LambdaArn: arnOf('f'), BufferIntervalInSeconds: '901' },
      'BufferIntervalInSeconds for lambda processor must be between 0 and 900.',
    ],
  ]
  for (const [values, message] of cases)
    await assert.rejects(create('refused', values), { name: 'InvalidArgumentException', message })
})
