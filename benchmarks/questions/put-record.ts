import { send } from '../load.ts'
import { createStream, type Question } from '../question.ts'

const load = {
  operation: 'PutRecord',
  streamName: 'bench',
  connections: 16,
  recordsInCall: 1,
  recordBytes: 100,
} as const

export const putRecord: Question = {
  name: 'put-record',
  asks: 'PutRecord of 100 B, 16 connections, 4 shards',
  figures: [{ title: 'PutRecord, 100 B', unit: 'records/s', better: 'more' }],
  async measure({ port }) {
    await createStream(port, load.streamName, 4)
    await send({ ...load, port, durationMs: 1_000 })
    const { records, seconds } = await send({ ...load, port, durationMs: 4_000 })
    return [records / seconds]
  },
}
