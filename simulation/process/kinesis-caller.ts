import { Agent, request } from 'node:http'

/*
 * Kinesis, or another service that speaks as it does, over HTTP/1.1 with JSON, on connections that are kept: as little as a client can be, so that nothing is tried
 * again behind the back of whoever counts.
 */

/** The server answered, and the answer is an error. */
export class CallRefused extends Error {
  readonly status: number
  /** AWS's name of the error, e.g. `InternalFailure`. */
  readonly code: string

  constructor(operation: string, status: number, code: string, message: string) {
    super(`${operation}: ${status} ${code} ${message}`)
    this.status = status
    this.code = code
  }
}

export const authorization =
  'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/kinesis/aws4_request, ' +
  `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`

export class KinesisCaller {
  readonly #port: number
  readonly #agent: Agent
  readonly #targetPrefix: string

  /** At most so many calls are on their way at once; the others wait for a connection. */
  constructor(port: number, connectionsMax = 64, targetPrefix = 'Kinesis_20131202') {
    this.#port = port
    this.#targetPrefix = targetPrefix
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax, scheduling: 'fifo' })
  }

  /** @throws CallRefused for an error in the answer; Error when there was no answer */
  call<T>(operation: string, input: unknown): Promise<T> {
    return this.callWithBody(operation, Buffer.from(JSON.stringify(input)))
  }

  /** The same, with a body that was made beforehand. */
  callWithBody<T>(operation: string, body: Uint8Array): Promise<T> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'content-length': body.byteLength,
        'x-amz-target': `${this.#targetPrefix}.${operation}`,
        'x-amz-date': '20260101T000000Z',
        authorization,
      }
      const target = { host: '127.0.0.1', port: this.#port, method: 'POST', path: '/', headers, agent: this.#agent }
      const sent = request(target, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('close', () => {
          if (!answer.complete) reject(new Error(`${operation}: the answer was cut`))
        })
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (answer.statusCode === 200) return resolve((text === '' ? {} : JSON.parse(text)) as T)
          const { __type: code = '', message = '' } = errorIn(text)
          reject(new CallRefused(operation, answer.statusCode ?? 0, code, message))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** Lets go of all connections, also of those that wait for an answer. */
  close(): void {
    this.#agent.destroy()
  }
}

function errorIn(text: string): { __type?: string; message?: string } {
  try {
    return JSON.parse(text)
  } catch {
    return { message: text }
  }
}
