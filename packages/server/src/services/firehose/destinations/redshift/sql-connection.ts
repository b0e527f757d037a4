import { isIP } from 'node:net'
import type { Clock } from '@millrace/ports'
import type { Outbound } from '../../../../core/ports/outbound.ts'
import { CopyIn } from './copy-in.ts'
import type { Database } from './jdbc-url.ts'

/** A connection to a database: one statement after the other. */
export interface SqlConnection {
  /** @throws an error with the server's SQLSTATE as its `code`, or what the connection died of */
  query(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Sends rows to a `COPY … FROM STDIN`. @throws as `query` does */
  copyIn(text: string, chunks: Iterable<Uint8Array>): Promise<void>
  close(): void
}

export type SqlParts = {
  readonly clock: Clock
  readonly outbound: Outbound
  readonly database: Database
  readonly username: string
  readonly password: string | undefined
}

const connectTimeoutMs = 30_000
/** Longer than any load should take: a server that says nothing any more is left then. */
const loadTimeoutMs = 3_600_000

type PgClient = {
  connect(): Promise<unknown>
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
  query(query: CopyIn): unknown
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): void
  readonly connection: { readonly stream: { destroy(error?: Error): void } }
}

/**
 * Connects, to the address that may be reached, by TLS if the URL or the server wants it.
 *
 * @throws OutboundFailed, or what the connection died of
 */
export async function connectSql(parts: SqlParts, signal: AbortSignal): Promise<SqlConnection> {
  const { host, sslMode } = parts.database
  const address = await parts.outbound.resolve(host)
  if (sslMode === 'disable') return await connected(parts, address, false, signal)
  // The name that was asked for is the one that a certificate must have, whatever address was found.
  const ssl = { ...(!isIP(host) && { servername: host }), host, rejectUnauthorized: sslMode === 'verify-full' }
  try {
    return await connected(parts, address, ssl, signal)
  } catch (error) {
    if (sslMode !== 'prefer' || (error as Error).message !== noTls) throw error
    return await connected(parts, address, false, signal)
  }
}

const noTls = 'The server does not support SSL connections'

async function connected(
  { clock, database, password = '', username }: SqlParts,
  address: string,
  ssl: object | false,
  signal: AbortSignal,
): Promise<SqlConnection> {
  signal.throwIfAborted()
  // @ts-expect-error The package has no types of its own.
  const { default: pg } = (await import('pg')) as { readonly default: { readonly Client: new (o: object) => PgClient } }
  const client = new pg.Client({
    ...{ host: address, port: database.port, database: database.database, user: username, ssl },
    password: () => password, // a function, so that no file or variable of the machine stands in for none
    ...{ application_name: 'millrace', keepAlive: true },
  })
  let reason: Error | undefined
  const destroy = (error: Error) => {
    reason ??= error
    client.connection.stream.destroy(error)
  }
  client.on('error', (error) => {
    reason ??= error
  })
  const abort = () => destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  const late = (what: string, ms: number) => clock.after(ms, () => destroy(new Error(`${what} within ${ms / 1000} s`)))
  let stopTimer = late(`no connection to ${database.host}`, connectTimeoutMs)
  const close = () => {
    stopTimer()
    signal.removeEventListener('abort', abort)
    void client.end().catch(() => {})
  }
  try {
    await client.connect()
  } catch (error) {
    close()
    throw reason ?? error
  }
  stopTimer()
  stopTimer = late(`no answer of ${database.host}`, loadTimeoutMs)
  const said = (error: Error & { readonly code?: string }) => (error.code === undefined ? (reason ?? error) : error)
  return {
    query: (text, values) =>
      client.query(text, values).then(
        ({ rows }) => rows,
        (error: Error) => Promise.reject(said(error)),
      ),
    async copyIn(text, chunks) {
      const copy = new CopyIn(text, chunks)
      client.query(copy)
      await copy.done.catch((error: Error) => Promise.reject(said(error)))
    },
    close,
  }
}
