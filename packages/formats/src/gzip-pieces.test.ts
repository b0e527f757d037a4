import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { CompressionLane, GzipPieces } from './index.ts'

const lane = new CompressionLane()

async function gzipped(parts: Iterable<Uint8Array>): Promise<Buffer> {
  const gzip = new GzipPieces(1, lane)
  for (const part of parts) gzip.add(part)
  return Buffer.concat(await gzip.finish())
}

const text = (bytes: number) => Buffer.alloc(bytes, 'a line of a log, and another one\n')

test('parts of every length come back as one, also none at all', async () => {
  const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 900_000 }))
  await fc.assert(
    fc.asyncProperty(fc.array(length, { maxLength: 8 }), async (lengths) => {
      const parts = lengths.map((bytes, i) => text(bytes + i).subarray(i))
      assert.ok(gunzipSync(await gzipped(parts)).equals(Buffer.concat(parts)))
    }),
    { numRuns: 30 },
  )
})

test('bytes that do not compress come back, though zlib gives out more than is expected of it', async () => {
  const noise = Buffer.concat(Array.from({ length: 40_000 }, (_, i) => createHash('md5').update(`${i}`).digest()))
  const gzip = await gzipped([noise])
  assert.ok(gzip.length > noise.length * 0.9)
  assert.ok(gunzipSync(gzip).equals(noise))
})

test('it is one member, which readers that stop behind the first one read whole', async () => {
  const gzip = await gzipped([text(700_000), text(10)])
  assert.equal(gzip.readUInt32LE(gzip.length - 4), 700_010)
  assert.throws(() => gunzipSync(gzip.subarray(0, -1)), /unexpected end of file/)
})

test('more members than may run at once are all finished', async () => {
  const made = await Promise.all(Array.from({ length: 9 }, (_, i) => gzipped([text(300_000 + i)])))
  assert.deepEqual(
    made.map((gzip) => gunzipSync(gzip).length),
    Array.from({ length: 9 }, (_, i) => 300_000 + i),
  )
})
