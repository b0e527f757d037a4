import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateDeliveryStreamCommand, DescribeDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose'
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue'
import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { startMillrace } from '../../../packages/server/src/index.ts'
import { flights } from '../flights.ts'
import { Producer } from '../producer.ts'
import { fastClock } from './fast-clock.ts'
import { type LakeProgress, showLakeProgress } from './lake-progress.ts'
import { askLake } from './lake-question.ts'
import { bucket, databaseName, flightsDelivery, flightsTable } from './lake-settings.ts'

/*
 * npm run demo -- firehose [--passes N]
 *
 * The flights go into a stream, and a delivery stream brings them to a folder as Parquet, by airport and hour, with the
 * settings that AWS would be given. The server's clock runs twenty times as fast, so that nobody waits for the buffers'
 * minute, and two minutes before a full hour it begins. Then the folder is asked a question.
 */

const StreamName = 'flights'
const speed = 20
const startMs = Date.UTC(2026, 6, 1, 8, 58)
const print = (line: string) => void process.stdout.write(`${line}\n`)

/** Returns whether each flight arrived once. */
export async function lakeDemo(passes: number, signal: AbortSignal): Promise<boolean> {
  const input = flights(passes)
  const data = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
  const clock = fastClock(startMs, speed)
  const server = await startMillrace({ data, clock, limits: 'off' })
  const place = {
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  }
  const [kinesis, firehose, glue] = [new KinesisClient(place), new FirehoseClient(place), new GlueClient(place)]
  try {
    print(`Millrace at ${server.url}: ${input.length.toLocaleString('en')} flights, stream → Firehose → Parquet.`)
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 4 }))
    await waitUntilStreamExists({ client: kinesis, maxWaitTime: 10, minDelay: 1 }, { StreamName })
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: databaseName } }))
    await glue.send(new CreateTableCommand(flightsTable))
    await deliver(firehose, `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`)

    const producer = new Producer(kinesis, StreamName, input)
    let seen = await delivery(server.url)
    const progress = (): LakeProgress => ({
      total: input.length,
      put: producer.accepted,
      ...seen,
      nowMs: clock.nowMs(),
    })
    const stopProgress = showLakeProgress(progress, process.stdout)
    try {
      const written = producer.run(signal)
      while (seen.delivered + seen.failed < input.length && !signal.aborted) {
        await sleep(100)
        seen = await delivery(server.url)
      }
      await written
    } finally {
      stopProgress()
    }
    return !signal.aborted && (await answer(join(data, 'buckets', bucket, 'flights'), input.length))
  } finally {
    for (const client of [kinesis, firehose, glue]) client.destroy()
    await server.stop()
  }
}

async function deliver(firehose: FirehoseClient, streamArn: string): Promise<void> {
  const settings = flightsDelivery(streamArn)
  await firehose.send(new CreateDeliveryStreamCommand(settings))
  const { DeliveryStreamName } = settings
  for (;;) {
    const { DeliveryStreamDescription } = await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))
    if (DeliveryStreamDescription?.DeliveryStreamStatus === 'ACTIVE') return
    await sleep(20)
  }
}

/** What `millrace deliveries` shows, too. */
async function delivery(url: string) {
  const response = await fetch(`${url}/deliveries`)
  const { deliveries } = (await response.json()) as {
    deliveries: { out: { records: number; batches: number }; buffered: { records: number }; failedRecords: number }[]
  }
  const [{ out, buffered, failedRecords }] = deliveries as [(typeof deliveries)[0]]
  return { delivered: out.records, objects: out.batches, buffered: buffered.records, failed: failedRecords }
}

async function answer(directory: string, total: number): Promise<boolean> {
  const { busiest, flights: found, lines, objects } = await askLake(directory)
  const airport = `airport=${busiest}`
  const hours = (await readdir(join(directory, airport))).sort()
  print(`\nThe lake is a folder: ${directory}`)
  print(`  ${airport}/${hours.join(', ')} and so on: ${objects.toLocaleString('en')} Parquet files.\n`)
  for (const line of lines) print(line)
  const isRight = found === total
  print(isRight ? '\nEvery flight arrived once.' : `\nNOT every flight arrived once: ${found} of ${total} are there.`)
  return isRight
}
