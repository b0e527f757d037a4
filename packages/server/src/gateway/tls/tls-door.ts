import { constants, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { SecureVersion, Server, TLSSocket } from 'node:tls'
import type { ServerCertificate } from './certificate.ts'

/** What a connection goes on with after its handshake. */
type Serve = (inner: Socket, version: 'http1' | 'http2') => void

/** Which certificates of clients are taken. They open the connection only: requests are signed all the same. */
export type ClientCertificates = {
  /** The authorities that vouch for clients, as PEM. */
  readonly ca: string
  /** Refuse clients without one. One that nobody vouches for is refused in any case. */
  readonly isRequired: boolean
}

/** Takes connections that begin with a handshake. */
export type TlsDoor = {
  /** Shakes hands for at most `timeoutMs`; then `serve` gets what is inside. Otherwise the socket is let go of. */
  enter(socket: Socket, timeoutMs: number, serve: Serve): void
  /** Is a host name one of the certificate's? */
  names(host: string): boolean
  /**
   * From the next handshake on; connections that are open live on.
   * @throws Error with one line if they cannot be used: then all stays as it was
   */
  renew(pair: ServerCertificate, ca?: string): void
}

/** TLS 1.1 and older are broken; no SDK that is cared for needs them. */
const minVersion: SecureVersion = 'TLSv1.2'

/** Those with forward secrecy and authenticated encryption: all of TLS 1.3, and of 1.2 what is as good. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** @throws Error with one line if certificate and key are none, or do not belong together */
export async function tlsDoor(pair: ServerCertificate, clients?: ClientCertificates): Promise<TlsDoor> {
  // Loaded with the first certificate: a server without TLS does without its memory.
  const { createServer, createSecureContext } = await import('node:tls')
  const partsOf = ({ cert, key }: ServerCertificate, ca = clients?.ca) => ({
    cert,
    key,
    ...(clients && { ca: authoritiesIn(ca!) }),
    minVersion,
    ciphers,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  })
  let certificate!: X509Certificate
  const server = understood(() => {
    certificate = new X509Certificate(pair.cert)
    return createServer({
      ...partsOf(pair),
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: clients !== undefined,
      rejectUnauthorized: clients?.isRequired === true,
    })
  })
  const handshakes = new Map<string, Serve>()
  server.on('secureConnection', (inner) => {
    const serve = handshakes.get(endsOf(inner))
    if (serve && !isBadClient(inner, clients)) serve(inner, inner.alpnProtocol === 'h2' ? 'http2' : 'http1')
    else inner.destroy()
  })
  server.on('tlsClientError', (_error, inner) => inner.destroy()) // it broke the handshake, or went away
  return {
    enter: (socket, timeoutMs, serve) => enter(server, handshakes, socket, timeoutMs, serve),
    names: (host) => certificate.checkHost(host) !== undefined,
    renew(next, ca) {
      understood(() => {
        const parts = partsOf(next, ca)
        createSecureContext(parts) // the server would be left with half of what is wrong
        const renewed = new X509Certificate(next.cert)
        server.setSecureContext(parts)
        certificate = renewed
      })
    },
  }
}

/** A certificate that was shown though none had to be, and that nobody vouches for. */
const isBadClient = (inner: TLSSocket, clients: ClientCertificates | undefined) =>
  clients !== undefined && !inner.authorized && (clients.isRequired || inner.getPeerX509Certificate() !== undefined)

/** One by one: of a text with several, Node takes them all, but of one with none it says nothing. */
function authoritiesIn(pem: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!found) throw new Error('the file of client authorities has no certificate')
  return found
}

/** The server does not say which socket a TLS connection came in by; no two that are open have the same ends. */
const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket) =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`

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
    if (/^the file of client/.test(message)) throw error
    const because = /mismatch/.test(message) ? 'they do not belong together' : `are they PEM? ${message.split('\n')[0]}`
    throw new Error(`the TLS certificate and key cannot be used: ${because}`)
  }
}
