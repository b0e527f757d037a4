import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { chunksOf } from './chunks.ts'

/** What a thread of zlib is given at once: enough to be worth the way there, and little beside the object. */
const chunkBytes = 256 * 1024

/** Runs bytes through one of zlib's streams, whose work is done by other threads. Gives what came out, in pieces. */
export async function throughZlib(stream: Transform, parts: Iterable<Uint8Array>): Promise<Buffer[]> {
  const made: Buffer[] = []
  await pipeline(chunksOf(parts, chunkBytes), stream, async (output: AsyncIterable<Buffer>) => {
    for await (const piece of output) made.push(piece)
  })
  return made
}
