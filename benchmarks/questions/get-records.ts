import { send } from '../load.ts'
import { createStream, type Question } from '../question.ts'
import { Connection, call, requestBytes } from '../wire.ts'

const recordCount = 200_000

export const getRecords: Question = {
  name: 'get-records',
  peers: ['kinesalite', 'kinesis-local'],
  asks: `GetRecords drains ${recordCount.toLocaleString('en')} records of 100 B from one shard, up to 10,000 a call`,
  figures: [{ title: 'GetRecords, drain', unit: 'records/s', better: 'more' }],
  async measure({ port }) {
    await createStream(port, 'bench', 1)
    const put = { operation: 'PutRecords', streamName: 'bench', recordsInCall: 500, recordBytes: 100 } as const
    // A slow server gets as far as it gets: the rate is what counts.
    const { records: total } = await send({ ...put, port, connections: 4, durationMs: 15_000, recordsMax: recordCount })

    const first = { StreamName: 'bench', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' }
    let iterator = (await call<{ ShardIterator: string }>(port, 'GetShardIterator', first)).ShardIterator
    const connection = new Connection(port)
    let records = 0
    let inAnswersMs = 0
    while (records < total) {
      const request = requestBytes('GetRecords', { ShardIterator: iterator, Limit: 10_000 })
      const sentAtMs = performance.now()
      const { status, body } = await connection.send(request)
      inAnswersMs += performance.now() - sentAtMs
      if (status !== 200) throw new Error(`GetRecords: ${status} ${body.toString()}`)
      // Parsing is the client's work: outside the time.
      const answer = JSON.parse(body.toString()) as { Records: unknown[]; NextShardIterator: string }
      records += answer.Records.length
      iterator = answer.NextShardIterator
    }
    connection.close()
    return [records / (inAnswersMs / 1000)]
  },
}
