import { once } from 'node:events'
import { encodeEventFrame } from '@millrace/formats'
import { AwsError, internalFailure } from '../../core/aws-error.ts'
import type { EventStream } from '../../core/operation.ts'
import type { HttpResponse } from '../listener.ts'
import { giveBack } from './byte-sink.ts'
import type { Protocol } from './protocol.ts'

/*
 * An answer that goes on: frames of application/vnd.amazon.eventstream. The SDKs wait for the first frame before they
 * hand the stream to the caller, so `initial-response` goes out at once, long before there are records.
 */
export const eventStreamContentType = 'application/vnd.amazon.eventstream'

/**
 * Writes events as they come until they end, the client goes away, or `signal` aborts. The next event is asked for only
 * after the socket has taken the one before: a slow reader costs no memory. Returns what ended it unexpectedly.
 */
export async function sendEvents(
  stream: EventStream,
  response: HttpResponse,
  protocol: Protocol,
  signal: AbortSignal,
): Promise<unknown> {
  let unexpected: unknown
  const send = async (frame: Buffer) => {
    if (!response.write(frame)) await drained(response, signal)
  }
  const iterator = stream.events[Symbol.asyncIterator]()
  const nextEvent = untilAborted(() => iterator.next(), signal)
  try {
    await send(frameOf('event', 'initial-response', {}, protocol))
    while (!signal.aborted) {
      const next = await nextEvent()
      if (!next || next.done || signal.aborted) break
      for (const name in next.value) await send(eventFrame(name, next.value[name] as object, protocol))
    }
  } catch (error) {
    if (!(error instanceof AwsError)) unexpected = error
    const told = error instanceof AwsError ? error : internalFailure()
    const exception = frameOf('exception', told.code, { message: told.message }, protocol)
    if (!signal.aborted) await send(exception).catch(() => {})
  } finally {
    response.end()
    // Not awaited: a generator that still waits for its next event ends when that comes, or by the call's signal.
    iterator.return?.().then(undefined, () => {})
  }
  return unexpected
}

/** Frames by the payload of their event: one that goes to many is written once. */
const eventFrames = new WeakMap<object, Map<Protocol, Buffer>>()

function eventFrame(name: string, payload: object, protocol: Protocol): Buffer {
  let frames = eventFrames.get(payload)
  if (!frames) {
    frames = new Map()
    eventFrames.set(payload, frames)
  }
  let frame = frames.get(protocol)
  if (!frame) {
    frame = frameOf('event', name, payload, protocol)
    frames.set(protocol, frame)
  }
  return frame
}

function frameOf(kind: 'event' | 'exception', name: string, payload: object, protocol: Protocol): Buffer {
  const headers = {
    [kind === 'exception' ? ':exception-type' : ':event-type']: name,
    ':content-type': protocol.contentType,
    ':message-type': kind,
  }
  const body = protocol.render(payload)
  const frame = encodeEventFrame(headers, body)
  giveBack(body)
  return frame
}

/** Calls again and again, until the signal aborts: then the call that is waited for gives undefined, whatever it does. */
function untilAborted<T>(call: () => Promise<T>, signal: AbortSignal): () => Promise<T | undefined> {
  // One listener for all calls: Promise.race with a promise that lives on would keep something of each of them.
  let abort = () => {}
  signal.addEventListener('abort', () => abort(), { once: true })
  return () =>
    new Promise((resolve, reject) => {
      abort = () => resolve(undefined)
      if (signal.aborted) abort()
      else call().then(resolve, reject)
    })
}

/** Resolves when the socket has taken what was written, or nobody wants it any more. */
async function drained(response: HttpResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => {})
}
