import net from 'node:net'

/* Requests in their thousands: connections that stay, and nothing of a client but the bytes. Answers have a Content-Length. */

export type Sent = {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export type Received = { readonly status: number; readonly text: string }

type Waiting = { readonly bytes: Buffer; resolve(received: Received): void; reject(error: Error): void }

/** Sends over so many connections; paths go as they are given. */
export class PlainConnections {
  readonly #url: URL
  readonly #sockets = new Set<net.Socket>()
  readonly #waiting: Waiting[] = []
  readonly #connectionsMax: number

  constructor(url: string, connectionsMax = 8) {
    this.#url = new URL(url)
    this.#connectionsMax = connectionsMax
  }

  send({ path = '/', method = 'POST', headers = {}, body = '' }: Sent): Promise<Received> {
    const content = typeof body === 'string' ? Buffer.from(body) : body
    const lines = Object.entries({ host: this.#url.host, ...headers, 'content-length': content.length })
    const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    const bytes = Buffer.concat([Buffer.from(head, 'latin1'), content])
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject })
      if (this.#sockets.size < this.#connectionsMax) this.#connect()
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(): void {
    const socket = net.connect({ port: Number(this.#url.port), host: this.#url.hostname, noDelay: true })
    this.#sockets.add(socket)
    let asked: Waiting | undefined
    let said = Buffer.alloc(0)
    const next = () => {
      asked = this.#waiting.shift()
      if (asked) socket.write(asked.bytes)
      else socket.end()
    }
    socket.on('connect', next)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      said = said.length === 0 ? chunk : Buffer.concat([said, chunk])
      const headBytes = said.indexOf('\r\n\r\n') + 4
      if (headBytes < 4) return
      const head = said.toString('latin1', 0, headBytes)
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      if (said.length < headBytes + length) return
      asked?.resolve({ status: Number(head.slice(9, 12)), text: said.toString('utf8', headBytes, headBytes + length) })
      asked = undefined
      said = Buffer.alloc(0)
      if (/\r\nconnection: close/i.test(head)) socket.end()
      else next()
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      asked?.reject(new Error('the server closed without an answer'))
      if (this.#waiting.length > 0) this.#connect()
    })
  }
}
