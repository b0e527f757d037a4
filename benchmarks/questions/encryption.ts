import { setTimeout as sleep } from 'node:timers/promises'
import { createStream, type Question } from '../question.ts'
import type { RunningServer } from '../servers.ts'
import { call } from '../wire.ts'
import { wrk } from '../wrk.ts'

const cases = [
  { shards: 1, recordBytes: 100 },
  { shards: 1, recordBytes: 1_000 },
  { shards: 256, recordBytes: 100 },
  { shards: 256, recordBytes: 1_000 },
] as const

const recordsInCall = 500

export const encryption: Question = {
  name: 'encryption',
  asks: 'The processor time of PutRecords for each record, of a stream that is encrypted and of one that is not',
  figures: cases.flatMap(({ shards, recordBytes }) =>
    ['open', 'encrypted'].map((kind) => ({
      title: `CPU for a record, 500 × ${recordBytes} B over ${shards} shard${shards === 1 ? '' : 's'}, ${kind}`,
      unit: 'µs',
      better: 'less' as const,
    })),
  ),
  peers: [],
  async measure(server, { warmUpSeconds, seconds }) {
    const values: number[] = []
    for (const { shards, recordBytes } of cases) {
      const streamName = `bench-${shards}-${recordBytes}`
      await createStream(server.port, streamName, shards)
      await cpuForRecord(server, streamName, recordBytes, warmUpSeconds)
      values.push(await cpuForRecord(server, streamName, recordBytes, seconds))
      await encrypt(server.port, streamName)
      await cpuForRecord(server, streamName, recordBytes, warmUpSeconds)
      values.push(await cpuForRecord(server, streamName, recordBytes, seconds))
    }
    return values
  },
}

async function cpuForRecord(server: RunningServer, streamName: string, recordBytes: number, seconds: number) {
  const beforeMs = server.cpuMs()
  const load = { operation: 'PutRecords', format: 'json', connections: 16, recordsInCall } as const
  const { calls } = await wrk(server.port, { ...load, streamName, recordBytes }, seconds)
  return ((server.cpuMs() - beforeMs) * 1000) / (calls * recordsInCall)
}

async function encrypt(port: number, StreamName: string): Promise<void> {
  await call(port, 'StartStreamEncryption', { StreamName, EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' })
  for (;;) {
    type Answer = { StreamDescriptionSummary: { StreamStatus: string; EncryptionType: string } }
    const { StreamDescriptionSummary: summary } = await call<Answer>(port, 'DescribeStreamSummary', { StreamName })
    if (summary.StreamStatus === 'ACTIVE' && summary.EncryptionType === 'KMS') return
    await sleep(10)
  }
}
