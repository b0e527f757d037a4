import http from 'node:http'
import https from 'node:https'
import { decode } from 'cborg'
import { sign } from './signature.ts'
import type { Target } from './target.ts'

export type Answer = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
  /** The body, decoded by its content type; undefined when there is none, or when it is neither JSON nor CBOR. */
  // biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
  readonly body: any
}

export type Request = {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Leaves out what authenticates, or says it as given. @default a valid header */
  readonly authorization?: 'none' | 'as given'
}

/** One HTTP/1.1 request, signed for the target, read to its end. */
export async function httpCall(target: Target, agent: http.Agent | https.Agent, request: Request): Promise<Answer> {
  const { method = 'POST', path = '/', body = '', authorization } = request
  const url = new URL(path, target.url)
  const bytes = Buffer.from(body)
  const plain = { host: url.host, ...request.headers }
  const headers = authorization ? plain : await sign(target, { method, url, headers: plain, body: bytes })
  const { request: open } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers: { ...headers, 'content-length': `${bytes.length}` }, agent })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))))
    })
    outgoing.end(bytes)
  })
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage, bytes: Buffer): Answer {
  const text = bytes.toString()
  return { status: statusCode, headers, bytes, text, body: decoded(headers['content-type'] ?? '', bytes, text) }
}

function decoded(contentType: string, bytes: Buffer, text: string): unknown {
  if (bytes.length === 0) return undefined
  if (contentType.includes('cbor')) return decode(bytes, { tags: millisecondTags })
  return contentType.includes('json') ? JSON.parse(text) : undefined
}

/** AWS writes timestamps as tag 1 with milliseconds, where the standard has seconds. */
const millisecondTags = { 1: (inner: () => unknown) => new Date(Number(inner())) }
