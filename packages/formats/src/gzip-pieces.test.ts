import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import zlib, { gunzipSync } from 'node:zlib'
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

/** Zlib's contexts that were used and are not closed. */
function openContexts(t: TestContext): Set<unknown> {
  const open = new Set<unknown>()
  const { reset, close } = zlib.DeflateRaw.prototype
  t.mock.method(zlib.DeflateRaw.prototype, 'reset', function (this: zlib.DeflateRaw) {
    open.add(this)
    return reset.call(this)
  })
  t.mock.method(zlib.DeflateRaw.prototype, 'close', function (this: zlib.DeflateRaw) {
    open.delete(this)
    return close.call(this)
  })
  return open
}

/** Resolves when all that was asked of a lane before has run: it takes two at once, and these two wait for each other. */
async function allRun(lane: CompressionLane): Promise<void> {
  const both = Promise.withResolvers<void>()
  let begun = 0
  const one = () =>
    lane.run(0, () => {
      if (++begun === 2) both.resolve()
      return both.promise
    })
  await Promise.all([one(), one()])
}

test("zlib's contexts are closed when all is done, when one of them fails, and when it is dropped half way", async (t) => {
  const open = openContexts(t)
  await gzipped([text(3_000_000)])
  assert.equal(open.size, 0)

  const { write } = zlib.DeflateRaw.prototype
  let writes = 0
  const failing = t.mock.method(zlib.DeflateRaw.prototype, 'write', function (this: unknown, ...given: unknown[]) {
    if (++writes !== 3) return Reflect.apply(write, this, given)
    ;(given.at(-1) as (error: Error) => void)(new Error('no memory'))
    return false
  })
  const own = new CompressionLane()
  const failed = new GzipPieces(1, own)
  failed.add(text(3_000_000))
  await assert.rejects(failed.finish(), /no memory/)
  await allRun(own)
  assert.equal(open.size, 0)
  failing.mock.restore()

  const dropped = new GzipPieces(1, own)
  dropped.add(text(3_000_000))
  while (open.size === 0) await new Promise((resolve) => setImmediate(resolve))
  dropped.drop()
  await allRun(own)
  assert.equal(open.size, 0)
})
