/*
 * The consumer of the pipeline question, in a process of its own: every shard from its beginning, each record checked, and
 * a checkpoint about once a second.
 *
 *   in:  where to read (a PipelineStart), then a Round each time
 *   out: when the last of the round was read (a RoundRead)
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer } from '@millrace/consumer'
import { pipelineClient, pipelineDynamoDB } from './pipeline-client.ts'
import type { PipelineStart, Round } from './pipeline-producer.ts'
import { PipelineCheck } from './pipeline-records.ts'

export type RoundRead = { readonly endedMs: number; readonly cpuSeconds: number; readonly fault: string | undefined }

const [{ port, streamName, shardCount }] = (await once(process, 'message')) as [PipelineStart]
const check = new PipelineCheck()
let due = Number.POSITIVE_INFINITY
let cpuBefore = process.cpuUsage()
process.on('message', ({ recordCount }: Round) => {
  due = check.count + recordCount
  cpuBefore = process.cpuUsage()
})
process.on('disconnect', () => process.exit())

const consumer = new Consumer(
  { kinesis: pipelineClient(port), dynamodb: pipelineDynamoDB(port) },
  {
    applicationName: 'pipeline',
    streamName,
    initialPosition: 'TRIM_HORIZON',
    takeIntervalMs: 200,
    // So long takes a shard to fill two or three aggregates: their MD5 is then taken side by side, no read comes back empty, and
    // each, which costs 0.5 ms at both ends, brings more.
    idleTimeBetweenReadsMs: 150,
    readGapMs: 0,
  },
  () => {
    let checkpointedMs = performance.now()
    return {
      processRecords({ records, checkpointer }) {
        for (let i = 0; i < records.length; i++) check.take(records[i]!.data, records[i]!.partitionKey)
        if (check.count >= due) tell()
        if (performance.now() - checkpointedMs < 1000) return
        checkpointedMs = performance.now()
        return checkpointer.checkpoint()
      },
    }
  },
)
await consumer.start()
while (consumer.shardIds.length < shardCount) await sleep(50)
process.send!('ready')

function tell(): void {
  due = Number.POSITIVE_INFINITY
  const { user, system } = process.cpuUsage(cpuBefore)
  const endedMs = Number(process.hrtime.bigint()) / 1e6
  process.send!({ endedMs, cpuSeconds: (user + system) / 1e6, fault: check.fault } satisfies RoundRead)
}
