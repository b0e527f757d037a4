import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis'
import { CreateEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ServerProcess } from './server-process.ts'

/* The real server on a real folder, killed while its functions run: what they had done, and what they get again. */

const recordCount = 200
const batchSize = 10

type Seen = { readonly pid: number; readonly texts?: string[]; readonly loops?: string[] }

test('after kill -9 nothing is lost, one batch at most comes again, and no function is left running', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-lambda-restart-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const SEEN = join(folder, 'seen')
  const functions = join(folder, 'functions.json')
  const module = join(import.meta.dirname, '../../conformance/lambda/handlers/restarted.mjs')
  const environment = { SEEN }
  await writeFile(SEEN, '')
  await writeFile(
    functions,
    JSON.stringify({
      slow: { module, handler: 'slow', environment },
      looping: { module, handler: 'looping', environment, timeoutSeconds: 900 },
    }),
  )
  const start = () =>
    ServerProcess.start({ data: join(folder, 'data'), entry: 'bin', args: ['--functions', functions] })
  const seen = async (): Promise<Seen[]> =>
    (await readFile(SEEN, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await pause(10)
  }
  const textsSeen = async () => (await seen()).flatMap(({ texts = [] }) => texts)

  let server = await start()
  await prepare(server.port)
  const killedAt: number[] = []
  for (const batches of [4, 9]) {
    await until(async () => (await seen()).filter(({ texts }) => texts).length >= batches)
    await server.kill()
    killedAt.push((await textsSeen()).length)
    const pids = new Set((await seen()).map(({ pid }) => pid))
    await until(async () => [...pids].every((pid) => !isRunning(pid)))
    server = await start()
  }
  await until(async () => new Set(await textsSeen()).size === recordCount)
  assert.deepEqual(await server.stop().then(({ code }) => code), 0)

  const texts = await textsSeen()
  const again = texts.length - recordCount
  t.diagnostic(`killed after ${killedAt.join(' and ')} records; ${again} of ${recordCount} came again`)
  assert.ok(again <= batchSize * killedAt.length, `${again} records came again`)
  const firsts = texts.filter((text, i) => texts.indexOf(text) === i)
  assert.deepEqual(
    firsts,
    Array.from({ length: recordCount }, (_, n) => `${n}`),
    'in the order of the shard',
  )
})

/** A stream with records, mapped to both functions. */
async function prepare(port: number): Promise<void> {
  const connection = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  }
  const kinesis = new KinesisClient(connection)
  const lambda = new LambdaClient(connection)
  const StreamName = 's'
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
  let StreamARN: string | undefined
  for (let status: string | undefined; status !== 'ACTIVE'; ) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    status = StreamDescriptionSummary!.StreamStatus
    StreamARN = StreamDescriptionSummary!.StreamARN
  }
  const Records = Array.from({ length: recordCount }, (_, n) => ({ Data: Buffer.from(`${n}`), PartitionKey: 'k' }))
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }))
  for (const FunctionName of ['looping', 'slow'])
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName,
        EventSourceArn: StreamARN,
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: batchSize,
      }),
    )
  kinesis.destroy()
  lambda.destroy()
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
