import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'

/*
 * HTTP/1.1, as bytes that were built beforehand: the sender must never be what is measured.
 */

export const authorization =
  'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/kinesis/aws4_request, ' +
  `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`

/** What stands before the operation's name. */
export const kinesis = 'Kinesis_20131202'
export const firehose = 'Firehose_20150804'
export const glue = 'AWSGlue'

/** A whole request, in JSON; or in CBOR, where the caller gives that. */
export function requestBytes(operation: string, input: unknown, cbor?: Uint8Array, target = kinesis): Buffer {
  const body = cbor ?? Buffer.from(JSON.stringify(input))
  const head = [
    'POST / HTTP/1.1',
    'Host: 127.0.0.1',
    `Content-Type: application/x-amz-${cbor ? 'cbor' : 'json'}-1.1`,
    `X-Amz-Target: ${target}.${operation}`,
    'X-Amz-Date: 20260101T000000Z',
    `Authorization: ${authorization}`,
    `Content-Length: ${body.byteLength}`,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n')), body])
}

/** A call of Kinesis over HTTP/2, when its answer begins. @throws Error if that is not 200 */
export async function streamed(
  session: ClientHttp2Session,
  operation: string,
  input: unknown,
): Promise<ClientHttp2Stream> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/',
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `${kinesis}.${operation}`,
    'x-amz-date': '20260101T000000Z',
    authorization,
  })
  stream.end(JSON.stringify(input))
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
  if (headers[':status'] !== 200) throw new Error(`${operation}: ${headers[':status']}`)
  return stream
}

export type Answer = { readonly status: number; readonly head: string; readonly body: Buffer }

const answerWithinMs = 60_000

/** One connection that sends one request after the other. */
export class Connection {
  readonly #socket: Socket
  #seen: Buffer[] = []
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay()
    this.#socket.setTimeout(answerWithinMs, () => this.#socket.destroy(new Error('no answer came in time')))
    this.#socket.on('data', (chunk) => this.#take(chunk))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#seen.push(chunk)
    const answer = parseAnswer(this.#seen.length === 1 ? chunk : Buffer.concat(this.#seen))
    if (!answer) return
    this.#seen = []
    this.#waiting?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }
}

/** The answer, or undefined while some of it is still on its way. */
function parseAnswer(bytes: Buffer): Answer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const length = /\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const body = bytes.subarray(headEnd + 4)
  if (length !== undefined) return body.byteLength >= Number(length) ? { status, head, body } : undefined
  if (!/\ntransfer-encoding: *chunked/i.test(head)) return { status, head, body }
  return body.subarray(-5).equals(lastChunk) ? { status, head, body: joinChunks(body) } : undefined
}

const lastChunk = Buffer.from('0\r\n\r\n')

function joinChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!(length > 0)) return Buffer.concat(chunks)
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length))
    at = lineEnd + 2 + length + 2
  }
}

/** One call on a connection of its own. @throws Error unless the answer is a success */
export async function call<T>(port: number, operation: string, input: unknown, target = kinesis): Promise<T> {
  const connection = new Connection(port)
  try {
    const { status, body } = await connection.send(requestBytes(operation, input, undefined, target))
    if (status !== 200) throw new Error(`${operation}: ${status} ${body.toString()}`)
    return (body.byteLength > 0 ? JSON.parse(body.toString()) : {}) as T
  } finally {
    connection.close()
  }
}
