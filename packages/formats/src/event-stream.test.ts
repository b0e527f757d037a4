import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEventFrames, encodeEventFrame } from './event-stream.ts'

const frame = encodeEventFrame({ ':event-type': 'E', ':message-type': 'event' }, Buffer.from('{"a":1}'))

test('a frame is the bytes that the specification draws', () => {
  const whole = encodeEventFrame({}, new Uint8Array(0))
  assert.equal(whole.toString('hex'), '000000100000000005c248eb7d98c8ff') // its own example of an empty message
})

test('frames come back from any cut of the bytes, with what is not whole yet left over', () => {
  const two = Buffer.concat([frame, frame])
  for (let cut = 0; cut <= two.length; cut++) {
    const first = decodeEventFrames(two.subarray(0, cut))
    const second = decodeEventFrames(Buffer.concat([first.rest, two.subarray(cut)]))
    const frames = [...first.frames, ...second.frames]
    assert.equal(frames.length, 2)
    assert.deepEqual(frames[1]?.headers, { ':event-type': 'E', ':message-type': 'event' })
    assert.equal(Buffer.from(frames[1]!.payload).toString(), '{"a":1}')
    assert.equal(second.rest.byteLength, 0)
  }
})

test('a frame with any changed byte is refused', () => {
  for (let at = 0; at < frame.length; at++) {
    const damaged = Buffer.from(frame)
    damaged[at]! ^= 1
    assert.throws(() => decodeEventFrames(damaged), /wrong/, `byte ${at}`)
  }
})
