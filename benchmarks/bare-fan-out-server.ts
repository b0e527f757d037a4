/*
 * The roofline of fan-out: what the AWS SDK and node:http2 themselves cost. It passes the records of each PutRecords on to
 * every subscriber, with nothing in between: no disk, no checks, no positions.
 *
 *   node benchmarks/bare-fan-out-server.ts PORT
 */

import { createServer, type ServerHttp2Stream } from 'node:http2'
import { encodeEventFrame } from '../packages/formats/src/index.ts'

const subscribers = new Set<ServerHttp2Stream>()
const sequenceNumber = '49600000000000000000000000000000000000000000000000000000'

const eventHeaders = (type: string) => ({
  ':message-type': 'event',
  ':event-type': type,
  ':content-type': 'application/x-amz-json-1.1',
})
const opening = encodeEventFrame(eventHeaders('initial-response'), Buffer.from('{}'))

createServer()
  .on('stream', (stream, headers) => {
    const operation = String(headers['x-amz-target']).split('.')[1]
    const chunks: Buffer[] = []
    stream.on('error', () => stream.destroy())
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      if (operation === 'SubscribeToShard') {
        stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' })
        stream.write(opening)
        subscribers.add(stream)
        stream.on('close', () => subscribers.delete(stream))
        return
      }
      stream.respond({ ':status': 200, 'content-type': 'application/x-amz-json-1.1' })
      stream.end('{}')
      if (operation === 'PutRecords') passOn(Buffer.concat(chunks))
    })
  })
  .listen(Number(process.argv[2]), '127.0.0.1')

process.on('SIGTERM', () => process.exit())

function passOn(body: Buffer): void {
  const { Records } = JSON.parse(body.toString()) as { Records: { Data: string; PartitionKey: string }[] }
  const event = {
    Records: Records.map((record) => ({
      SequenceNumber: sequenceNumber,
      ApproximateArrivalTimestamp: 1_700_000_000.123,
      ...record,
    })),
    ContinuationSequenceNumber: sequenceNumber,
    MillisBehindLatest: 0,
  }
  const frame = encodeEventFrame(eventHeaders('SubscribeToShardEvent'), Buffer.from(JSON.stringify(event)))
  for (const subscriber of subscribers) subscriber.write(frame)
}
