import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { systemClock } from '@millrace/ports'
import { readBody } from './body.ts'
import type { HttpRequest } from './listener.ts'

/** A request whose body comes in these chunks. */
const requestOf = (chunks: readonly Buffer[], httpVersionMajor = 1) =>
  Object.assign(Readable.from(chunks), { headers: {}, httpVersionMajor }) as unknown as HttpRequest

const read = (request: HttpRequest, memory?: Buffer) => readBody(request, 1_000_000, 60_000, systemClock, memory)

/** A chunk that has its memory for itself. */
const chunkOf = (text: string) => {
  const chunk = Buffer.allocUnsafeSlow(text.length)
  chunk.write(text)
  return chunk
}

test('a body that fits its memory is copied there, and its chunks are freed', async () => {
  const chunks = ['one', 'two', 'three'].map(chunkOf)
  const memory = Buffer.alloc(20)
  const body = await read(requestOf(chunks), memory)
  assert.equal(body.toString(), 'onetwothree')
  assert.equal(body.buffer, memory.buffer)
  assert.deepEqual(
    chunks.map(({ byteLength }) => byteLength),
    [0, 0, 0],
  )
})

test('a chunk that shares its memory with others is left as it is, and so are those of HTTP/2', async () => {
  const whole = chunkOf('a chunk, and what lies beside it')
  const body = await read(requestOf([whole.subarray(0, 7)]), Buffer.alloc(20))
  assert.equal(body.toString(), 'a chunk')
  assert.equal(whole.toString(), 'a chunk, and what lies beside it')
  const chunk = chunkOf('two')
  assert.equal((await read(requestOf([chunk], 2), Buffer.alloc(20))).toString(), 'two')
  assert.equal(chunk.toString(), 'two')
})

test('a body that outgrows its memory, or has none, is whole', async () => {
  const texts = ['one', 'two', 'three', 'four']
  for (const memory of [undefined, Buffer.alloc(0), Buffer.alloc(4), Buffer.alloc(7)])
    assert.equal((await read(requestOf(texts.map(chunkOf)), memory)).toString(), texts.join(''))
})
