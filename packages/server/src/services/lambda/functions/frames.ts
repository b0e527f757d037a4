/*
 * What server and function process say to each other, over a pipe that the handler's output has nothing to do with
 * (file descriptor 3). A frame, big-endian:
 *
 *   headLength:u32   bodyLength:u32   head[headLength], JSON   body[bodyLength]
 *
 *   to the process     RunHead      body: the event, JSON
 *   to the server      AnswerHead   body: what the handler gave, or an error, JSON
 */

export type RunHead = {
  readonly requestId: string
  readonly functionName: string
  readonly functionArn: string
  readonly memoryMiB: number
  readonly logGroupName: string
  readonly logStreamName: string
  /** How long the handler may take from now on. */
  readonly timeoutMs: number
  readonly clientContext?: string | undefined
}

export type AnswerHead = {
  /** `ready` and `unready` tell once how loading the handler went. */
  readonly kind: 'ready' | 'unready' | 'result' | 'error'
  readonly requestId?: string
  /** The process ends now. */
  readonly isLast?: boolean
}

const lengthsBytes = 8

export function encodeFrame(head: RunHead | AnswerHead, body: Uint8Array): Buffer {
  const headBytes = Buffer.from(JSON.stringify(head))
  const frame = Buffer.allocUnsafe(lengthsBytes + headBytes.length + body.byteLength)
  frame.writeUInt32BE(headBytes.length, 0)
  frame.writeUInt32BE(body.byteLength, 4)
  headBytes.copy(frame, lengthsBytes)
  frame.set(body, lengthsBytes + headBytes.length)
  return frame
}

const headBytesMax = 1024 * 1024

/** Puts frames together from what comes in. */
export class FrameReader<Head> {
  readonly #bodyBytesMax: number
  readonly #onFrame: (head: Head, body: Buffer) => void
  #parts: Buffer[] = []
  #heldBytes = 0

  constructor(bodyBytesMax: number, onFrame: (head: Head, body: Buffer) => void) {
    this.#bodyBytesMax = bodyBytesMax
    this.#onFrame = onFrame
  }

  /** @throws RangeError for a frame that is longer than any may be, SyntaxError for a head that is not JSON */
  push(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#heldBytes += bytes.length
    for (;;) {
      if (this.#heldBytes < lengthsBytes) return
      const start = this.#joined(lengthsBytes)
      const headLength = start.readUInt32BE(0)
      const bodyLength = start.readUInt32BE(4)
      if (headLength > headBytesMax || bodyLength > this.#bodyBytesMax)
        throw new RangeError(`a frame of ${headLength} and ${bodyLength} bytes`)
      const frameLength = lengthsBytes + headLength + bodyLength
      if (this.#heldBytes < frameLength) return
      const whole = this.#joined(frameLength)
      this.#parts = whole.length > frameLength ? [whole.subarray(frameLength)] : []
      this.#heldBytes -= frameLength
      const head = JSON.parse(whole.toString('utf8', lengthsBytes, lengthsBytes + headLength)) as Head
      this.#onFrame(head, whole.subarray(lengthsBytes + headLength, frameLength))
    }
  }

  /** The first part, made at least so long: parts are joined only when a frame needs them. */
  #joined(length: number): Buffer {
    if (this.#parts[0]!.length < length) this.#parts = [Buffer.concat(this.#parts)]
    return this.#parts[0]!
  }
}
