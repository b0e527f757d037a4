import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { decodeEventFrames } from '@millrace/formats'
import { EventStream } from '../../core/operation.ts'
import type { HttpResponse } from '../listener.ts'
import { cbor } from './cbor.ts'
import { sendEvents } from './event-stream.ts'
import { json } from './json.ts'
import type { Protocol } from './protocol.ts'

/** What was written to a response that takes everything. */
async function sent(events: AsyncIterable<Record<string, object>>, protocol: Protocol): Promise<Buffer[]> {
  const written: Buffer[] = []
  const write = (frame: Buffer) => written.push(frame) > 0
  const response = Object.assign(new EventEmitter(), { write, end() {} }) as unknown as HttpResponse
  assert.equal(await sendEvents(new EventStream(events), response, protocol, new AbortController().signal), undefined)
  return written
}

async function* once(event: Record<string, object>) {
  yield event
}

test('an event that goes to many is rendered once for each protocol', async () => {
  const rendered: unknown[] = []
  const counting = (protocol: Protocol): Protocol => ({
    ...protocol,
    render: (output) => {
      rendered.push(output)
      return protocol.render(output)
    },
  })
  const payload = { Count: 7 }
  const [asJson, asCbor] = [counting(json), counting(cbor)]
  const [first, second] = [await sent(once({ Told: payload }), asJson), await sent(once({ Told: payload }), asJson)]
  assert.equal(rendered.filter((output) => output === payload).length, 1)
  assert.equal(second[1], first[1])
  await sent(once({ Told: payload }), asCbor)
  assert.equal(rendered.filter((output) => output === payload).length, 2)
  await sent(once({ Told: { Count: 7 } }), asJson)
  const { frames } = decodeEventFrames(first[1]!)
  assert.equal(frames[0]!.headers[':event-type'], 'Told')
  assert.equal(Buffer.from(frames[0]!.payload).toString(), '{"Count":7}')
})

test('an abort ends what waits for an event that never comes', async () => {
  const aborting = new AbortController()
  const response = Object.assign(new EventEmitter(), { write: () => true, end() {} }) as unknown as HttpResponse
  const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  const ended = sendEvents(new EventStream(never), response, json, aborting.signal)
  aborting.abort()
  assert.equal(await ended, undefined)
})
