import { connect } from 'node:http2'
import { streamed } from './wire.ts'

/** Before the base64 of a record's data, whose first eight letters hold the number of its put. */
const mark = '"Data":"'
const numberLetters = 8

/**
 * A consumer of a shard who looks at nothing but where each record's data begins: when a pushed record is there, without what it
 * costs to decode it.
 */
export async function subscribeToBytes(port: number, ConsumerARN: string) {
  const session = connect(`http://127.0.0.1:${port}`)
  const StartingPosition = { Type: 'LATEST' }
  const input = { ConsumerARN, ShardId: 'shardId-000000000000', StartingPosition }
  const stream = await streamed(session, 'SubscribeToShard', input)
  return { close: () => session.destroy(), numbers: numbersIn(stream) }
}

/** The numbers of the puts that the records of each piece of bytes were in. */
async function* numbersIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<readonly number[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of pieces) {
    const bytes = rest.byteLength > 0 ? Buffer.concat([rest, piece]) : piece
    const numbers: number[] = []
    let used = 0
    for (;;) {
      const at = bytes.indexOf(mark, used) + mark.length
      if (at < mark.length || at + numberLetters > bytes.byteLength) break
      used = at + numberLetters
      numbers.push(Buffer.from(bytes.toString('latin1', at, used), 'base64').readUInt32BE(0))
    }
    // A mark may lie across two pieces.
    rest = bytes.subarray(Math.max(used, bytes.byteLength - mark.length - numberLetters))
    yield numbers
  }
}
