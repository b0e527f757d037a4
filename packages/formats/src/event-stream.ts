import { crc32 } from 'node:zlib'

/*
 * A frame of application/vnd.amazon.eventstream (Smithy, "Amazon Event Stream Specification"), big-endian:
 *
 *   totalLength:u32  headersLength:u32  crc32(those 8 bytes):u32  headers  payload  crc32(all before):u32
 *
 * and each header, of which only the string type is used here:
 *
 *   nameLength:u8  name  type:u8 (7: string)  valueLength:u16  value
 */

const preludeLength = 12
const checksumLength = 4
const stringType = 7

export type EventFrame = { readonly headers: Readonly<Record<string, string>>; readonly payload: Uint8Array }

export function encodeEventFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  let headersLength = 0
  for (const name in headers) headersLength += 4 + Buffer.byteLength(name) + Buffer.byteLength(headers[name]!)
  const payloadAt = preludeLength + headersLength
  const frame = Buffer.allocUnsafeSlow(payloadAt + payload.byteLength + checksumLength)
  frame.writeUInt32BE(frame.length, 0)
  frame.writeUInt32BE(headersLength, 4)
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8)
  let at = preludeLength
  for (const name in headers) at = writeHeader(frame, at, name, headers[name]!)
  frame.set(payload, payloadAt)
  frame.writeUInt32BE(crc32(frame.subarray(0, -checksumLength)), frame.length - checksumLength)
  return frame
}

function writeHeader(frame: Buffer, start: number, name: string, value: string): number {
  let at = start + 1 + frame.write(name, start + 1)
  frame[start] = at - start - 1
  frame[at] = stringType
  const length = frame.write(value, at + 3)
  at = frame.writeUInt16BE(length, at + 1)
  return at + length
}

/**
 * Takes the whole frames off the front of `bytes`. `rest` is what follows the last of them, to be continued.
 * @throws Error if a checksum or a length is wrong: the stream cannot be followed any further.
 */
export function decodeEventFrames(bytes: Uint8Array): { frames: EventFrame[]; rest: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: EventFrame[] = []
  let at = 0
  while (buffer.length - at >= preludeLength) {
    const totalLength = buffer.readUInt32BE(at)
    const headersLength = buffer.readUInt32BE(at + 4)
    if (crc32(buffer.subarray(at, at + 8)) !== buffer.readUInt32BE(at + 8)) throw new Error('wrong prelude checksum')
    if (preludeLength + headersLength + checksumLength > totalLength) throw new Error('wrong lengths in the prelude')
    if (buffer.length - at < totalLength) break
    const end = at + totalLength - checksumLength
    if (crc32(buffer.subarray(at, end)) !== buffer.readUInt32BE(end)) throw new Error('wrong frame checksum')
    const headersEnd = at + preludeLength + headersLength
    frames.push({
      headers: decodeHeaders(buffer.subarray(at + preludeLength, headersEnd)),
      payload: buffer.subarray(headersEnd, end),
    })
    at += totalLength
  }
  return { frames, rest: buffer.subarray(at) }
}

function decodeHeaders(buffer: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = 0
  while (at < buffer.length) {
    const nameEnd = at + 1 + buffer.readUInt8(at)
    const type = buffer.readUInt8(nameEnd)
    if (type !== stringType) throw new Error(`a header has type ${type}, only strings are known`)
    const valueEnd = nameEnd + 3 + buffer.readUInt16BE(nameEnd + 1)
    headers[buffer.toString('utf8', at + 1, nameEnd)] = buffer.toString('utf8', nameEnd + 3, valueEnd)
    at = valueEnd
  }
  return headers
}
