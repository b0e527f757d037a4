import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { systemClock } from '@millrace/ports'
import { AddressRules } from '../../../../outbound/address-rules.ts'
import { OutboundHttp } from '../../../../outbound/outbound-http.ts'
import { DeliveryFailed } from '../destination.ts'
import type { SslMode } from './jdbc-url.ts'
import type { Loader, SkippedRow, Staged } from './loader.ts'
import { connectSql } from './sql-connection.ts'

const never = new AbortController().signal
const outbound = new OutboundHttp({ clock: systemClock, rules: new AddressRules(['127.0.0.0/8']) })

export type Target = {
  readonly port: number
  readonly sslMode?: SslMode
  readonly user?: string
  readonly database?: string
}

/** Connects as the destination does, to a port of the loopback. */
export const connecting =
  ({ port, sslMode = 'disable', user = 'test', database = 'postgres' }: Target, password = 'secret') =>
  (signal: AbortSignal) =>
    connectSql(
      {
        ...{ clock: systemClock, outbound, username: user, password },
        database: { isRedshift: false, host: '127.0.0.1', port, database, sslMode },
      },
      signal,
    )

/** A batch of one object, as the destination stages it. Rows that are left out are put into `skipped`. */
export function stagedOf(text: string, id = 'batch', skipped: SkippedRow[] = []): Staged {
  return {
    batch: { id, version: 1, records: [], firstArrivalMs: 0 },
    bytes: Buffer.from(text),
    objectUrl: 's3://lake/object',
    manifestUrl: 's3://lake/manifests/object',
    skip: async (rows) => void skipped.push(...rows),
  }
}

/** Loads, and says as what it failed: `Redshift.TableNotFound: …`; undefined if it did not. */
export async function loadFault(loader: Loader, staged: Staged): Promise<string | undefined> {
  try {
    await loader.load(staged, never)
    return undefined
  } catch (error) {
    if (error instanceof DeliveryFailed) return `${error.code}: ${error.message}`
    throw error
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Stands between a client and a server, and breaks off when a test wants it. */
export class BreakingProxy {
  /** Told what the client sends; true: it arrives, and what is answered does not. */
  mutesAt: (sent: string) => boolean = () => false
  /** Bytes from the client behind which everything breaks off. */
  breaksBehindBytes = Number.POSITIVE_INFINITY
  readonly #server = createServer((client) => this.#join(client))
  readonly #target: number
  readonly #sockets = new Set<Socket>()

  constructor(target: number) {
    this.#target = target
  }

  async open(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1')
    let isMute = false
    let sentBytes = 0
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    }
    client.on('data', (chunk) => {
      isMute ||= this.mutesAt(chunk.toString('latin1'))
      sentBytes += chunk.byteLength
      if (sentBytes > this.breaksBehindBytes) for (const socket of [client, server]) socket.resetAndDestroy()
      else server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (isMute) client.resetAndDestroy()
      else client.write(chunk)
    })
    client.on('close', () => server.end())
    server.on('close', () => client.destroy())
  }
}
