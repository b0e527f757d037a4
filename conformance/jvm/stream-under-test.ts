import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type Millrace, type MillraceOptions, startMillrace } from 'millrace'
import { authenticationOptions, testKey } from '../harness/keys.ts'

export const credentials = testKey

/** A Millrace with one stream, for one test. */
export class StreamUnderTest {
  readonly server: Millrace
  readonly kinesis: KinesisClient
  readonly name = 'stream'
  /** The data of all that was put, in order. */
  readonly put: string[] = []
  readonly #traffic: (() => Promise<void>)[] = []

  private constructor(server: Millrace) {
    this.server = server
    this.kinesis = new KinesisClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials,
      requestHandler: new NodeHttpHandler(),
    })
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    shardCount: number,
    options: MillraceOptions = {},
  ): Promise<StreamUnderTest> {
    const server = await startMillrace({
      port: 0,
      limits: 'off',
      transitionMs: 20,
      ...authenticationOptions,
      ...options,
    })
    const stream = new StreamUnderTest(server)
    t.after(async () => {
      await Promise.all(stream.#traffic.map((stop) => stop()))
      stream.kinesis.destroy()
      await server.stop()
    })
    await stream.kinesis.send(new CreateStreamCommand({ StreamName: stream.name, ShardCount: shardCount }))
    await stream.active()
    return stream
  }

  /** Puts `count` records, `PREFIX-0` and so on; the keys come in turn, so that the order within each is known. */
  async putMany(prefix: string, count: number, keys = 50): Promise<void> {
    for (let from = 0; from < count; from += 500) {
      const numbers = Array.from({ length: Math.min(500, count - from) }, (_, i) => from + i)
      const data = numbers.map((number) => `${prefix}-${number}`)
      const { FailedRecordCount } = await this.kinesis.send(
        new PutRecordsCommand({
          StreamName: this.name,
          Records: data.map((text, i) => ({ PartitionKey: `key-${numbers[i]! % keys}`, Data: Buffer.from(text) })),
        }),
      )
      if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were refused`)
      this.put.push(...data)
    }
  }

  /** Puts small groups again and again until `stop` is called; that resolves when the last one is in. */
  steadily(prefix: string): { stop(): Promise<void> } {
    let isOn = true
    const done = (async () => {
      for (let round = 0; isOn; round++) {
        await this.putMany(`${prefix}${round}`, 20)
        await pause(50)
      }
    })()
    const stop = () => {
      isOn = false
      return done
    }
    this.#traffic.push(stop)
    return { stop }
  }

  /** Splits a shard at the middle of its hash keys. */
  async split(shardId: string): Promise<void> {
    const { HashKeyRange } = (await this.shards()).find((shard) => shard.ShardId === shardId)!
    const middle = (BigInt(HashKeyRange!.StartingHashKey!) + BigInt(HashKeyRange!.EndingHashKey!)) / 2n
    await this.kinesis.send(
      new SplitShardCommand({ StreamName: this.name, ShardToSplit: shardId, NewStartingHashKey: String(middle) }),
    )
    await this.active()
  }

  async merge(shardId: string, adjacent: string): Promise<void> {
    await this.kinesis.send(
      new MergeShardsCommand({ StreamName: this.name, ShardToMerge: shardId, AdjacentShardToMerge: adjacent }),
    )
    await this.active()
  }

  async shards() {
    const { Shards = [] } = await this.kinesis.send(new ListShardsCommand({ StreamName: this.name }))
    return Shards
  }

  async active(): Promise<void> {
    for (;;) {
      const { StreamDescriptionSummary: summary } = await this.kinesis.send(
        new DescribeStreamSummaryCommand({ StreamName: this.name }),
      )
      if (summary?.StreamStatus === 'ACTIVE') return
      await pause(10)
    }
  }
}
