import type http from 'node:http'
import http2 from 'node:http2'
import net, { type Socket } from 'node:net'
import type { Clock } from '@millrace/ports'
import type { ConnectionRoom } from './connection-room.ts'
import type { TlsDoor } from './tls/tls-door.ts'
import { UnendedHeads } from './unended-heads.ts'

/**
 * Importing node:http evaluates all that it exports, and with `http.WebSocket` the whole of Node's fetch: 13 MB of memory
 * and 30 ms of start-up that a server has no use for.
 */
const { createServer } = process.getBuiltinModule('node:http')

/** Node's own; HTTP/2's compatibility classes have all of it that the gateway uses, and are treated as these. */
export type HttpRequest = http.IncomingMessage
export type HttpResponse = http.ServerResponse

/** Where a door is: an address of this machine (port 0 takes a free one), or a file. */
export type Address =
  | { readonly host: string; readonly port: number }
  | {
      /** A Unix socket's path. */
      readonly socket: string
      /** Who may connect, as the file's mode, e.g. 0o660. */
      readonly mode: number
    }

export type ListenerOptions = {
  readonly at: Address
  /** From a connection's or a request's first byte to the end of its headers, in milliseconds. */
  readonly headersTimeoutMs: number
  /** A connection without a request is closed after this time. Longer than clients keep theirs. */
  readonly idleTimeoutMs: number
  /** Real time, for the heads of HTTP/2; Node times all else here. */
  readonly networkClock: Clock
  /** Connections for which there is no room are closed as they come. */
  readonly connections: ConnectionRoom
  /** For clients that begin with a TLS handshake; without it they hear HTTP, which each of them has words for. */
  readonly tls?: TlsDoor | undefined
  /** Refuse who comes without TLS. @default false */
  readonly tlsOnly?: boolean
  /** Called at each handshake that there is no TLS for. */
  readonly onTlsMissing?: () => void
}

export type Listener = {
  /** Undefined for a Unix socket. */
  readonly port: number | undefined
  /** Stops accepting, lets what is in flight finish until `patience` resolves, then closes what is left. */
  close(patience: Promise<void>): Promise<void>
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** The first byte of a TLS record that holds a handshake (RFC 8446, section 5.1): no request begins so. */
const handshakeByte = 0x16

/**
 * One port for everyone. HTTP/1.1 and HTTP/2 by prior knowledge are told apart by HTTP/2's preface (RFC 9113, section
 * 3.4): the AWS SDK for JavaScript speaks HTTP/2 to Kinesis without asking, all others HTTP/1.1. Who begins with a TLS
 * handshake says by ALPN which of the two comes inside; or by the preface again: the AWS SDK for Java, and so KCL, speaks
 * HTTP/2 inside TLS without asking.
 */
export async function listen(
  options: ListenerOptions,
  handle: (request: HttpRequest, response: HttpResponse) => void,
): Promise<Listener> {
  const { headersTimeoutMs, idleTimeoutMs } = options
  const http1 = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0, // the gateway times bodies itself, in both versions alike
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
  })
  const plain2 = http2.createServer({ settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 } })
  http1.on('request', handle)
  plain2.on('request', handle as unknown as Parameters<typeof plain2.on>[1])
  const sessions = new Set<http2.ServerHttp2Session>()
  const heads = new UnendedHeads(options.networkClock, headersTimeoutMs)
  plain2.on('session', (session) => {
    sessions.add(session)
    heads.watch(session)
    session.setTimeout(idleTimeoutMs, () => session.close())
    session.on('close', () => sessions.delete(session))
    session.on('error', () => session.destroy()) // a client that went away, or does not speak HTTP/2 after all
  })

  const sockets = new Set<Socket>()
  const undecided = new Set<Socket>()
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    if (!options.connections.admit(socket)) return void socket.destroy()
    sockets.add(socket)
    undecided.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      undecided.delete(socket)
    })
    socket.on('error', () => socket.destroy())
    tellApart(socket, options, (opening) => {
      if (opening !== 'tls') return options.tlsOnly ? refuse(socket, opening) : serve(socket, opening)
      if (options.tls)
        return options.tls.enter(socket, headersTimeoutMs, (inner, chosen) => {
          if (chosen === 'http2') return serve(inner, chosen)
          tellApart(inner, { headersTimeoutMs, idleTimeoutMs: headersTimeoutMs }, (inside) => {
            // node:http2 answers 403 to a TLS connection for which ALPN has not chosen it.
            if (inside === 'http2') Object.assign(inner, { alpnProtocol: 'h2' })
            serve(inner, inside === 'http2' ? inside : 'http1')
          })
        })
      options.onTlsMissing?.()
      serve(socket, 'http1')
    })

    /** `inner` is the socket itself, or what came out of its TLS. */
    function serve(inner: Socket, version: 'http1' | 'http2'): void {
      undecided.delete(socket)
      if (version === 'http2') {
        inner.allowHalfOpen = false // its streams have ends of their own; the connection has but one
        // A client that left an event stream half read may never close its side; we have said all that there was.
        inner.once('finish', () => inner.setTimeout(lingerMs, () => inner.destroy()))
      }
      const server = version === 'http2' ? plain2 : http1
      server.emit('connection', inner)
    }
  })
  const { at } = options
  const leaveSocket = 'socket' in at ? await (await import('./unix-socket.ts')).listenAt(server, at) : undefined
  if ('port' in at) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(at.port, at.host, backlog, () => resolve())
    })
  }
  // Node times the headers of HTTP/1.1 only in a server that listens; ours is handed its connections.
  http1.emit('listening')

  const bound = server.address()
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : undefined,
    async close(patience) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await leaveSocket?.()
      http1.close()
      for (const session of sessions) session.close()
      for (const socket of undecided) socket.destroy()
      http1.closeIdleConnections()
      for (const socket of sockets) if (socket.writableFinished) socket.destroy()
      await Promise.race([closed, patience])
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Connections that the system holds until they are taken. */
const backlog = 4096

