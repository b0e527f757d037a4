/*
 * The readers of the fan-out question, in a process of their own: consumers of one shard, with the AWS SDK or without.
 *
 *   in:  the start (a Subscription), then, after the last put, when each put was acknowledged
 *   out: 'ready' when every consumer has its answer, then the delays of all records
 */

import { once } from 'node:events'
import { KinesisClient, SubscribeToShardCommand } from '@aws-sdk/client-kinesis'
import { subscribeToBytes } from './pushed-bytes.ts'

export type Subscription = {
  readonly port: number
  /** What a record is taken for: what the AWS SDK makes of it, or its bytes. */
  readonly by: 'sdk' | 'bytes'
  readonly consumerArns: readonly string[]
  /** How many records come to each consumer. */
  readonly recordCount: number
  /** The records of so many puts do not count: the code of the SDK is not compiled yet. */
  readonly ignoredPuts: number
}

/** By the number of the put; by the clock of the machine since it started (process.hrtime), in milliseconds. */
export type Acknowledged = readonly number[]

/** From the answer to the put until the record was in the hands of a consumer, in milliseconds, over all consumers. */
export type Delays = { readonly p50: number; readonly p99: number; readonly cpuSeconds: number }

const { by, port, consumerArns, recordCount, ignoredPuts } = await message<Subscription>()

/** In pairs: the number of the put that a record was in, and when it came. */
const seen = new Float64Array(consumerArns.length * recordCount * 2)
let seenCount = 0

const consumers = await Promise.all(
  consumerArns.map((arn) => (by === 'sdk' ? subscribeBySdk(arn) : subscribeToBytes(port, arn))),
)
const acknowledged = message<Acknowledged>()
const cpuBefore = process.cpuUsage()
process.send!('ready')
await Promise.all(consumers.map(read))
const { user, system } = process.cpuUsage(cpuBefore)
const delays = delaysFrom(await acknowledged)
process.send!({ ...delays, cpuSeconds: (user + system) / 1e6 } satisfies Delays)
process.disconnect()

/** A consumer: the numbers of the puts that the records were in, as they come. */
type Subscriber = { close(): void; readonly numbers: AsyncIterable<readonly number[]> }

async function subscribeBySdk(ConsumerARN: string): Promise<Subscriber> {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' }
  const client = new KinesisClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials })
  const ShardId = 'shardId-000000000000'
  const input = { ConsumerARN, ShardId, StartingPosition: { Type: 'LATEST' } } as const
  const { EventStream } = await client.send(new SubscribeToShardCommand(input))
  const numbers = async function* () {
    for await (const { SubscribeToShardEvent } of EventStream!)
      yield (SubscribeToShardEvent?.Records ?? []).map(({ Data }) =>
        new DataView(Data!.buffer, Data!.byteOffset).getUint32(0),
      )
  }
  return { close: () => client.destroy(), numbers: numbers() }
}

async function read({ close, numbers: pieces }: Subscriber): Promise<void> {
  let count = 0
  for await (const numbers of pieces) {
    const nowMs = Number(process.hrtime.bigint()) / 1e6
    count += numbers.length
    for (const number of numbers) {
      if (number < ignoredPuts) continue
      seen[seenCount++] = number
      seen[seenCount++] = nowMs
    }
    if (count >= recordCount) break
  }
  close()
}

/** A record may come before the answer to its put: that is no delay. */
function delaysFrom(acknowledgedAtMs: Acknowledged): { p50: number; p99: number } {
  const all = new Float64Array(seenCount / 2)
  for (let i = 0; i < all.length; i++) all[i] = Math.max(0, seen[2 * i + 1]! - acknowledgedAtMs[seen[2 * i]!]!)
  all.sort()
  return { p50: all[Math.floor(all.length * 0.5)]!, p99: all[Math.floor(all.length * 0.99)]! }
}

async function message<T>(): Promise<T> {
  const [value] = (await once(process, 'message')) as [T]
  return value
}
