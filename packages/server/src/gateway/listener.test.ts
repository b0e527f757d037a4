import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { systemClock } from '@millrace/ports'
import { ConnectionRoom } from './connection-room.ts'
import { listen } from './listener.ts'

/* Client's preface, and a GOAWAY frame: length 8, type 7, no flags, stream 0, last stream 0, NO_ERROR. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
const goAway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

test('a client that leaves its side of an ended HTTP/2 connection open does not hold up closing', async () => {
  const connections = new ConnectionRoom({ connectionsMax: 10, connectionsPerAddressMax: 10 })
  const at = { host: '127.0.0.1', port: 0 }
  const options = { at, headersTimeoutMs: 10_000, idleTimeoutMs: 10_000, networkClock: systemClock, connections }
  const listener = await listen(options, () => {})
  const client = net.connect({ port: listener.port!, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => {})
  client.write(Buffer.concat([preface, settings, goAway]))
  client.resume()
  await once(client, 'end') // the server has closed its side; this one stays open
  const never = new Promise<void>(() => {})
  await listener.close(never)
  assert.ok(!client.writableEnded)
  client.destroy()
})
