import { encode } from 'cborg'
import { firehose, requestBytes } from './wire.ts'

/*
 * The requests that a load is made of, built beforehand. The same bytes for every server: the chance in them is seeded.
 */

export type Load = {
  readonly operation: 'PutRecord' | 'PutRecords'
  readonly format: 'json' | 'cbor'
  readonly streamName: string
  readonly recordsInCall: number
  readonly recordBytes: number
  readonly connections: number
  /** Each request goes to one of so many streams, NAME-0, NAME-1, ...; without it, all go to the one called NAME. */
  readonly streams?: number
  /** How long a connection waits after an answer, in milliseconds. @default not at all */
  readonly delayMs?: number
}

/** What most questions put, or differ from in one thing: 500 records of 100 B in JSON, on 16 connections. */
export const standardLoad: Load = {
  operation: 'PutRecords',
  format: 'json',
  streamName: 'bench',
  connections: 16,
  recordsInCall: 500,
  recordBytes: 100,
}

/** Distinct requests to choose from, so that neither keys nor bytes are always the same. */
const requestCount = 32

/** Whole requests, head and body; no partition key comes twice in all of them. */
export function buildRequests(load: Load): Buffer[] {
  return Array.from({ length: load.streams ?? requestCount }, (_, i) => buildRequest(load, i))
}

function buildRequest(
  { operation, format, streamName, streams, recordsInCall, recordBytes }: Load,
  seed: number,
): Buffer {
  const chance = seeded(seed + 1)
  const record = (_: unknown, i: number) => {
    const data = Buffer.from(Array.from({ length: recordBytes }, () => Math.floor(chance() * 256)))
    const PartitionKey = `key-${seed * recordsInCall + i}-${Math.floor(chance() * 1e6)}`
    return { Data: format === 'json' ? data.toString('base64') : data, PartitionKey }
  }
  const records = Array.from({ length: recordsInCall }, record)
  const StreamName = streams === undefined ? streamName : `${streamName}-${seed}`
  const input = { StreamName, ...(operation === 'PutRecord' ? records[0] : { Records: records }) }
  // Members in the order in which an SDK writes them, not in cborg's canonical one.
  return requestBytes(operation, input, format === 'cbor' ? encode(input, { mapSorter: () => 0 }) : undefined)
}

export type LineLoad = {
  readonly recordsInCall: number
  readonly recordBytes: number
  /** Different values of the member `site`. */
  readonly sites: number
}

/** PutRecordBatch calls: lines of an access log in JSON, which compress as such lines do. */
export function buildPutRecordBatches({ name, ...load }: LineLoad & { readonly name: string }): Buffer[] {
  return buildLines(load).map((lines) => {
    const Records = lines.map((line) => ({ Data: Buffer.from(`${line}\n`).toString('base64') }))
    return requestBytes('PutRecordBatch', { DeliveryStreamName: name, Records }, undefined, firehose)
  })
}

/** The same lines as InfluxDB's line protocol has them, one string in each, to be posted without AWS's forms. */
export function buildLineProtocolPosts(load: LineLoad): Buffer[] {
  const quoted = (line: string) => `"${line.replace(/["\\]/g, '\\$&')}"`
  return buildLines(load).map((lines) => {
    const body = Buffer.from(lines.map((line) => `log line=${quoted(line)}\n`).join(''))
    const head = ['POST / HTTP/1.1', 'Host: 127.0.0.1', `Content-Length: ${body.byteLength}`, '', '']
    return Buffer.concat([Buffer.from(head.join('\r\n')), body])
  })
}

/** For each request, its lines, without line ends; with them they have so many bytes. */
function buildLines({ recordsInCall, recordBytes, sites }: LineLoad): string[][] {
  return Array.from({ length: requestCount }, (_, seed) => {
    const chance = seeded(seed + 1)
    const one = (of: readonly string[]) => of[Math.floor(chance() * of.length)]!
    const number = (max: number) => Math.floor(chance() * max)
    const line = () => {
      const known = {
        site: `site-${number(sites)}`,
        time: new Date(Date.UTC(2026, 0, 1) + number(86_400_000)).toISOString(),
        client: `10.${number(256)}.${number(256)}.${number(256)}`,
        method: one(['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']),
        path: `/${one(places)}/${one(places)}/${number(100_000)}`,
        status: Number(one(['200', '200', '200', '204', '301', '404', '500'])),
        bytes: number(1_000_000),
        seconds: number(10_000) / 1000,
      }
      const words: string[] = []
      const left = recordBytes - JSON.stringify({ ...known, message: '' }).length - 1
      for (let length = 0; length < left; length += words.at(-1)!.length + 1)
        words.push(`${one(places)}${number(1000)}`)
      return JSON.stringify({ ...known, message: words.join(' ').slice(0, left) })
    }
    return Array.from({ length: recordsInCall }, line)
  })
}

const places = [
  'orders',
  'carts',
  'users',
  'items',
  'search',
  'images',
  'static',
  'health',
  'login',
  'prices',
  'stock',
  'offers',
]

/** Numbers from 0 up to 1, the same for the same seed (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
