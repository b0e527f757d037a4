import assert from 'node:assert/strict'
import { once } from 'node:events'
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

test('a body that came with its head is there at once, untimed, and its request comes to its end', async () => {
  const request = Object.assign(new Readable({ read() {} }), { headers: { 'content-length': '5' } })
  const reading = readBody(request as unknown as HttpRequest, 5, 0, {
    ...systemClock,
    after: () => assert.fail('nobody waits for it'),
  })
  request.push('hel')
  request.push('lo')
  assert.equal((await reading).toString(), 'hello')
  request.push(null)
  await once(request, 'end')
})

test('a body of which something is missing is waited for', async () => {
  const request = Object.assign(new Readable({ read() {} }), { headers: { 'content-length': '5' } })
  const reading = readBody(request as unknown as HttpRequest, 5, 60_000, systemClock)
  request.push('hel')
  await new Promise((resolve) => setImmediate(resolve))
  request.push('lo')
  request.push(null)
  assert.equal((await reading).toString(), 'hello')
})
