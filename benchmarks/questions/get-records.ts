import { createStream, type Question, ratioTo } from '../question.ts'
import { buildRequests, type Load, standardLoad } from '../requests.ts'
import { Connection, call, requestBytes } from '../wire.ts'
import { wrkDrain } from '../wrk.ts'

const shardCount = 4
const load: Load = { ...standardLoad, connections: 4 }
const callsMax = 200
const putWithinMs = 15_000
const slowRecordsPerSecond = 100_000
const slowSeconds = 20

const title = 'GetRecords, drain, 4 readers'

export const getRecords: Question = {
  name: 'get-records',
  asks: 'GetRecords drains 4 shards with 100,000 records of 100 B, up to 10,000 a call, again and again',
  figures: [{ title, unit: 'records/s', better: 'more', must: [ratioTo('kinesalite', title, 25)] }],
  peers: ['kinesalite', 'kinesis-local'],
  async measure({ port }, { warmUpSeconds, seconds }) {
    await createStream(port, load.streamName, shardCount)
    const put = await fill(port)
    const iterators = await Promise.all(Array.from({ length: shardCount }, (_, i) => beginningOf(port, i)))
    const drained = await Promise.all(iterators.map((iterator) => drainOnce(port, iterator)))
    const records = drained.reduce((sum, shard) => sum + shard.records, 0)
    if (records !== put) throw new Error(`${put} records were put, and ${records} came back`)
    const bytesPerRecord = drained.reduce((sum, shard) => sum + shard.bytes, 0) / records
    const requests = iterators.map(getRequest)
    const warmUp = (await wrkDrain(port, requests, warmUpSeconds)) / bytesPerRecord
    // A slow server needs seconds for one answer.
    return [(await wrkDrain(port, requests, warmUp < slowRecordsPerSecond ? slowSeconds : seconds)) / bytesPerRecord]
  },
}

/** A slow server gets as far as it gets in time. @returns how many records were put */
async function fill(port: number): Promise<number> {
  const requests = buildRequests(load)
  const startedAtMs = performance.now()
  let calls = 0
  const putOn = async () => {
    const connection = new Connection(port)
    while (calls < callsMax && performance.now() - startedAtMs < putWithinMs) {
      const { status, body } = await connection.send(requests[calls++ % requests.length]!)
      if (status !== 200) throw new Error(`PutRecords: ${status} ${body.toString()}`)
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: load.connections }, putOn))
  return calls * load.recordsInCall
}

async function beginningOf(port: number, shard: number): Promise<string> {
  const ShardId = `shardId-${String(shard).padStart(12, '0')}`
  const input = { StreamName: load.streamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
  return (await call<{ ShardIterator: string }>(port, 'GetShardIterator', input)).ShardIterator
}

const getRequest = (ShardIterator: string) => requestBytes('GetRecords', { ShardIterator, Limit: 10_000 })

async function drainOnce(port: number, beginning: string): Promise<{ records: number; bytes: number }> {
  const connection = new Connection(port)
  let [records, bytes, iterator] = [0, 0, beginning]
  for (;;) {
    const { status, body } = await connection.send(getRequest(iterator))
    if (status !== 200) throw new Error(`GetRecords: ${status} ${body.toString()}`)
    const answer = JSON.parse(body.toString()) as GetRecordsAnswer
    records += answer.Records.length
    bytes += body.byteLength
    iterator = answer.NextShardIterator
    if (answer.Records.length === 0) break
  }
  connection.close()
  return { records, bytes }
}

type GetRecordsAnswer = { Records: unknown[]; NextShardIterator: string }
