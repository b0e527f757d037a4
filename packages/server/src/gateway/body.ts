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
    let isSettled = false
    const settle = () => {
      isSettled = true
      stopTimer()
    }
    const giveUp = () => {
      if (isSettled) return
      settle()
      reject(new BodyIncomplete())
    }
    const stopTimer = clock.after(timeoutMs, giveUp)
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= sizeBytesMax) chunks.push(chunk)
      else if (!isSettled) {
        settle()
        reject(new BodyTooLarge())
      }
    })
    request.once('end', () => {
      if (isSettled) return
      settle()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    request.once('error', giveUp)
    request.once('close', giveUp) // after 'end' this changes nothing
  })
}
