import type { Clock } from '@millrace/ports'
import type { Coming } from './body-room.ts'
import type { HttpRequest } from './listener.ts'

/** The body is larger than any request may be: answered before it is read. */
export class BodyTooLarge extends Error {}

/** The client went away, or took too long to say what it wanted. */
export class BodyIncomplete extends Error {}

/**
 * Reads a request's body, into `memory` as far as it fits. `clock` is the network's, not the service's: patience with a
 * client is real time. @throws BodyTooLarge above `sizeBytesMax`, at once if the request says so; BodyIncomplete after
 * `timeoutMs`, or where `coming` gives up
 */
export async function readBody(
  request: HttpRequest,
  sizeBytesMax: number,
  timeoutMs: number,
  clock: Clock,
  memory: Buffer = nothing,
  coming?: Coming,
): Promise<Buffer> {
  const announcedBytes = Number(request.headers['content-length'] ?? 0)
  if (announcedBytes > sizeBytesMax) throw new BodyTooLarge()
  if (announcedBytes > 0 && memory === nothing) {
    await undefined // what came with the head is there by now: mostly all of a short body, and nobody need wait for it
    if (request.readableLength === announcedBytes) {
      const body: Buffer = request.read()
      request.resume() // to its end
      return body
    }
  }
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
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
    if (coming) coming.giveUp = giveUp
    request.on('data', (chunk: Buffer) => {
      if (isSettled) return // its memory may be another's by now
      sizeBytes += chunk.length
      if (coming) coming.receivedBytes = sizeBytes
      if (sizeBytes > sizeBytesMax) {
        settle()
        reject(new BodyTooLarge())
      } else if (chunks.length === 0 && sizeBytes <= memory.length) {
        chunk.copy(memory, sizeBytes - chunk.length)
        if (request.httpVersionMajor === 1) letGo(chunk)
      } else {
        if (chunks.length === 0) chunks = [memory.subarray(0, sizeBytes - chunk.length)]
        chunks.push(chunk)
      }
    })
    request.once('end', () => {
      if (isSettled) return
      settle()
      if (chunks.length === 0) resolve(memory.subarray(0, sizeBytes))
      else resolve(chunks.length === 2 && chunks[0]!.length === 0 ? chunks[1]! : Buffer.concat(chunks))
    })
    request.once('error', giveUp)
    request.once('close', giveUp) // after 'end' this changes nothing
  })
}

const nothing = Buffer.alloc(0)

/**
 * Frees a chunk that was copied, now: the next one comes into the same memory, which the processor's caches still hold. Else
 * each waits for the garbage collector, which sees a few bytes of heap and not the 64 KiB that hang on them. The parser of
 * HTTP/1.1 makes each chunk for us alone; what HTTP/2 shows lies in what it reads itself, and is left as it is.
 */
function letGo({ buffer, byteLength }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
