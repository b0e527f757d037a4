import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { SqlClient } from './sql-client.ts'

type PgPool = Omit<SqlClient, 'query'> & {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): void
}

// The package has no types of its own.
const { Pool } = createRequire(import.meta.url)('pg') as { Pool: new (options: object) => PgPool }

/** Where Debian puts its programs, or the first folder of the path that has them. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
  return [...versions, ...(process.env.PATH ?? '').split(':')].find((folder) => existsSync(join(folder, 'initdb')))
}

/** A reason to skip what needs a real Postgres; undefined where there is one, or must be. */
export const noPostgres =
  binaries() || process.env.REQUIRE_ALL_CLIENTS === '1' ? undefined : 'this machine has no PostgreSQL server'

export type PostgresOptions = {
  /** A port of the loopback where it listens, too. @default none */
  readonly port?: number
  /** For TLS, as PEM. @default none */
  readonly tls?: { readonly key: string; readonly certificate: string }
}

/** A real Postgres of its own, on a socket in a folder of its own. It refuses to run as root, so there it is somebody else. */
export async function openPostgres({ port, tls }: PostgresOptions = {}) {
  const folder = binaries()
  if (!folder) throw new Error('there is no initdb in the path')
  const directory = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
  const owner = process.getuid?.() === 0 ? nobody() : {}
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid!)
  const data = join(directory, 'data')
  const made = spawnSync(join(folder, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-N', '-E', 'UTF8'], {
    ...owner,
    cwd: directory,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(made.stderr)
  const address = port === undefined ? ['listen_addresses='] : ['listen_addresses=127.0.0.1', `port=${port}`]
  if (tls)
    for (const [name, text] of [
      ['server.key', tls.key],
      ['server.crt', tls.certificate],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 })
      if (owner.uid !== undefined) chownSync(join(data, name), owner.uid, owner.gid!)
    }
  const settings = [...address, 'fsync=off', ...(tls ? ['ssl=on'] : [])].flatMap((setting) => ['-c', setting])
  const start = () =>
    spawn(join(folder, 'postgres'), ['-D', data, '-k', directory, ...settings], {
      ...{ ...owner, cwd: directory, stdio: 'ignore' },
    })
  let server = start()
  const kill = () => server.kill('SIGKILL')
  process.on('exit', kill)
  const pool = new Pool({ host: directory, port, user: 'test', database: 'postgres', max: 2 })
  pool.on('error', () => {}) // the server goes before the pool does
  const isReady = async () => {
    for (let tries = 0; ; tries++)
      try {
        await pool.query('SELECT 1')
        return
      } catch (error) {
        if (tries === 200 || server.exitCode !== null) throw error
        await pause(50)
      }
  }
  await isReady()
  return {
    pool,
    /** Ends it as a power cut would. */
    async kill() {
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
    /** Its children may outlive a kill for a moment, and keep it from starting. */
    async restart() {
      for (let tries = 0; ; tries++)
        try {
          server = start()
          return await isReady()
        } catch (error) {
          if (tries === 20) throw error
          await pause(100)
        }
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
      const ended = once(server, 'exit')
      server.kill('SIGINT')
      await ended
      process.off('exit', kill)
      rmSync(directory, { recursive: true })
    },
  }
}

function nobody(): { uid?: number; gid?: number } {
  const id = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}