/** What a client hears in the clear where only TLS is spoken; nothing of what it asks has been looked at. */
const httpsOnly =
  '<AccessDeniedException>\n  <Message>This server speaks HTTPS only</Message>\n</AccessDeniedException>\n'

function refuse(socket: Socket, opening: 'http1' | 'http2'): void {
  if (opening === 'http2') return void socket.destroy()
  socket.setTimeout(lingerMs, () => socket.destroy())
  socket.resume() // what is unread when a socket closes takes the answer with it
  socket.end(
    'HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: close\r\n' +
      `Content-Length: ${httpsOnly.length}\r\n\r\n${httpsOnly}`,
  )
}

/** How long a client may leave its side of an HTTP/2 connection open when ours is closed. */
const lingerMs = 1000

/** Waits for as many bytes as are needed to tell, gives them back to the socket, and hands it on. */
function tellApart(
  socket: Socket,
  { headersTimeoutMs, idleTimeoutMs }: Pick<ListenerOptions, 'headersTimeoutMs' | 'idleTimeoutMs'>,
  handOn: (opening: 'tls' | 'http1' | 'http2') => void,
): void {
  let seen = Buffer.alloc(0)
  socket.setTimeout(idleTimeoutMs, () => socket.destroy())
  // A client may close its side once it has asked (HTTP waits for that), but not before it has said what it speaks.
  const leave = () => socket.destroy()
  const read = () => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    if (seen.length === 0) socket.setTimeout(headersTimeoutMs)
    seen = Buffer.concat([seen, chunk])
    const compared = Math.min(seen.length, preface.length)
    const maybeHttp2 = seen.subarray(0, compared).equals(preface.subarray(0, compared))
    if (maybeHttp2 && seen.length < preface.length) return
    socket.off('readable', read)
    socket.off('end', leave)
    socket.removeAllListeners('timeout')
    socket.setTimeout(0)
    socket.unshift(seen)
    handOn(maybeHttp2 ? 'http2' : seen[0] === handshakeByte ? 'tls' : 'http1')
  }
  socket.on('readable', read)
  socket.once('end', leave)
}
