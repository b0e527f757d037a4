/*
 * A worker of @millrace/consumer as a process of its own, which tells what it does as KclWorker does: so that a test can
 * kill either.
 *
 *   --endpoint URL --stream NAME --application NAME --worker ID
 */

import { parseArgs } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { Consumer } from '@millrace/consumer'

const { values: options } = parseArgs({
  options: {
    endpoint: { type: 'string', default: '' },
    stream: { type: 'string', default: '' },
    application: { type: 'string', default: '' },
    worker: { type: 'string', default: '' },
    'failover-ms': { type: 'string', default: '3000' },
  },
})
const print = (event: string, members: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...members })}\n`)

const own = { endpoint: options.endpoint, region: 'us-east-1' }
const consumer = new Consumer(
  { kinesis: new KinesisClient(own), dynamodb: new DynamoDBClient(own) },
  {
    applicationName: options.application,
    streamName: options.stream,
    workerId: options.worker,
    initialPosition: 'TRIM_HORIZON',
    failoverTimeMs: Number(options['failover-ms']),
    idleTimeBetweenReadsMs: 200,
    shardSyncIntervalMs: 1000,
  },
  ({ shardId: shard }) => ({
    initialize: ({ checkpoint }) => void print('initialize', { shard, ...checkpoint }),
    async processRecords({ records, checkpointer }) {
      print('records', {
        shard,
        records: records.map((record) => [
          record.sequenceNumber,
          record.subSequenceNumber,
          record.partitionKey,
          Buffer.from(record.data).toString(),
        ]),
      })
      await checkpointer.checkpoint()
    },
    leaseLost: () => void print('leaseLost', { shard }),
    async shardEnded({ checkpointer }) {
      print('shardEnded', { shard })
      await checkpointer.checkpoint()
    },
    async shutdownRequested({ checkpointer }) {
      print('shutdownRequested', { shard })
      await checkpointer.checkpoint()
    },
  }),
)
process.stdin.once('data', () => void consumer.stop())
process.stdin.once('end', () => process.exit(1))
await consumer.start()
print('started')
await consumer.finished()
print('stopped')
process.exit(0)
