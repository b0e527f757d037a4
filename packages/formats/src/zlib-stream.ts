import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { chunksOf } from './chunks.ts'

/**
 * What a thread of zlib is given at once, and gives out: enough to be worth the way there, and little beside the object. With
 * zlib's own 16 KB the main thread is called sixteen times as often.
 */
const chunkBytes = 256 * 1024

/** Runs bytes through one of zlib's streams, whose work is done by other threads. Gives what came out, in pieces. */
export async function throughZlib(
  makeStream: (options: { readonly chunkSize: number }) => Transform,
  parts: Iterable<Uint8Array>,
): Promise<Buffer[]> {
  const made: Buffer[] = []
  await pipeline(
    chunksOf(parts, chunkBytes),
    makeStream({ chunkSize: chunkBytes }),
    async (output: AsyncIterable<Buffer>) => {
      for await (const piece of output) made.push(piece)
    },
  )
  return made
}
