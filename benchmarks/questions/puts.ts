import { decode } from 'cborg'
import { bareAnswer } from '../bare.ts'
import { measureDisk } from '../disk.ts'
import {
  atMost,
  createStream,
  type Effort,
  type Figure,
  type Question,
  ratioTo,
  ratioWithin,
  type Values,
} from '../question.ts'
import { buildRequests, type Load, standardLoad } from '../requests.ts'
import { contestant, type RunningServer, start } from '../servers.ts'
import { Connection } from '../wire.ts'
import { wrk } from '../wrk.ts'

/* Puts from wrk, 4 shards; Millrace answers when the records are on the disk. */

const inCbor: Load = { ...standardLoad, format: 'cbor' }
const large: Load = { ...standardLoad, recordBytes: 1024 }
const alone: Load = { ...standardLoad, operation: 'PutRecord', recordsInCall: 1, connections: 64 }

const bare = 'the bare server'
const jsonTitle = 'PutRecords, 500 × 100 B, JSON'
const cborTitle = 'PutRecords, 500 × 100 B, CBOR'
const largeTitle = 'PutRecords, 500 × 1 KB, JSON'
const aloneTitle = 'PutRecord, 100 B'
const aloneP99Title = 'PutRecord, 100 B, p99'
const recordsPerSecond = { unit: 'records/s', better: 'more' } as const

/** Processor time hardly depends on what else the machine does: it tells whether a step gained something. */
const cpu = (title: string): Figure => ({ title: `${title}: server's CPU time`, unit: 'µs/record', better: 'less' })

export const putRecords: Question = {
  name: 'put-records',
  asks: 'PutRecords of 500 records of 100 B in JSON, 16 connections',
  figures: [
    {
      title: jsonTitle,
      ...recordsPerSecond,
      must: [ratioTo('roofline', jsonTitle, 0.08, bare), ratioTo('kinesalite', jsonTitle, 30)],
    },
    cpu(jsonTitle),
  ],
  peers: ['kinesalite', 'kinesis-local'],
  measure: (server, effort) => rateOf(server, standardLoad, effort),
  roofline: (effort) => bareRateOf(standardLoad, effort),
}

export const putRecordsCbor: Question = {
  name: 'put-records-cbor',
  asks: 'The same in CBOR',
  figures: [
    { title: cborTitle, ...recordsPerSecond, must: [ratioWithin(cborTitle, jsonTitle, 1, '≥ JSON')] },
    cpu(cborTitle),
  ],
  peers: ['kinesalite'],
  measure: (server, effort) => rateOf(server, inCbor, effort),
  roofline: (effort) => bareRateOf(inCbor, effort),
}

export const putRecordsLarge: Question = {
  name: 'put-records-large',
  asks: 'PutRecords of 500 records of 1 KB in JSON, 16 connections; the roofline is the disk alone',
  figures: [
    { title: largeTitle, ...recordsPerSecond, must: [ratioTo('roofline', largeTitle, 0.7, 'the disk')] },
    cpu(largeTitle),
  ],
  peers: ['kinesalite'],
  measure: (server, effort) => rateOf(server, large, effort),
  roofline: async ({ seconds }) => [measureDisk(seconds) / large.recordBytes],
}

export const putRecord: Question = {
  name: 'put-record',
  asks: 'PutRecord of 100 B, 64 connections',
  figures: [
    { title: aloneTitle, ...recordsPerSecond, must: [ratioTo('roofline', aloneTitle, 0.25, bare)] },
    cpu(aloneTitle),
    { title: aloneP99Title, unit: 'ms', better: 'less', must: [atMost(aloneP99Title, 15, 'ms')] },
  ],
  peers: ['kinesalite', 'kinesis-local'],
  measure: (server, effort) => rateOf(server, alone, effort),
  roofline: (effort) => bareRateOf(alone, effort),
}

async function rateOf(server: RunningServer, load: Load, effort: Effort): Promise<Values> {
  await createStream(server.port, load.streamName, 4)
  await expectSuccess(server.port, load)
  return loaded(server, load, effort)
}

async function bareRateOf(load: Load, effort: Effort): Promise<Values> {
  const server = await start(contestant.bare(await bareAnswer(load)))
  try {
    return await loaded(server, load, effort)
  } finally {
    await server.stop()
  }
}

const slowSeconds = 12

/** Records a second; processor time of the server, in microseconds for a record; p99 of an answer, in milliseconds. */
async function loaded(server: RunningServer, load: Load, { warmUpSeconds, seconds }: Effort): Promise<Values> {
  const warmUp = await wrk(server.port, load, warmUpSeconds)
  // Of a slow server, the calls that are under way at the end would count for too much.
  const isSlow = warmUp.calls < 50 * load.connections
  const cpuBeforeMs = server.cpuMs()
  const { calls, callsPerSecond, p99Ms } = await wrk(server.port, load, isSlow ? slowSeconds : seconds)
  if (calls === 0) return [undefined, undefined, undefined]
  const cpuUs = (server.cpuMs() - cpuBeforeMs) * 1000
  return [callsPerSecond * load.recordsInCall, cpuUs / (calls * load.recordsInCall), p99Ms]
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
