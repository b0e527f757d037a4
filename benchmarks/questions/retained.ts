import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { atMost, createStream, type Question, ratioWithin } from '../question.ts'
import { standardLoad } from '../requests.ts'
import { type Filled, fillFolder } from '../retained-folder.ts'
import { type RunningServer, start } from '../servers.ts'
import { Connection, requestBytes } from '../wire.ts'
import { wrk, wrkDrain } from '../wrk.ts'

const gigabyte = 1e9
const turns = 3
const lookups = 500
/** As many come first, between the others' places, and do not count: their code is not compiled yet. */
const ignoredLookups = lookups
const readers = 4
/** About what a look-up of the server reads: a page of an index, then a block. */
const lookupReads = [24 * 1024, 13 * 1024]

const putTitle = (retained: string) => `PutRecords, 500 × 100 B, with ${retained} retained`
const nothingTitle = putTitle('nothing')
const cpuTitle = (retained: string) => `${putTitle(retained)}: server's CPU time`
const startTitle = 'All of it: start-up after kill -9'
const memoryTitle = 'All of it: memory, after reading'
const lookupTitle = (by: string) => `All of it: first record from a ${by}, anywhere, p99`
const [timeTitle, numberTitle] = [lookupTitle('time'), lookupTitle('sequence number')]

const put = (retained: string) => ({
  title: putTitle(retained),
  unit: 'records/s',
  better: 'more' as const,
  must: retained === 'nothing' ? [] : [ratioWithin(putTitle(retained), nothingTitle, 0.9, '≥ 0.9 of nothing retained')],
})
const cpu = (retained: string) => ({ title: cpuTitle(retained), unit: 'µs/record', better: 'less' as const })
const milliseconds = (title: string, max?: number) => ({
  title,
  unit: 'ms',
  better: 'less' as const,
  must: max === undefined ? [] : [atMost(title, max, 'ms')],
})

export const retained: Question = {
  name: 'retained',
  asks: 'With nothing, 1 GB and --gigabytes in a stream of 4 shards: puts in turn, the start, memory, and finding a place',
  figures: [
    { title: 'Growth with data: all of it', unit: 'GB', better: 'more' },
    put('nothing'),
    put('1 GB'),
    put('all of it'),
    cpu('nothing'),
    cpu('all of it'),
    milliseconds(startTitle, 2000),
    { title: 'All of it: memory, idle', unit: 'MB', better: 'less' },
    { title: memoryTitle, unit: 'MB', better: 'less', must: [atMost(memoryTitle, 256, 'MB')] },
    milliseconds(timeTitle, 5),
    milliseconds(numberTitle, 5),
    milliseconds('All of it: two reads of the same files, by themselves, p99'),
  ],
  peers: [],
  roundsMax: 3,
  async measure(nothing, { warmUpSeconds, seconds, gigabytes }) {
    const filled: Filled[] = []
    const servers = [nothing]
    try {
      await createStream(nothing.port, standardLoad.streamName, readers)
      for (const size of [1, gigabytes]) filled.push(await fillFolder(size * gigabyte))
      for (const { server } of filled) servers.push(await start(server))
      for (const { port } of servers) await wrk(port, standardLoad, warmUpSeconds)
      const puts = servers.map(() => ({ rate: 0, cpu: 0 }))
      for (let turn = 0; turn < turns; turn++) {
        for (const [i, server] of servers.entries()) {
          const { rate, cpu } = await putFor(server, seconds)
          puts[i]!.rate += rate / turns
          puts[i]!.cpu += cpu / turns
        }
      }
      const all = filled.at(-1)!
      const killed = servers.pop()!
      process.kill(killed.pid, 'SIGKILL')
      await killed.stop()
      const server = await start(all.server)
      servers.push(server)
      const idleBytes = server.residentBytes()
      const byTime = await lookUp(server, (portion) => ({
        ShardIteratorType: 'AT_TIMESTAMP',
        Timestamp: (all.firstMs + (all.lastMs - all.firstMs) * portion) / 1000,
      }))
      const byNumber = await lookUp(server, (portion) => ({
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber: all.sequenceNumberAt(portion),
      }))
      const alone = await readAlone(all.logDirectory)
      await readFromOldest(server, seconds)
      return [
        gigabytes,
        ...puts.map(({ rate }) => rate),
        puts[0]!.cpu,
        puts.at(-1)!.cpu,
        server.readyMs,
        idleBytes / 1e6,
        server.residentBytes() / 1e6,
        byTime,
        byNumber,
        alone,
      ]
    } finally {
      for (const server of servers.slice(1)) await server.stop()
      for (const { remove } of filled) remove()
    }
  },
}

