import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { SecureVersion, Server } from 'node:tls'
import type { ServerCertificate } from './certificate.ts'

/** What a connection goes on with after its handshake. */
type Serve = (inner: Socket, version: 'http1' | 'http2') => void

/** Takes connections that begin with a handshake. */
export type TlsDoor = {
  /** Shakes hands for at most `timeoutMs`; then `serve` gets what is inside. Otherwise the socket is let go of. */
  enter(socket: Socket, timeoutMs: number, serve: Serve): void
  /** Is a host name one of the certificate's? */
  names(host: string): boolean
}

/** TLS 1.1 and older are broken; no SDK that is cared for needs them. */
const minVersion: SecureVersion = 'TLSv1.2'

/** @throws Error with one line if certificate and key are none, or do not belong together */
export async function tlsDoor({ cert, key }: ServerCertificate): Promise<TlsDoor> {
  // Loaded with the first certificate: a server without TLS does without its memory.
  const { createServer } = await import('node:tls')
  const { server, certificate } = understood(() => ({
    certificate: new X509Certificate(cert),
    server: createServer({ cert, key, minVersion, ALPNProtocols: ['h2', 'http/1.1'] }),
  }))
  const handshakes = new Map<string, Serve>()
  server.on('secureConnection', (inner) => {
    const serve = handshakes.get(endsOf(inner))
    if (serve) serve(inner, inner.alpnProtocol === 'h2' ? 'http2' : 'http1')
    else inner.destroy()
  })
  server.on('tlsClientError', (_error, inner) => inner.destroy()) // it broke the handshake, or went away
  return {
    enter: (socket, timeoutMs, serve) => enter(server, handshakes, socket, timeoutMs, serve),
    names: (host) => certificate.checkHost(host) !== undefined,
  }
}

/** The server does not say which socket a TLS connection came in by; no two that are open have the same ends. */
const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket) => `${remoteAddress} ${remotePort} ${localAddress}`

function enter(server: Server, handshakes: Map<string, Serve>, socket: Socket, timeoutMs: number, serve: Serve): void {
  const ends = endsOf(socket)
  const leave = () => handshakes.delete(ends)
  handshakes.set(ends, (inner, version) => {
    leave()
    socket.off('close', leave)
    socket.setTimeout(0)
    inner.once('close', () => socket.destroy())
    serve(inner, version)
  })
  socket.once('close', leave)
  socket.setTimeout(timeoutMs, () => socket.destroy())
  server.emit('connection', socket)
}

function understood<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { message } = error as Error
    const because = /mismatch/.test(message) ? 'they do not belong together' : `are they PEM? ${message.split('\n')[0]}`
    throw new Error(`the TLS certificate and key cannot be used: ${because}`)
  }
}
