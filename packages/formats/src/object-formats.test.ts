import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, createGzip, gunzipSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { compress, uncompressSync } from 'snappy'
import { chunksOf, hadoopSnappy, throughZlib, xerialSnappy, zipped } from './index.ts'

const text = (lines: number) => Buffer.from(Array.from({ length: lines }, (_, i) => `{"line":${i}}\n`).join(''))
const inParts = (bytes: Buffer, partBytes = 1000) => [...chunksOf([bytes], partBytes)]

test('chunks are the same bytes, all but the last of one length', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.integer({ min: 1, max: 30 }), (parts, chunkBytes) => {
      const chunks = [...chunksOf(parts, chunkBytes)]
      assert.deepEqual(Buffer.concat(chunks), Buffer.concat(parts))
      for (const chunk of chunks.slice(0, -1)) assert.equal(chunk.byteLength, chunkBytes)
      assert.ok(chunks.every(({ byteLength }) => byteLength > 0))
    }),
  )
})

test('a chunk within one part is not copied', () => {
  const part = Buffer.alloc(10)
  for (const chunk of chunksOf([part], 4)) assert.equal(chunk.buffer, part.buffer)
})

test('gzip gives the parts back as one, also of no part at all', async () => {
  for (const bytes of [text(50_000), Buffer.alloc(0)])
    assert.deepEqual(gunzipSync(Buffer.concat(await throughZlib(createGzip, inParts(bytes)))), bytes)
})

test('a ZIP archive has one file, with its name, time, checksum and sizes in both headers', async () => {
  for (const bytes of [text(10_000), Buffer.alloc(0)]) {
    const zip = Buffer.concat(
      await zipped(inParts(bytes), { name: 'a-name', atMs: Date.UTC(2026, 4, 6, 7, 8, 9), level: 1 }),
    )
    const end = zip.subarray(-22)
    assert.equal(end.readUInt32LE(0), 0x06054b50)
    const directoryAt = end.readUInt32LE(16)
    assert.equal(directoryAt + end.readUInt32LE(12), zip.byteLength - 22)
    assert.equal(zip.readUInt32LE(directoryAt), 0x02014b50)
    assert.equal(zip.readUInt32LE(0), 0x04034b50)
    assert.deepEqual(zip.subarray(4, 30), zip.subarray(directoryAt + 6, directoryAt + 32))
    assert.equal(zip.subarray(30, 36).toString(), 'a-name')
    assert.equal(zip.subarray(directoryAt + 46, directoryAt + 52).toString(), 'a-name')
    const [time, date] = [zip.readUInt16LE(10), zip.readUInt16LE(12)]
    assert.deepEqual([date >> 9, (date >> 5) & 15, date & 31], [46, 5, 6])
    assert.deepEqual([time >> 11, (time >> 5) & 63, (time & 31) * 2], [7, 8, 8])
    assert.equal(zip.readUInt32LE(14), crc32(bytes))
    assert.equal(zip.readUInt32LE(22), bytes.byteLength)
    assert.deepEqual(inflateRawSync(zip.subarray(36, 36 + zip.readUInt32LE(18))), bytes)
    assert.equal(directoryAt, 36 + zip.readUInt32LE(18))
  }
})

test('times that ZIP does not know are its first or its last', async () => {
  for (const [atMs, year] of [
    [0, 0],
    [Date.UTC(2200, 0, 1), 127],
  ] as const) {
    const [header] = await zipped([], { name: 'x', atMs, level: 1 })
    assert.equal(header!.readUInt16LE(12) >> 9, year)
  }
})

test("snappy-java's stream is a magic number and blocks of at most 32 KiB", async () => {
  const bytes = text(10_000)
  const stream = Buffer.concat(await xerialSnappy(inParts(bytes), compress))
  assert.equal(stream.subarray(0, 16).toString('hex'), '82534e41505059000000000100000001')
  const blocks: Buffer[] = []
  for (let at = 16; at < stream.byteLength; at += 4 + stream.readInt32BE(at))
    blocks.push(uncompressSync(stream.subarray(at + 4, at + 4 + stream.readInt32BE(at))) as Buffer)
  assert.deepEqual(Buffer.concat(blocks), bytes)
  assert.ok(blocks.slice(0, -1).every(({ byteLength }) => byteLength === 32_768))
})

test("Hadoop's stream has the size of each block before compression, and after", async () => {
  const bytes = text(10_000)
  const stream = Buffer.concat(await hadoopSnappy(inParts(bytes), compress))
  const blocks: Buffer[] = []
  for (let at = 0; at < stream.byteLength; at += 8 + stream.readInt32BE(at + 4)) {
    const block = uncompressSync(stream.subarray(at + 8, at + 8 + stream.readInt32BE(at + 4))) as Buffer
    assert.equal(block.byteLength, stream.readInt32BE(at))
    blocks.push(block)
  }
  assert.deepEqual(Buffer.concat(blocks), bytes)
  assert.deepEqual(await hadoopSnappy([], compress), [])
})

test('few blocks are compressed at once', async () => {
  let [running, most] = [0, 0]
  await xerialSnappy([Buffer.alloc(2 ** 21)], async (block) => {
    most = Math.max(most, ++running)
    const made = await compress(Buffer.from(block))
    running--
    return made
  })
  assert.ok(most <= 8, `${most}`)
})
