import { setTimeout as sleep } from 'node:timers/promises'
import {
  DescribeStreamConsumerCommand,
  KinesisClient,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis'
import { createStream, type Question } from '../question.ts'

const recordCount = 300
const everyMs = 10

export const propagation: Question = {
  name: 'propagation',
  peers: [],
  asks: 'From sending PutRecord to the record in the hands of a fan-out consumer, 100 records a second, AWS SDK',
  figures: [
    { title: 'Fan-out propagation, p50', unit: 'ms', better: 'less' },
    { title: 'Fan-out propagation, p99', unit: 'ms', better: 'less' },
  ],
  async measure({ name, port }) {
    // Neither peer has SubscribeToShard.
    if (name !== 'Millrace') return [undefined, undefined]
    await createStream(port, 'bench', 1)
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' }
    const client = new KinesisClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials })
    const subscriber = new KinesisClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials })
    const delays = receive(subscriber, await register(client))
    await sleep(300)
    for (let i = 0; i < recordCount; i++) {
      const Data = Buffer.from(String(performance.now()))
      const paced = sleep(everyMs)
      await client.send(new PutRecordCommand({ StreamName: 'bench', PartitionKey: String(i), Data }))
      await paced
    }
    const sorted = (await delays).sort((a, b) => a - b)
    client.destroy()
    subscriber.destroy()
    return [sorted[Math.floor(sorted.length * 0.5)], sorted[Math.floor(sorted.length * 0.99)]]
  },
}

async function register(client: KinesisClient): Promise<string> {
  const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/bench'
  const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'bench' }))
  const ConsumerARN = Consumer!.ConsumerARN!
  for (;;) {
    const { ConsumerDescription } = await client.send(new DescribeStreamConsumerCommand({ ConsumerARN }))
    if (ConsumerDescription?.ConsumerStatus === 'ACTIVE') return ConsumerARN
    await sleep(20)
  }
}

/** The delay of each record, in milliseconds, once all have come. */
async function receive(client: KinesisClient, ConsumerARN: string): Promise<number[]> {
  const { EventStream } = await client.send(
    new SubscribeToShardCommand({
      ConsumerARN,
      ShardId: 'shardId-000000000000',
      StartingPosition: { Type: 'TRIM_HORIZON' },
    }),
  )
  const delays: number[] = []
  for await (const { SubscribeToShardEvent } of EventStream!) {
    for (const { Data } of SubscribeToShardEvent?.Records ?? [])
      delays.push(performance.now() - Number(Buffer.from(Data!).toString()))
    if (delays.length >= recordCount) break
  }
  return delays
}
