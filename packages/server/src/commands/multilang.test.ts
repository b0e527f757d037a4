import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { type Millrace, startMillrace } from '../main.ts'
import { multilangCommand } from './multilang.ts'

/** A record processor as a program: prints to standard error what it is told, and checkpoints after each batch. */
const processorProgram = `
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n')
let action
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line)
  if (message.action !== 'checkpoint') action = message.action
  else if (message.error) console.error(message.error)
  if (message.action === 'initialize') console.error('child', process.pid, message.shardId)
  for (const { data } of message.records ?? []) {
    const text = Buffer.from(data, 'base64').toString()
    if (text === 'poison') process.exit(9)
    console.error('record', text)
  }
  if (message.action === 'processRecords' || message.action === 'shutdownRequested') return say({ action: 'checkpoint' })
  if (message.action === 'leaseLost') console.error('over')
  say({ action: 'status', responseFor: action })
})
`

type World = { readonly server: Millrace; readonly kinesis: KinesisClient; readonly properties: string }

async function openWorld(t: TestContext, shardCount: number): Promise<World> {
  const server = await startMillrace({ limits: 'off', transitionMs: 1 })
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const kinesis = new KinesisClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-multilang-'))
  t.after(async () => {
    kinesis.destroy()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  writeFileSync(join(folder, 'processor.cjs'), processorProgram)
  const properties = join(folder, 'app.properties')
  writeFileSync(
    properties,
    `executableName = ${process.execPath} ${join(folder, 'processor.cjs')}
     streamName = words
     applicationName = app
     initialPositionInStream = TRIM_HORIZON
     AwsCredentialsProvider = StaticCredentialsProvider|any|any
     kinesisEndpoint = ${server.url}
     dynamoDBEndpoint = ${server.url}
     cloudWatchEndpoint = ${server.url}
     failoverTimeMillis = 2000
     retrievalMode = POLLING
     idleTimeBetweenReadsInMillis = 50
     shutdownGraceMillis = 3000`,
  )
  await kinesis.send(new CreateStreamCommand({ StreamName: 'words', ShardCount: shardCount }))
  return { server, kinesis, properties }
}

const put = (kinesis: KinesisClient, ...texts: readonly string[]) =>
  kinesis.send(
    new PutRecordsCommand({
      StreamName: 'words',
      Records: texts.map((text) => ({ PartitionKey: text, Data: Buffer.from(text) })),
    }),
  )

/** The daemon as a process, with all that it and its children write to standard error. */
function startDaemon(t: TestContext, args: readonly string[]) {
  const bin = join(import.meta.dirname, '../bin.ts')
  const child = spawn(process.execPath, [bin, 'multilang', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  const look = new EventTarget()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    look.dispatchEvent(new Event('more'))
  })
  return {
    child,
    said: () => said,
    ended: once(child, 'close').then(([code]) => code as number | null),
    async until(isSo: (said: string) => boolean): Promise<void> {
      while (!isSo(said)) await once(look, 'more', { signal: AbortSignal.timeout(120_000) })
    },
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

test('each shard has a child, which gets its records, and all checkpoint and end at SIGTERM', async (t) => {
  const { server, kinesis, properties } = await openWorld(t, 2)
  const daemon = startDaemon(t, [properties])
  const words = Array.from({ length: 40 }, (_, i) => `word-${i}`)
  await daemon.until((said) => count(said, /^child /gm) === 2)
  await put(kinesis, ...words)
  await daemon.until((said) => words.every((word) => said.includes(`record ${word}\n`)))
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.ended, 0, daemon.said())
  assert.equal(count(daemon.said(), /^record /gm), 40, 'each once')
  assert.equal(count(daemon.said(), /^over$/gm), 2)
  for (const [, pid] of daemon.said().matchAll(/^child (\d+)/gm)) assert.equal(isAlive(Number(pid)), false)

  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const dynamodb = new DynamoDBClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: 'app' }))
  dynamodb.destroy()
  const leases = Items.filter(({ leaseKey }) => leaseKey?.S?.startsWith('shardId-'))
  assert.equal(leases.length, 2)
  for (const { checkpoint, leaseOwner } of leases) {
    assert.match(checkpoint?.S ?? '', /^\d{56}$/)
    assert.equal(leaseOwner, undefined)
  }
})

test('a child that fails ends the daemon with 1, and the others may checkpoint first', async (t) => {
  const { kinesis, properties } = await openWorld(t, 2)
  const daemon = startDaemon(t, ['--config', properties])
  await daemon.until((said) => count(said, /^child /gm) === 2)
  await put(kinesis, 'poison')
  assert.equal(await daemon.ended, 1)
  assert.match(daemon.said(), /"a child failed, and the daemon ends".*the child exited with 9/)
  assert.equal(count(daemon.said(), /^over$/gm), 1)
})

async function refused(args: readonly string[]): Promise<string> {
  const said: string[] = []
  assert.equal(await multilangCommand(args, { write: () => {} }, { write: (text) => said.push(text) }), 2)
  return said.join('')
}

test('wrong options and properties are refused in one line, with 2', async () => {
  assert.match(await refused([]), /^millrace multilang: executableName is required, [^\n]*\n$/)
  assert.match(await refused(['no-such.properties']), /the properties cannot be read: ENOENT[^\n]*\n$/)
  assert.match(await refused(['--set', 'nothing']), /--set must be KEY=VALUE, not "nothing"/)
  assert.match(await refused(['--nothing']), /there is no option --nothing\. See millrace multilang --help/)
  assert.match(await refused(['--log-level', 'loud']), /--log-level must be debug, info, warn, error/)
  assert.match(await refused(['-c', 'a', 'b']), /only one file of properties can be given, and there is also b/)
  const flags = ['--executable', 'x', '--application', 'a', '--stream', 's']
  assert.match(await refused([...flags, '--endpoint', 'localhost']), /kinesisEndpoint must be a URL/)
})

test('--help tells the options', async () => {
  const said: string[] = []
  assert.equal(await multilangCommand(['--help'], { write: (text) => said.push(text) }, { write: () => {} }), 0)
  assert.match(said.join(''), /--executable COMMAND/)
})
