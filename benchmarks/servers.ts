import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BareAnswer } from './bare-server.ts'
import { writeIdentityFile } from './signed.ts'
import { Connection, requestBytes } from './wire.ts'

/*
 * The servers that are measured: each in a process of its own, with the same Node, and its data in a fresh folder.
 */

export type Contestant = {
  readonly name: string
  readonly command: (port: number, data: string) => Command
  /** Whether it is there. @default whether it answers a call over HTTP/1.1 */
  readonly isUp?: (port: number) => Promise<boolean>
}

/** `program` is our own Node, unless it is told. */
export type Command = {
  readonly program?: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
}

export type RunningServer = {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** From spawning node to the first answer, in milliseconds. */
  readonly readyMs: number
  /** Of processor time used so far, over all threads, user and system, in milliseconds. */
  cpuMs(): number
  /** Resident memory, in bytes. */
  residentBytes(): number
  stop(): Promise<void>
}

/** What is measured beside Millrace and is not a part of it; Git ignores it. */
export const peersFolder = join(import.meta.dirname, '.peers')
const peer = (path: string) => join(peersFolder, 'node_modules', path)

export const contestant = {
  /** More of node's own options, for a profile. */
  millrace: (nodeOptions: readonly string[] = []): Contestant => ({
    name: 'Millrace',
    command: (port, data) => ({
      args: [
        ...nodeOptions,
        join(import.meta.dirname, '../packages/server/src/bin.ts'),
        ...['--port', String(port), '--data', data, '--durability', 'fsync', '--limits', 'off'],
      ],
    }),
  }),

  /** Every request must be signed, and allowed. */
  millraceWithIdentity: (): Contestant => ({
    name: 'Millrace with an identity file',
    command: (port, data) => {
      const file = join(data, 'identity.json')
      writeIdentityFile(file)
      const { args } = contestant.millrace().command(port, join(data, 'data'))
      return { args: [...args, '--identity', file] }
    },
    isUp: isListening,
  }),

  kinesalite: (): Contestant => ({
    name: 'kinesalite',
    command: (port, data) => ({
      args: [
        peer('kinesalite/cli.js'),
        ...['--port', String(port), '--path', data, '--createStreamMs', '50', '--shardLimit', '10000'],
      ],
    }),
  }),

  'kinesis-local': (): Contestant => ({
    name: 'kinesis-local',
    command: (port) => ({
      args: [peer('kinesis-local/main.js')],
      env: {
        KINESIS_MOCK_PLAIN_PORT: String(port),
        KINESIS_MOCK_TLS_PORT: String(port + 1),
        KINESIS_MOCK_CERT_PATH: peer('kinesis-local/server.json'),
        CREATE_STREAM_DURATION: '50ms',
        LOG_LEVEL: 'ERROR',
      },
    }),
  }),

  bare: (answer: BareAnswer): Contestant => ({
    name: 'the bare server',
    command: (port, data) => {
      const file = join(data, 'answer.json')
      writeFileSync(file, JSON.stringify(answer))
      return { args: [join(import.meta.dirname, 'bare-server.ts'), String(port), file] }
    },
  }),

  bareFanOut: (): Contestant => ({
    name: 'the bare fan-out server',
    command: (port) => ({ args: [join(import.meta.dirname, 'bare-fan-out-server.ts'), String(port)] }),
    isUp: isListening,
  }),
}

/** Installs the peers, once, into an ignored folder. @throws Error when npm cannot */
export const installPeers = (): string => install('kinesalite@3.3.3', 'kinesis-local@0.6.2')

/** Installs packages of npm, each once, into an ignored folder. @returns the folder of the first @throws Error when npm cannot */
export function install(...packages: readonly string[]): string {
  const nameOf = (versioned: string) => versioned.slice(0, versioned.lastIndexOf('@'))
  const missing = packages.filter((versioned) => !existsSync(peer(nameOf(versioned))))
  if (missing.length > 0) {
    process.stderr.write(`Installing ${missing.map(nameOf).join(', ')} into benchmarks/.peers ...\n`)
    mkdirSync(peersFolder, { recursive: true })
    if (!existsSync(join(peersFolder, 'package.json')))
      writeFileSync(join(peersFolder, 'package.json'), '{ "private": true }\n')
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status } = spawnSync('npm', ['install', ...options, ...missing], {
      cwd: peersFolder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) throw new Error('the peers could not be installed; --only Millrace runs without them')
  }
  return peer(nameOf(packages[0]!))
}

const startWithinMs = 20_000

/** Starts a server and waits until it answers a call. */
export async function start({ name, command, isUp = answers }: Contestant): Promise<RunningServer> {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const { program = process.execPath, args, env } = command(port, data)
  const spawnedAtMs = performance.now()
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  const ended = once(child, 'exit')
  // An interrupted run must not leave a server behind.
  const kill = () => {
    child.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  }
  process.on('exit', kill)
  const stop = async () => {
    child.kill('SIGTERM')
    const forced = setTimeout(() => child.kill('SIGKILL'), 12_000)
    await ended
    clearTimeout(forced)
    process.off('exit', kill)
    rmSync(data, { recursive: true, force: true })
  }
  while (!(await isUp(port))) {
    if (child.exitCode !== null || performance.now() - spawnedAtMs > startWithinMs) {
      await stop()
      throw new Error(`${name} did not start`)
    }
    await sleep(2)
  }
  const readyMs = performance.now() - spawnedAtMs
  return {
    name,
    port,
    pid: child.pid!,
    readyMs,
    cpuMs: () => cpuMs(child.pid!),
    residentBytes: () => residentBytes(child.pid!),
    stop,
  }
}

/** Whether it speaks HTTP: the bare server answers every call with the same, also this one. */
async function answers(port: number): Promise<boolean> {
  const connection = new Connection(port)
  try {
    return (await connection.send(requestBytes('ListStreams', {}))).status === 200
  } catch {
    return false
  } finally {
    connection.close()
  }
}

/** From the system's own books, in ticks of 10 ms; Linux only. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // After the name, which ends with the last bracket: state is the first field, utime and stime are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** From the system's own books; Linux only. */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

/** Whether anything takes connections there. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
