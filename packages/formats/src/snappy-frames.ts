import { chunksOf } from './chunks.ts'

/*
 * Snappy compresses a block and says nothing of how blocks follow each other. Two of the ways (both big-endian, with blocks
 * of 32 KiB before compression):
 *
 *   snappy-java's stream ("xerial")
 *     magic[8] = 0x82 "SNAPPY" 0x00   version:i32 = 1   compatible:i32 = 1
 *     then for each block:  length:i32  snappy[length]
 *
 *   Hadoop's SnappyCodec
 *     for each block:  size:i32 before compression  length:i32  snappy[length]
 *
 * Neither is the framing that Google's repository describes ("sNaPpY"), which Firehose does not write.
 */

/** Compresses one block, as Snappy does: without any frame. */
export type BlockCompressor = (block: Uint8Array) => Promise<Uint8Array>

const blockBytes = 32 * 1024

/** Blocks that are compressed at once: more than there are threads. */
const concurrentMax = 8

const xerialHeader = Buffer.from('\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01', 'latin1')

/** What snappy-java's SnappyInputStream reads, in pieces. */
export const xerialSnappy = async (parts: Iterable<Uint8Array>, compress: BlockCompressor): Promise<Uint8Array[]> => [
  xerialHeader,
  ...(await blocksOf(parts, compress, (_, length) => [length])),
]

/** What Hadoop's and Spark's SnappyCodec read, in pieces. */
export const hadoopSnappy = (parts: Iterable<Uint8Array>, compress: BlockCompressor): Promise<Uint8Array[]> =>
  blocksOf(parts, compress, (size, length) => [size, length])

async function blocksOf(
  parts: Iterable<Uint8Array>,
  compress: BlockCompressor,
  numbersBefore: (size: number, length: number) => number[],
): Promise<Uint8Array[]> {
  const made: Uint8Array[] = []
  const framed = async (block: Uint8Array) => {
    const compressed = await compress(block)
    const numbers = numbersBefore(block.byteLength, compressed.byteLength)
    const head = Buffer.alloc(4 * numbers.length)
    for (const [i, number] of numbers.entries()) head.writeInt32BE(number, 4 * i)
    return [head, compressed]
  }
  let waiting: Promise<Uint8Array[]>[] = []
  const take = async () => {
    for (const pieces of await Promise.all(waiting)) made.push(...pieces)
    waiting = []
  }
  for (const block of chunksOf(parts, blockBytes)) {
    waiting.push(framed(block))
    if (waiting.length === concurrentMax) await take()
  }
  await take()
  return made
}