/** Records a second, and microseconds of processor time for each. */
async function putFor(server: RunningServer, seconds: number): Promise<{ rate: number; cpu: number }> {
  const beforeMs = server.cpuMs()
  const { calls, callsPerSecond } = await wrk(server.port, standardLoad, seconds)
  const { recordsInCall } = standardLoad
  return {
    rate: callsPerSecond * recordsInCall,
    cpu: ((server.cpuMs() - beforeMs) * 1000) / (calls * recordsInCall),
  }
}

/** From asking for an iterator until its first record is there: of many places, the 99th percentile in milliseconds. */
async function lookUp({ port }: RunningServer, position: (portion: number) => object): Promise<number> {
  const connection = new Connection(port)
  const StreamName = standardLoad.streamName
  const times: number[] = []
  for (let i = -ignoredLookups; i < lookups; i++) {
    const portion = i < 0 ? (i + ignoredLookups + 0.5) / lookups : scattered(i) / lookups
    const input = { StreamName, ShardId: 'shardId-000000000000', ...position(portion) }
    const startMs = performance.now()
    const { ShardIterator } = await answered<{ ShardIterator: string }>(connection, 'GetShardIterator', input)
    const { Records } = await answered<{ Records: unknown[] }>(connection, 'GetRecords', { ShardIterator, Limit: 1 })
    if (i >= 0) times.push(performance.now() - startMs)
    if (Records.length !== 1) throw new Error(`no record from ${JSON.stringify(input)} on`)
  }
  connection.close()
  return p99(times)
}

async function answered<T>(connection: Connection, operation: string, input: object): Promise<T> {
  const { status, body } = await connection.send(requestBytes(operation, input))
  if (status !== 200) throw new Error(`${operation}: ${status} ${body.toString()}`)
  return JSON.parse(body.toString()) as T
}

/** What the disk, or the system's cache, takes for as many reads as a look-up is, at places anywhere. */
async function readAlone(directory: string): Promise<number> {
  const names = readdirSync(directory).filter((name) => name.endsWith('.segment'))
  const times: number[] = []
  for (let i = 0; i < lookups; i++) {
    const file = await open(join(directory, names[Math.floor((names.length * scattered(i)) / lookups)]!))
    const { size } = await file.stat()
    const startMs = performance.now()
    for (const [k, bytes] of lookupReads.entries())
      await file.read(new Uint8Array(bytes), 0, bytes, Math.floor(((size - bytes) * ((i * 7 + k * 50) % 100)) / 100))
    times.push(performance.now() - startMs)
    await file.close()
  }
  return p99(times)
}

/** Reads all shards from their oldest record on. */
async function readFromOldest({ port }: RunningServer, seconds: number): Promise<void> {
  const connection = new Connection(port)
  const requests: Buffer[] = []
  for (let shard = 0; shard < readers; shard++) {
    const ShardId = `shardId-${String(shard).padStart(12, '0')}`
    const input = { StreamName: standardLoad.streamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    const { ShardIterator } = await answered<{ ShardIterator: string }>(connection, 'GetShardIterator', input)
    requests.push(requestBytes('GetRecords', { ShardIterator, Limit: 10_000 }))
  }
  connection.close()
  await wrkDrain(port, requests, seconds)
}

/** The numbers below `lookups`, each once, in an order that jumps. */
const scattered = (i: number) => (i * 181) % lookups

const p99 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!
