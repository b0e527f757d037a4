/*
 * Replays real US flights through a stream of a Millrace that it starts: the origin airport is the partition key, so
 * some shards are hot. A polling reader and a fan-out consumer read at the same time, and each checks that every record
 * came once, and in order for each key. With AWS's limits on, the hot shards throttle until they are split, live.
 */

import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { Command } from '../command-options.ts'
import { readByFanOut, registerConsumer } from './fan-out-reader.ts'
import { type Flight, flights } from './flights.ts'
import { type Split, splitHotShards } from './hot-shards.ts'
import { Ledger } from './ledger.ts'
import { readByPolling } from './polling-reader.ts'
import { Producer } from './producer.ts'
import { showProgress } from './progress.ts'
import { report } from './report.ts'
import { startServer } from './server.ts'

const streamName = 'flights'
const shardCount = 8

const help = `npm run demo [-- OPTIONS], npm run demo -- firehose

Replays real US flights through a stream of a Millrace that it starts, with two readers that check every record; or, with
firehose, brings them as Parquet into a folder, and asks the folder a question.

  --passes N     the flights so many times; 10 unless said otherwise
  --limits off   without AWS's limits
`

const command = new Command('npm run demo', help)
const { values: options, positionals } = command.read({
  options: { limits: { type: 'string', default: 'aws' }, passes: { type: 'string', default: '10' } },
  allowPositionals: true,
})
const passes = command.integer('passes', options.passes, 1)

const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
process.once('SIGTERM', () => interrupted.abort())

try {
  process.exitCode = (await chosen()) ? 0 : 1
} catch (error) {
  if (!interrupted.signal.aborted) throw error
  process.exitCode = 130
}

async function chosen(): Promise<boolean> {
  const [name, ...more] = positionals
  if (name === 'firehose' && more.length === 0) {
    const { lakeDemo } = await import('./lake/lake.ts')
    return lakeDemo(passes, interrupted.signal)
  }
  if (name !== undefined)
    command.refuse(`there is no demo "${positionals.join(' ')}"; there are npm run demo, and npm run demo -- firehose`)
  const server = await startServer(options.limits)
  try {
    return await replay(server.url, flights(passes))
  } finally {
    await server.stop()
  }
}

/** The whole demo against a server. Returns whether every record came out once, and in order for each key. */
async function replay(endpoint: string, input: readonly Flight[]): Promise<boolean> {
  const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' }
  const connect = () => new KinesisClient({ endpoint, region: 'us-east-1', credentials })
  const [writing, polling, pushed] = [connect(), connect(), connect()]
  print(
    `Millrace at ${endpoint}, limits ${options.limits}: ${input.length.toLocaleString('en')} flights, ${shardCount} shards.`,
  )
  await writing.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shardCount }))
  await waitUntilStreamExists({ client: writing, maxWaitTime: 10, minDelay: 1 }, { StreamName: streamName })
  const consumerArn = await registerConsumer(pushed, streamName, 'departures')

  const ledgers = [new Ledger('polling', input.length), new Ledger('fan-out', input.length)] as const
  const producer = new Producer(writing, streamName, input)
  const finished = new AbortController()
  const signal = AbortSignal.any([interrupted.signal, finished.signal])
  const stopProgress = showProgress(producer, ledgers, process.stdout)
  const startedAtMs = performance.now()
  let splits: Split[] = []
  let tookMs = 0
  try {
    const remedy = splitHotShards(writing, streamName, producer, signal)
    const written = producer.run(signal).then(() => {
      tookMs = performance.now() - startedAtMs
    })
    const read = Promise.all([
      readByPolling(polling, streamName, ledgers[0], until(signal, ledgers[0])),
      readByFanOut(pushed, streamName, consumerArn, ledgers[1], until(signal, ledgers[1])),
    ])
    await Promise.all([written, read])
    finished.abort()
    splits = await remedy
  } finally {
    finished.abort()
    stopProgress()
  }
  const outcome = { producer, readers: ledgers, splits, tookMs }
  for (const line of await report(writing, streamName, outcome)) print(line)
  const isRight = ledgers.every(({ isComplete, duplicates, outOfOrder }) => isComplete && duplicates + outOfOrder === 0)
  print(
    isRight
      ? 'Every record came out once per reader, and in order per key.'
      : 'NOT every record came out once and in order.',
  )
  for (const client of [writing, polling, pushed]) client.destroy()
  return isRight
}

function until(signal: AbortSignal, { completed }: Ledger): AbortSignal {
  return AbortSignal.any([signal, completed])
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
