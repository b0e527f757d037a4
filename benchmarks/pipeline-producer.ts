/*
 * The sender of the pipeline question, in a process of its own: @millrace/producer on AWS's SDK.
 *
 *   in:  where to put (a PipelineStart), then a Round each time
 *   out: what it took (a RoundSent)
 */

import { once } from 'node:events'
import { Producer } from '@millrace/producer'
import { pipelineClient } from './pipeline-client.ts'
import { keyCount, pipelineRecords } from './pipeline-records.ts'

export type PipelineStart = { readonly port: number; readonly streamName: string; readonly shardCount: number }
export type Round = { readonly recordCount: number }
/** Times are of the machine's clock since it started (process.hrtime), in milliseconds. */
export type RoundSent = { readonly startedMs: number; readonly cpuSeconds: number; readonly fault: string | undefined }

const [{ port, streamName }] = (await once(process, 'message')) as [PipelineStart]
const kinesis = pipelineClient(port)
const producer = new Producer(kinesis, {
  streamName,
  aggregationSizeBytesMax: 1_000_000,
  rateLimitPercent: Number.POSITIVE_INFINITY,
  // As much as is under way at once: what lies there longer is copied from one generation of the heap to the next.
  bufferBytesMax: 16 * 1024 * 1024,
})

let number = 0
process.on('message', async ({ recordCount }: Round) => {
  const startedMs = Number(process.hrtime.bigint()) / 1e6
  const cpuBefore = process.cpuUsage()
  const { putCount, failures } = await producer.putAll(pipelineRecords(recordCount, number))
  number += recordCount / keyCount
  const { user, system } = process.cpuUsage(cpuBefore)
  const fault = putCount === recordCount ? undefined : String(failures[0]?.error)
  process.send!({ startedMs, cpuSeconds: (user + system) / 1e6, fault } satisfies RoundSent)
})
process.on('disconnect', () => process.exit())
process.send!('ready')
