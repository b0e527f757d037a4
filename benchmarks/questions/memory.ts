import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../load.ts'
import { createStream, type Question } from '../question.ts'

const recordCount = 1_000_000

export const memory: Question = {
  name: 'memory',
  peers: ['kinesalite', 'kinesis-local'],
  asks: 'Resident memory two seconds after the start, and after a million records of 100 B (within 90 s)',
  figures: [
    { title: 'Memory, idle', unit: 'MB', better: 'less' },
    { title: 'Memory, after 1 M records', unit: 'MB', better: 'less' },
  ],
  async measure(server) {
    await sleep(2_000)
    const idle = server.residentBytes() / 1e6
    await createStream(server.port, 'bench', 4)
    const put = { operation: 'PutRecords', streamName: 'bench', recordsInCall: 500, recordBytes: 100 } as const
    const load = { ...put, port: server.port, connections: 4, durationMs: 90_000, recordsMax: recordCount }
    const { records } = await send(load)
    return [idle, records >= recordCount ? server.residentBytes() / 1e6 : undefined]
  },
}
