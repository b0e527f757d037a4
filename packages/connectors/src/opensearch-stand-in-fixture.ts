import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

type Action = { readonly index?: { readonly _index: string; readonly _id?: string; readonly _type?: string } }
type Result = { readonly status: number; readonly error?: { readonly type: string; readonly reason: string } }

/** As much of OpenSearch as the bulk API needs: strict about its lines, with the faults that a test asks for. */
export class OpenSearchStandIn {
  /** By index and id. */
  readonly documents = new Map<string, unknown>()
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly lines: number }[] =
    []
  /** What a document gets instead of being indexed. */
  refuses: (document: Record<string, unknown>) => Result | undefined = () => undefined
  /** What a whole request gets instead of an answer. */
  failing: number | undefined
  /** What is done to the connection of a request instead of an answer, once its documents are indexed. */
  breaking: ((socket: Socket) => void) | undefined
  /** What is answered in place of what is true. */
  lie: string | undefined
  bodyBytesMax = Number.POSITIVE_INFINITY
  /** `user:password` that it asks for. */
  credentials: string | undefined
  /** With a major version below 8 documents have a type, from then on none. */
  version = '8.1.0'
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        if (this.breaking && status === 200) return this.breaking(request.socket)
        response.writeHead(status, { 'content-type': 'application/json' }).end(this.lie ?? JSON.stringify(body))
      })
    })
  }

  static async open(): Promise<OpenSearchStandIn> {
    const standIn = new OpenSearchStandIn()
    await once(standIn.#server.listen(0, '127.0.0.1'), 'listening')
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose]() {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const wanted = this.credentials && `Basic ${Buffer.from(this.credentials).toString('base64')}`
    if (wanted && request.headers.authorization !== wanted)
      return { status: 401, body: { error: { type: 'security_exception', reason: 'missing authentication' } } }
    if (request.method === 'GET' && request.url === '/')
      return { status: 200, body: { version: { number: this.version } } }
    return await this.#bulk(request)
  }

  async #bulk(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    if (this.failing !== undefined) return { status: this.failing, body: { error: 'not now' } }
    if (text.length > this.bodyBytesMax) return { status: 413, body: { error: 'too large' } }
    const isOurs = request.method === 'POST' && new URL(request.url!, 'http://any').pathname === '/_bulk'
    if (!isOurs || request.headers['content-type'] !== 'application/x-ndjson') return { status: 405, body: {} }
    if (!text.endsWith('\n'))
      return { status: 400, body: { error: 'The bulk request must be terminated by a newline' } }
    const lines = text.slice(0, -1).split('\n')
    this.requests.push({ url: request.url!, headers: request.headers, lines: lines.length })
    const items: { index: Result }[] = []
    for (let at = 0; at < lines.length; at += 2) {
      const { index } = JSON.parse(lines[at]!) as Action
      const isTyped = Number.parseInt(this.version, 10) < 8
      if (!index?._index || (index._type !== undefined && !isTyped))
        return { status: 400, body: { error: 'Malformed action/metadata line' } }
      const document = JSON.parse(lines[at + 1]!) as Record<string, unknown>
      const refusal = this.refuses(document)
      const id = index._id ?? `made-${this.documents.size}`
      const path = [index._index, ...(index._type ? [index._type] : []), id].join('/')
      if (!refusal) this.documents.set(path, document)
      items.push({ index: refusal ?? { status: 201 } })
    }
    return { status: 200, body: { took: 1, errors: items.some(({ index }) => index.status > 299), items } }
  }
}
