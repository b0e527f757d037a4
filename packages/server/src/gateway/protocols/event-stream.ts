import { once } from 'node:events'
import { encodeEventFrame } from '@millrace/formats'
import { AwsError, internalFailure } from '../../core/aws-error.ts'
import type { EventStream } from '../../core/operation.ts'
import type { HttpResponse } from '../listener.ts'
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
  const send = async (kind: string, name: string, payload: unknown) => {
    const headers = { [kind === 'exception' ? ':exception-type' : ':event-type']: name }
    const all = { ...headers, ':content-type': protocol.contentType, ':message-type': kind }
    if (!response.write(encodeEventFrame(all, protocol.render(payload)))) await drained(response, signal)
  }
  const iterator = stream.events[Symbol.asyncIterator]()
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  try {
    await send('event', 'initial-response', {})
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted])
      if (!next || next.done || signal.aborted) break
      for (const [name, payload] of Object.entries(next.value)) await send('event', name, payload)
    }
  } catch (error) {
    if (!(error instanceof AwsError)) unexpected = error
    const told = error instanceof AwsError ? error : internalFailure()
    if (!signal.aborted) await send('exception', told.code, { message: told.message }).catch(() => {})
  } finally {
    response.end()
    // Not awaited: a generator that still waits for its next event ends when that comes, or by the call's signal.
    iterator.return?.().then(undefined, () => {})
  }
  return unexpected
}

/** Resolves when the socket has taken what was written, or nobody wants it any more. */
async function drained(response: HttpResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => {})
}
