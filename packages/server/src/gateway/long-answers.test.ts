import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { operation, type Service } from '../core/operation.ts'
import { Rows, type RowWriter } from '../core/rows.ts'
import { string, structure } from '../core/shapes.ts'
import { call, gatewayFixture, signedHeaders } from './gateway-fixture.ts'

/* Memory of long answers is used again: no answer may show what was written for another. */

/** More than the buffers of two sockets take. */
const blobBytes = 12_000_000

const blobOf = (letter: string) => Buffer.alloc(blobBytes, letter)

class OneRow extends Rows {
  readonly count = 1
  override readonly valueBytes = blobBytes
  readonly #blob: Buffer

  constructor(letter: string) {
    super()
    this.#blob = blobOf(letter)
  }

  writeTo(writer: RowWriter): void {
    writer.row(1)
    writer.blob(writer.label('Data'), this.#blob, 0, blobBytes)
  }
}

const long = operation({
  name: 'Long',
  input: structure({ Letter: string() }),
  resource: () => undefined,
  handle: async (_context, { Letter }) => ({ Rows: new OneRow(Letter) }),
})

const service: Service = {
  name: 'fake',
  targetPrefix: 'Fake_1',
  operations: new Map([['Long', long]]),
  context: {},
}

const bodyOf = (letter: string) => JSON.stringify({ Letter: letter })
const wanted = (letter: string) => `{"Rows":[{"Data":"${blobOf(letter).toString('base64')}"}]}`

/** Asks, and takes nothing of the answer until `socket.resume()`. */
async function ask(port: number, letter: string): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1')
  const head = Object.entries(signedHeaders('Long')).map(([name, value]) => `${name}: ${value}\r\n`)
  const body = bodyOf(letter)
  const lengths = `Connection: close\r\nContent-Length: ${body.length}\r\n`
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${lengths}${head.join('')}\r\n${body}`)
  await new Promise((resolve) => socket.once('readable', resolve))
  return socket
}

test('a long answer reaches a slow client whole, whoever is answered or goes away meanwhile', async (t) => {
  const { port } = await gatewayFixture(t, { services: [service] })
  const slow = await ask(port, 'a')
  const others = async (letter: string) => {
    const leaving = await ask(port, 'z')
    const { text } = await call(port, { headers: signedHeaders('Long'), body: bodyOf(letter) })
    leaving.destroy()
    assert.ok(text === wanted(letter), `the answer of ${letter}s has ${text.length} letters, or others`)
  }
  for (const letter of 'bcd') await others(letter)
  await Promise.all(['e', 'f'].map(others))
  const chunks: Buffer[] = []
  for await (const chunk of slow) chunks.push(chunk)
  const said = Buffer.concat(chunks).toString()
  assert.ok(said.endsWith(`\r\n\r\n${wanted('a')}`), `${said.length} letters came, or others`)
})
