import { setFlagsFromString } from 'node:v8'
import { systemClock } from '@millrace/ports'
import packageJson from '../../package.json' with { type: 'json' }
import { describeOptions, readConfig, type ServerConfig } from '../config.ts'
import type { FaultRules } from '../gateway/faults.ts'
import { type Millrace, startMillrace } from '../main.ts'
import { ConfigError } from '../option-values.ts'
import { jsonLogger } from '../telemetry/json-logger.ts'
import { commandHelp, type Output } from './command.ts'

/** Runs the server until it is told to stop. Returns the exit code: 0 after a clean stop, 2 for a wrong option. */
export async function serveCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    out.write(`${help().join('\n')}\n`)
    return 0
  }
  if (args.includes('--version')) {
    out.write(`${packageJson.version}\n`)
    return 0
  }
  const stopSignal = nextStopSignal()
  let server: Millrace
  try {
    const config = readConfig(args, process.env)
    // What is kept is little and what passes through is much: V8 looks for garbage among the kept when it is four times
    // what it was, not one and a half times. (A tenth of the processor at full load, for no more memory at the peak:
    // benchmarks/README.md.)
    setFlagsFromString('--heap-growing-percent=300')
    server = await startMillrace(serverOptionsOf(config))
    out.write(`${readyLine(server, config)}\n`)
  } catch (error) {
    err.write(`millrace: ${operatorLine(error)}\n`)
    return error instanceof ConfigError ? 2 : 1
  }
  await stopSignal
  await server.stop()
  return 0
}

const serverOptionsOf = (config: ServerConfig) => ({
  port: config.port,
  host: config.host,
  ...(config.identity !== undefined && { identity: config.identity }),
  insecure: config.insecure,
  ...(!config.memory && { data: config.data }),
  tls: tlsOf(config),
  ...(config['tls-client-ca'] !== undefined && { tlsClientCa: config['tls-client-ca'] }),
  ...(config['tls-client-auth'] !== undefined && { tlsClientAuth: config['tls-client-auth'] }),
  tlsOnly: config['tls-only'],
  ...(config['pages-token'] !== undefined && { pagesToken: config['pages-token'] }),
  ...(config['private-endpoints'] !== undefined && { privateEndpoints: config['private-endpoints'] }),
  durability: config.durability,
  limits: config.limits,
  ...(config.faults !== undefined && { faults: config.faults as FaultRules }),
  ...(config.functions !== undefined && { functions: config.functions }),
  ...(config.schemas !== undefined && { schemas: config.schemas }),
  ...(config.buckets !== undefined && { buckets: config.buckets }),
  ...(config['s3-endpoint'] !== undefined && { s3Endpoint: config['s3-endpoint'] }),
  ...(config.trail !== undefined && { trail: config.trail, trailDataEvents: config['trail-data-events'] }),
  ...(config.keyring !== undefined && { keyring: config.keyring }),
  ...(config.kms !== undefined && { kms: config.kms }),
  ...(config['data-key-seconds'] !== undefined && { dataKeyAgeMs: 1000 * config['data-key-seconds'] }),
  endpoints: config.endpoints,
  activePartitions: config['active-partitions'],
  privateAddresses: config['private-addresses'],
  tableBytesMax: config['table-bytes-max'],
  backlogBytesMax: config['backlog-bytes-max'],
  region: config.region,
  account: config.account,
  transitionMs: config['transition-ms'],
  logger: jsonLogger((line) => process.stderr.write(line), systemClock, config['log-level']),
})

function tlsOf({ tls, 'tls-cert': certFile, 'tls-key': keyFile }: ServerConfig) {
  return certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : tls
}

/** One line: where it is, and how to point a client at it. */
function readyLine({ url, tlsUrl, authority }: Millrace, config: ServerConfig): string {
  const { region, memory, data, durability, identity } = config
  const kept = memory
    ? 'in memory'
    : `in ${data}, ${durability === 'fsync' ? 'on the disk before each answer' : 'written by the system'}`
  const trusted = authority?.path ?? `what ${url}/ca.pem gives`
  const trust = authority ? ` (trust ${trusted}, by AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS)` : ''
  const secure = tlsUrl === undefined ? '' : ` and ${tlsUrl}${trust}`
  const keys =
    identity === undefined
      ? ' AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any'
      : `, with the keys of a user in ${identity === 'catalog' ? 'its catalog' : identity}`
  return (
    `Millrace is ready at ${url}${secure} (records kept ${kept}). Point a client at it: ` +
    `export AWS_ENDPOINT_URL=${url} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}${keys}` // some read this, some that
  )
}

/** Signals this close together are one: a terminal and npm both pass on a single Ctrl-C. */
const sameSignalMs = 1000

/** Resolves at the first SIGTERM or SIGINT; a later one ends the process at once. */
function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    const take = () => {
      const nowMs = systemClock.monotonicMs()
      firstAtMs ??= nowMs
      if (nowMs - firstAtMs > sameSignalMs) process.exit(130)
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, take)
  })
}

/** What an operator can act on, in one line. */
function operatorLine(error: unknown): string {
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  if (code === 'EADDRINUSE')
    return `port ${port} on ${address} is in use; choose another with --port (0 takes a free one)`
  if (code === 'EACCES' && port !== undefined) return `port ${port} may not be used; choose another with --port`
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address}; choose another with --host`
  return message.split('\n')[0]!
}

const help = () => [
  'millrace: Amazon Kinesis on your own machine',
  '',
  ...Object.values(commandHelp).map(
    ([call, what], i) => `${i === 0 ? 'Usage:' : '      '} millrace ${call.padEnd(23)}  ${what}`,
  ),
  '',
  'millrace COMMAND --help tells more of a command.',
  '',
  'Options of the server:',
  ...describeOptions(),
  '  --version',
  '      The version, and nothing else.',
]
