import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { type MillraceOptions, startMillrace } from '../../server/src/index.ts'
import type { Item } from './lease.ts'

/** A Millrace with one stream `s`, in memory. */
export async function openMillrace(shards: number, options: MillraceOptions = {}) {
  const millrace = await startMillrace({ port: 0, transitionMs: 0, ...options })
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const place = { endpoint: millrace.url, region: 'us-east-1', credentials }
  const kinesis = new KinesisClient(place)
  const dynamodb = new DynamoDBClient(place)

  const untilActive = async () => {
    for (;;) {
      const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 's' }))
      if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
    }
  }
  await kinesis.send(new CreateStreamCommand({ StreamName: 's', ShardCount: shards }))
  await untilActive()

  return {
    kinesis,
    dynamodb,
    url: millrace.url,
    /** Records with the numbers from `from` on as data. */
    async put(from: number, count: number): Promise<void> {
      const Records = Array.from({ length: count }, (_, i) => ({
        PartitionKey: `k${from + i}`,
        Data: Buffer.from(String(from + i)),
      }))
      await kinesis.send(new PutRecordsCommand({ StreamName: 's', Records }))
    },
    async split(ShardToSplit: string, at = 2n ** 127n): Promise<void> {
      await kinesis.send(new SplitShardCommand({ StreamName: 's', ShardToSplit, NewStartingHashKey: String(at) }))
      await untilActive()
    },
    async merge(ShardToMerge: string, AdjacentShardToMerge: string): Promise<void> {
      await kinesis.send(new MergeShardsCommand({ StreamName: 's', ShardToMerge, AdjacentShardToMerge }))
      await untilActive()
    },
    async createTable(TableName: string, AttributeName: string): Promise<void> {
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName, KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName, AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      )
      await waitUntilTableExists({ client: dynamodb, maxWaitTime: 10, minDelay: 1 }, { TableName })
    },
    async row(TableName: string, Key: Item): Promise<Item | undefined> {
      return (await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item
    },
    async putRow(TableName: string, Item: Item): Promise<void> {
      await dynamodb.send(new PutItemCommand({ TableName, Item }))
    },
    async [Symbol.asyncDispose]() {
      kinesis.destroy()
      dynamodb.destroy()
      await millrace.stop()
    },
  }
}

export const keyOfLease = (shardId: string): Item => ({ leaseKey: { S: shardId } })
