import { decode } from 'cborg'
import { bareAnswer } from '../bare.ts'
import { measureDisk } from '../disk.ts'
import { atMost, createStream, type Effort, type Figure, type Question, ratioTo, ratioWithin } from '../question.ts'
import { buildRequests, type Load } from '../requests.ts'
import { contestant, type RunningServer, start } from '../servers.ts'
import { Connection } from '../wire.ts'
import { wrk } from '../wrk.ts'

/* Puts from wrk, 4 shards; Millrace answers when the records are on the disk. */

const inJson: Load = {
  operation: 'PutRecords',
  format: 'json',
  streamName: 'bench',
  connections: 16,
  recordsInCall: 500,
  recordBytes: 100,
}
const inCbor: Load = { ...inJson, format: 'cbor' }
const large: Load = { ...inJson, recordBytes: 1024 }
const alone: Load = { ...inJson, operation: 'PutRecord', recordsInCall: 1, connections: 64 }

const bare = 'the bare server'
const jsonTitle = 'PutRecords, 500 × 100 B, JSON'
const cborTitle = 'PutRecords, 500 × 100 B, CBOR'
const largeTitle = 'PutRecords, 500 × 1 KB, JSON'
const aloneTitle = 'PutRecord, 100 B'
const alonep99Title = 'PutRecord, 100 B, p99'
const recordsPerSecond = { unit: 'records/s', better: 'more' } as const

export const putRecords: Question = {
  name: 'put-records',
  asks: 'PutRecords of 500 records of 100 B in JSON, 16 connections',
  figures: [
    {
      title: jsonTitle,
      ...recordsPerSecond,
      must: [ratioTo('roofline', jsonTitle, 0.08, bare), ratioTo('kinesalite', jsonTitle, 30)],
    },
  ],
  peers: ['kinesalite', 'kinesis-local'],
  measure: async (server, effort) => [(await rate(server, inJson, effort)).records],
  roofline: async (effort) => [(await bareRate(inJson, effort)).records],
}

export const putRecordsCbor: Question = {
  name: 'put-records-cbor',
  asks: 'The same in CBOR',
  figures: [{ title: cborTitle, ...recordsPerSecond, must: [ratioWithin(cborTitle, jsonTitle, 1, '≥ JSON')] }],
  peers: ['kinesalite'],
  measure: async (server, effort) => [(await rate(server, inCbor, effort)).records],
  roofline: async (effort) => [(await bareRate(inCbor, effort)).records],
}

export const putRecordsLarge: Question = {
  name: 'put-records-large',
  asks: 'PutRecords of 500 records of 1 KB in JSON, 16 connections; the roofline is the disk alone',
  figures: [{ title: largeTitle, ...recordsPerSecond, must: [ratioTo('roofline', largeTitle, 0.7, 'the disk')] }],
  peers: ['kinesalite'],
  measure: async (server, effort) => [(await rate(server, large, effort)).records],
  roofline: async ({ seconds }) => [measureDisk(seconds) / large.recordBytes],
}

export const putRecord: Question = {
  name: 'put-record',
  asks: 'PutRecord of 100 B, 64 connections',
  figures: [
    { title: aloneTitle, ...recordsPerSecond, must: [ratioTo('roofline', aloneTitle, 0.25, bare)] },
    { title: alonep99Title, unit: 'ms', better: 'less', must: [atMost(alonep99Title, 15, 'ms')] },
  ] satisfies Figure[],
  peers: ['kinesalite', 'kinesis-local'],
  measure: async (server, effort) => figuresAlone(await rate(server, alone, effort)),
  roofline: async (effort) => figuresAlone(await bareRate(alone, effort)),
}

type PutRate = { readonly records: number; readonly p99Ms: number }

const figuresAlone = ({ records, p99Ms }: PutRate) => [records, p99Ms]

async function rate({ name, port }: RunningServer, load: Load, effort: Effort): Promise<PutRate> {
  await createStream(port, load.streamName, 4)
  await expectSuccess(port, load)
  await wrk(port, load, effort.warmUpSeconds)
  // 16 calls of kinesis-local take longer than a round of the others.
  const isSlow = name === 'kinesis-local' && load.operation === 'PutRecords'
  const { callsPerSecond, p99Ms } = await wrk(port, load, isSlow ? 30 : effort.seconds)
  return { records: callsPerSecond * load.recordsInCall, p99Ms }
}

async function bareRate(load: Load, effort: Effort): Promise<PutRate> {
  const server = await start(contestant.bare(await bareAnswer(load)))
  try {
    await wrk(server.port, load, effort.warmUpSeconds)
    const { callsPerSecond, p99Ms } = await wrk(server.port, load, effort.seconds)
    return { records: callsPerSecond * load.recordsInCall, p99Ms }
  } finally {
    await server.stop()
  }
}

/** wrk counts answers but does not read them: one of them is read here. */
async function expectSuccess(port: number, load: Load): Promise<void> {
  const connection = new Connection(port)
  try {
    const { status, body } = await connection.send(buildRequests(load)[0]!)
    const answer = load.format === 'cbor' ? decode(body) : JSON.parse(body.toString())
    const count = load.operation === 'PutRecord' ? 1 : answer.Records?.length
    if (status !== 200 || count !== load.recordsInCall || answer.FailedRecordCount > 0)
      throw new Error(`a put failed: ${status} ${JSON.stringify(answer).slice(0, 200)}`)
  } finally {
    connection.close()
  }
}
