import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Outbound } from '../../../core/ports/outbound.ts'

/** A request as a stand-in sees it, from a socket or from memory. */
export type Asked = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export type StandIn = { answer(asked: Asked): Answer | Promise<Answer> }

/** A stand-in behind a socket on loopback. */
export class StandInServer {
  readonly url: string
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  static async open(standIn: StandIn, tls?: ServerOptions): Promise<StandInServer> {
    const server = tls ? createTlsServer(tls) : createServer()
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer)
      } catch {
        return // who asked has gone
      }
      const { method = '', headers } = request
      const { pathname: path, searchParams: query } = new URL(request.url!, 'http://any')
      const asked = { method, path, query, headers, body: Buffer.concat(chunks) }
      const { status, headers: more = {}, body = '' } = await standIn.answer(asked)
      response.writeHead(status, { 'content-length': `${Buffer.byteLength(body)}`, ...more }).end(body)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new StandInServer(server, `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** The same stand-in without a network: for tests in which hours pass. */
export const outboundTo = (standIn: StandIn): Outbound => ({
  async request({ url, method, headers, body }, signal) {
    const { pathname: path, searchParams: query } = new URL(url)
    const sent = Buffer.from(body ?? '')
    const length = { 'content-length': `${sent.byteLength}` }
    const answered = await standIn.answer({ method, path, query, headers: { ...headers, ...length }, body: sent })
    signal.throwIfAborted()
    const answer = Buffer.from(answered.body ?? '')
    return {
      status: answered.status,
      headers: { 'content-length': `${answer.byteLength}`, ...answered.headers },
      body: answer,
    }
  },
  async resolve() {
    return '127.0.0.1'
  },
  close() {},
})
