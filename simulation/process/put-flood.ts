import { KinesisCaller } from './kinesis-caller.ts'
import { evenLanes } from './lane-writer.ts'

/*
 * Puts in a process of its own, so that whoever measures reads shares no event loop with it: as many connections as are
 * asked for, each with one put after the other, until standard input ends. Then one line: what was acknowledged.
 *
 *   node put-flood.ts PORT STREAM CONNECTIONS RECORDS-IN-PUT RECORD-BYTES
 */

const [port, streamName, connections, recordsInPut, recordBytes] = process.argv.slice(2) as string[]
const caller = new KinesisCaller(Number(port), Number(connections))
const Data = Buffer.alloc(Number(recordBytes), 'record ').toString('base64')
const Records = evenLanes(Number(recordsInPut)).map(({ name, hashKey }) => ({
  PartitionKey: name,
  ExplicitHashKey: String(hashKey),
  Data,
}))
const body = Buffer.from(JSON.stringify({ StreamName: streamName, Records }))

let isOver = false
const told = { puts: 0, refused: 0, throttled: 0 }
process.stdin.on('end', () => {
  isOver = true
  caller.close()
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0))
})
process.stdin.resume()
for (let i = 0; i < Number(connections); i++) void putUntilOver()

async function putUntilOver(): Promise<void> {
  while (!isOver) {
    try {
      const { FailedRecordCount } = await caller.callWithBody<{ FailedRecordCount: number }>('PutRecords', body)
      if (FailedRecordCount === 0) told.puts++
      else told.throttled++
    } catch {
      told.refused++
      await new Promise((resolve) => setTimeout(resolve, 100)) // as a client that backs off
    }
  }
}
