/*
 * worker-fixture.ts URL WORKER RETRIEVAL: a worker of application "app" on stream "s" in a process of its own, to be killed.
 * Says a line for each thing that happens: "shard ID", "record NUMBER".
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { Consumer } from './consumer.ts'

const [endpoint, workerId, retrieval] = process.argv.slice(2) as [string, string, 'polling' | 'fan-out']
const place = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
const consumer = new Consumer(
  { kinesis: new KinesisClient(place), dynamodb: new DynamoDBClient(place) },
  {
    applicationName: 'app',
    streamName: 's',
    workerId,
    retrieval,
    initialPosition: 'TRIM_HORIZON',
    failoverTimeMs: 1500,
    takeIntervalMs: 200,
    shardSyncIntervalMs: 1000,
    idleTimeBetweenReadsMs: 50,
  },
  ({ shardId }) => ({
    initialize: () => void process.stdout.write(`shard ${shardId}\n`),
    async processRecords({ records, checkpointer }) {
      process.stdout.write(records.map(({ data }) => `record ${Buffer.from(data).toString()}\n`).join(''))
      await checkpointer.checkpoint()
    },
  }),
)
process.once('SIGTERM', () => void consumer.stop())
await consumer.start()
await consumer.finished()
process.exit()
