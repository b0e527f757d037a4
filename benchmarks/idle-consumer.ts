/*
 * The consumer of the leases question, in a process of its own: every shard of a stream that nothing is put into.
 *
 *   in:  where to read (a PipelineStart)
 *   out: when it has all leases ("ready")
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { Consumer } from '@millrace/consumer'
import type { PipelineStart } from './pipeline-producer.ts'

const [{ port, streamName, shardCount }] = (await once(process, 'message')) as [PipelineStart]
const place = {
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
}
const consumer = new Consumer(
  { kinesis: new KinesisClient(place), dynamodb: new DynamoDBClient(place) },
  { applicationName: 'idle', streamName, initialPosition: 'TRIM_HORIZON' },
  () => ({ processRecords() {} }),
)
process.on('disconnect', () => process.exit())
await consumer.start()
while (consumer.shardIds.length < shardCount) await sleep(100)
process.send!('ready')
