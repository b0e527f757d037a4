import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

type Action = { readonly index?: { readonly _index: string; readonly _id: string } }
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
  bodyBytesMax = Number.POSITIVE_INFINITY
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#bulk(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
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
      if (!index?._index || !index._id) return { status: 400, body: { error: 'Malformed action/metadata line' } }
      const document = JSON.parse(lines[at + 1]!) as Record<string, unknown>
      const refusal = this.refuses(document)
      if (!refusal) this.documents.set(`${index._index}/${index._id}`, document)
      items.push({ index: refusal ?? { status: 201 } })
    }
    return { status: 200, body: { took: 1, errors: items.some(({ index }) => index.status > 299), items } }
  }
}
