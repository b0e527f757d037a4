/*
 * The consumer of the leases question, in a process of its own: every shard of a stream that nothing is put
 * into, read by the client that docs/consumer.md advises.
 *
 *   in:  where to read (a PipelineStart)
 *   out: when it has all leases ("ready")
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer } from '@millrace/consumer'
import { pipelineClient, pipelineDynamoDB } from './pipeline-client.ts'
import type { PipelineStart } from './pipeline-producer.ts'

const [{ port, streamName, shardCount }] = (await once(process, 'message')) as [PipelineStart]
const consumer = new Consumer(
  { kinesis: pipelineClient(port), dynamodb: pipelineDynamoDB(port) },
  { applicationName: 'idle', streamName, initialPosition: 'TRIM_HORIZON' },
  () => ({ processRecords() {} }),
)
process.on('disconnect', () => process.exit())
await consumer.start()
while (consumer.shardIds.length < shardCount) await sleep(100)
process.send!('ready')
