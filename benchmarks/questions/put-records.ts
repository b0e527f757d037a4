import { send } from '../load.ts'
import { createStream, type Question } from '../question.ts'

const load = {
  operation: 'PutRecords',
  streamName: 'bench',
  connections: 16,
  recordsInCall: 500,
  recordBytes: 100,
} as const

export const putRecords: Question = {
  name: 'put-records',
  asks: 'PutRecords of 500 records of 100 B, 16 connections, 4 shards',
  figures: [{ title: 'PutRecords, 500 × 100 B', unit: 'records/s', better: 'more' }],
  async measure({ port }) {
    await createStream(port, load.streamName, 4)
    await send({ ...load, port, durationMs: 1_000 })
    const { records, seconds } = await send({ ...load, port, durationMs: 4_000 })
    return [records / seconds]
  },
}
