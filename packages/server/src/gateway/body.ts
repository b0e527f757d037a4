import type { Clock } from '../core/clock.ts'
import type { HttpRequest } from './listener.ts'

/** The body is larger than any request may be: answered before it is read. */
export class BodyTooLarge extends Error {}

/** The client went away, or took too long to say what it wanted. */
export class BodyIncomplete extends Error {}

/**
 * Reads a request's body. `clock` is the network's, not the service's: patience with a client is real time.
 * @throws BodyTooLarge above `sizeBytesMax`, at once if the request says so; BodyIncomplete after `timeoutMs`
 */
export function readBody(request: HttpRequest, sizeBytesMax: number, timeoutMs: number, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > sizeBytesMax) return reject(new BodyTooLarge())
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const done = new AbortController()
    const fail = (error: Error) => {
      done.abort()
      reject(error)
    }
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > sizeBytesMax) return fail(new BodyTooLarge())
      chunks.push(chunk)
    })
    request.once('end', () => {
      done.abort()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    request.once('error', () => fail(new BodyIncomplete()))
    request.once('close', () => fail(new BodyIncomplete())) // after 'end' this changes nothing
    void clock.sleep(timeoutMs, done.signal).then(() => {
      if (!done.signal.aborted) fail(new BodyIncomplete())
    })
  })
}
