/*
 * The reader of the pipeline question, in a process of its own: every shard from its beginning, each record checked.
 *
 *   in:  where to read (a PipelineStart), then a Round each time
 *   out: when the last of the round was read (a RoundRead)
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { deaggregateRecords } from '@millrace/formats'
import { pipelineClient } from './pipeline-client.ts'
import type { PipelineStart, Round } from './pipeline-producer.ts'
import { PipelineCheck } from './pipeline-records.ts'

export type RoundRead = { readonly endedMs: number; readonly cpuSeconds: number; readonly fault: string | undefined }

const [{ port, streamName: StreamName }] = (await once(process, 'message')) as [PipelineStart]
const kinesis = pipelineClient(port)

const check = new PipelineCheck()
let due = Number.POSITIVE_INFINITY
let cpuBefore = process.cpuUsage()
process.on('message', ({ recordCount }: Round) => {
  due = check.count + recordCount
  cpuBefore = process.cpuUsage()
})
process.on('disconnect', () => process.exit())

const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName }))
process.send!('ready')
await Promise.all(Shards!.map(({ ShardId }) => read(ShardId!)))

async function read(ShardId: string): Promise<void> {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  let next = ShardIterator
  while (next) {
    const { Records, NextShardIterator } = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }))
    for (const { data, partitionKey } of deaggregateRecords(Records! as never)) check.take(data, partitionKey)
    if (check.count >= due) tell()
    if (Records!.length === 0) await sleep(10)
    next = NextShardIterator
  }
}

function tell(): void {
  due = Number.POSITIVE_INFINITY
  const { user, system } = process.cpuUsage(cpuBefore)
  const endedMs = Number(process.hrtime.bigint()) / 1e6
  process.send!({ endedMs, cpuSeconds: (user + system) / 1e6, fault: check.fault } satisfies RoundRead)
}
