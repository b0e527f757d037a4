import { parseArgs } from 'node:util'
import type { LogLevel } from '@millrace/ports'
import {
  ConfigError,
  integerWithin,
  jsonFile,
  limitsFrom,
  matching,
  networks,
  nonEmpty,
  oneOf,
  onOrOff,
  readableFile,
  refusedOptions,
  serviceEndpoint,
  trailDestination,
  whatItMustBe,
} from './option-values.ts'
import { type DataSelection, dataSelectionFrom } from './trail/data-selection.ts'

/*
 * Every option of the server, once: its flag, its environment variable, unit, default and consequence. `--help` is
 * written from this table, and so are the errors.
 */

type Option<T> = {
  /** What stands behind the flag in `--help`; absent for a switch. */
  readonly value?: string
  /** The environment variable. */
  readonly env: string
  readonly default: T
  /** What it does, and what follows from it. */
  readonly help: string
  /** Text → value. @throws ConfigError that completes the sentence "--port must be …" */
  readonly parse: (text: string) => T
}

export type Limits = 'aws' | 'off' | { readonly [name: string]: unknown }

const option = <T>(declared: Option<T>) => declared

export const serverOptions = {
  port: option({
    value: 'NUMBER',
    env: 'MILLRACE_PORT',
    default: 4567,
    help: 'TCP port, 0 to 65535; 0 takes a free one. HTTP/1.1 and HTTP/2 on the same port.',
    parse: integerWithin(0, 65_535),
  }),
  host: option({
    value: 'ADDRESS',
    env: 'MILLRACE_HOST',
    default: '127.0.0.1',
    help: 'Address to listen on. One that other machines can reach needs --identity, or --insecure.',
    parse: nonEmpty('an address, e.g. 127.0.0.1'),
  }),
  identity: option({
    value: 'FILE|catalog',
    env: 'MILLRACE_IDENTITY',
    default: undefined as string | undefined,
    help: 'Users, keys, roles and policies: every request must then be signed, and allowed. In a file, or sealed in the catalog of --data. millrace identity makes either. See docs/identity.md.',
    parse: (text): string | undefined => nonEmpty('a file, or catalog')(text),
  }),
  insecure: option({
    env: 'MILLRACE_INSECURE',
    default: false,
    help: 'Listen beyond this machine without an identity file: anyone who reaches the port may read, write and delete everything.',
    parse: onOrOff,
  }),
  data: option({
    value: 'DIR',
    env: 'MILLRACE_DATA',
    default: '.millrace',
    help: 'Folder that keeps streams and records; made if missing. One server at a time.',
    parse: nonEmpty('a folder'),
  }),
  memory: option({
    env: 'MILLRACE_MEMORY',
    default: false,
    help: 'Keep everything in memory instead: faster to try, and gone when the server stops.',
    parse: onOrOff,
  }),
  tls: option({
    env: 'MILLRACE_TLS',
    default: false,
    help: 'Speak HTTPS, too, on the same port, with a certificate that is made at the first start and kept in DIR/tls. See docs/tls.md.',
    parse: onOrOff,
  }),
  'tls-cert': option({
    value: 'FILE',
    env: 'MILLRACE_TLS_CERT',
    default: undefined as string | undefined,
    help: 'Speak HTTPS with this certificate (PEM, followed by its chain); needs --tls-key. Read again when it changes.',
    parse: readableFile,
  }),
  'tls-key': option({
    value: 'FILE',
    env: 'MILLRACE_TLS_KEY',
    default: undefined as string | undefined,
    help: 'The private key of --tls-cert (PEM).',
    parse: readableFile,
  }),
  'tls-client-ca': option({
    value: 'FILE',
    env: 'MILLRACE_TLS_CLIENT_CA',
    default: undefined as string | undefined,
    help: 'Clients must show a certificate that one of these authorities (PEM) vouches for. Requests must still be signed.',
    parse: readableFile,
  }),
  'tls-client-auth': option({
    value: 'none|optional|required',
    env: 'MILLRACE_TLS_CLIENT_AUTH',
    default: undefined as 'none' | 'optional' | 'required' | undefined,
    help: 'Whether clients need a certificate of --tls-client-ca. With --tls-client-ca it is required by default, which rules out plain HTTP.',
    parse: (text): 'none' | 'optional' | 'required' | undefined => oneOf('none', 'optional', 'required')(text),
  }),
  'tls-only': option({
    env: 'MILLRACE_TLS_ONLY',
    default: false,
    help: 'Refuse plain HTTP, also on this machine.',
    parse: onOrOff,
  }),
  'private-endpoints': option({
    value: 'FILE',
    env: 'MILLRACE_PRIVATE_ENDPOINTS',
    default: undefined as string | undefined,
    help: 'JSON: further addresses and Unix sockets to listen on, each with a policy of its own. See docs/private-endpoints.md.',
    parse: readableFile,
  }),
  'pages-token': option({
    value: 'FILE',
    env: 'MILLRACE_PAGES_TOKEN',
    default: undefined as string | undefined,
    help: 'Holds the token that opens /metrics and /deliveries, sent as Authorization: Bearer (mode 0600). With --identity they are closed without it.',
    parse: readableFile,
  }),
  durability: option({
    value: 'fsync|os',
    env: 'MILLRACE_DURABILITY',
    default: 'fsync' as 'fsync' | 'os',
    help: 'When a put is answered. fsync: when it is on the disk. os: when the system has it (a power failure loses the last seconds).',
    parse: oneOf('fsync', 'os'),
  }),
  limits: option({
    value: 'aws|off|FILE',
    env: 'MILLRACE_LIMITS',
    default: 'aws' as Limits,
    help: "Throughput limits and call rates. aws: AWS's. off: none, for load tests. FILE: JSON with those to replace.",
    parse: limitsFrom,
  }),
  faults: option({
    value: 'FILE',
    env: 'MILLRACE_FAULTS',
    default: undefined as unknown,
    help: 'JSON: makes chosen operations fail, throttle or answer late, by a seeded probability. See docs/testing.md.',
    parse: (path): unknown => jsonFile(path),
  }),
  functions: option({
    value: 'FILE',
    env: 'MILLRACE_FUNCTIONS',
    default: undefined as string | undefined,
    help: 'JSON: the Lambda functions that may be invoked, and that event source mappings call. See docs/lambda.md.',
    parse: (text): string | undefined => nonEmpty('a file')(text),
  }),
  schemas: option({
    value: 'DIR',
    env: 'MILLRACE_SCHEMAS',
    default: undefined as string | undefined,
    help: "Folder with schemas of tables that Firehose converts records to: DIR/DATABASE/TABLE.json, Glue's TableInput. See docs/glue.md.",
    parse: (text): string | undefined => nonEmpty('a folder')(text),
  }),
  buckets: option({
    value: 'DIR',
    env: 'MILLRACE_BUCKETS',
    default: undefined as string | undefined,
    help: 'Folder whose subfolders are buckets, for Firehose and for batches that a function failed on. Without it: buckets in the data folder.',
    parse: (text): string | undefined => nonEmpty('a folder')(text),
  }),
  's3-endpoint': option({
    value: 'URL|aws',
    env: 'MILLRACE_S3_ENDPOINT',
    default: undefined as string | undefined,
    help: 'A service that speaks S3 and holds the buckets in place of a folder: its URL, or aws. See docs/firehose.md.',
    parse: serviceEndpoint,
  }),
  endpoints: option({
    value: 'aws|any',
    env: 'MILLRACE_ENDPOINTS',
    default: 'aws' as 'aws' | 'any',
    help: "Where Firehose may deliver to. aws: as AWS demands. any: also by http://, and to hosts that are not AWS's.",
    parse: oneOf('aws', 'any'),
  }),
  'active-partitions': option({
    value: 'NUMBER',
    env: 'MILLRACE_ACTIVE_PARTITIONS',
    default: 500,
    help: 'Partitions of one Firehose delivery stream at once, 1 to 5000. Records for more of them go to the error output, as on AWS.',
    parse: integerWithin(1, 5000),
  }),
  'private-addresses': option({
    value: 'NETWORKS',
    env: 'MILLRACE_PRIVATE_ADDRESSES',
    default: [] as readonly string[],
    help: 'Loopback, link-local and private networks that Firehose may deliver to nevertheless, e.g. 10.0.0.0/8,127.0.0.1.',
    parse: networks,
  }),
  trail: option({
    value: 'DIR|s3://BUCKET/PREFIX',
    env: 'MILLRACE_TRAIL',
    default: undefined as string | undefined,
    help: "Keep an audit trail of all calls, as CloudTrail's log files, in a folder or a bucket of --s3-endpoint. See docs/audit.md.",
    parse: trailDestination,
  }),
  'trail-data-events': option({
    value: 'none|all|ARNS',
    env: 'MILLRACE_TRAIL_DATA_EVENTS',
    default: 'none' as DataSelection,
    help: 'Calls that move data, in the trail too: all, or those on resources whose ARN begins with one of these, separated by commas.',
    parse: whatItMustBe(dataSelectionFrom),
  }),
  'table-bytes-max': option({
    value: 'BYTES',
    env: 'MILLRACE_TABLE_BYTES_MAX',
    default: 256 * 1024 * 1024,
    help: 'Memory for the items of all DynamoDB tables together; writes that need more are refused. See docs/dynamodb.md.',
    parse: integerWithin(1024 * 1024, Number.MAX_SAFE_INTEGER),
  }),
  'backlog-bytes-max': option({
    value: 'BYTES',
    env: 'MILLRACE_BACKLOG_BYTES_MAX',
    default: 16 * 1024 ** 3,
    help: 'Disk for records that wait in all Firehose delivery streams together; puts that need more are refused with 503.',
    parse: integerWithin(1024 * 1024, Number.MAX_SAFE_INTEGER),
  }),
  keyring: option({
    value: 'FILE',
    env: 'MILLRACE_KEYRING',
    default: undefined as string | undefined,
    help: 'The keyring, whose keys protect what is encrypted: keep it on another disk than the data. Without it: keys/keyring.json in the data folder. See docs/encryption.md.',
    parse: (text): string | undefined => nonEmpty('a file')(text),
  }),
  kms: option({
    value: 'URL|aws',
    env: 'MILLRACE_KMS',
    default: undefined as string | undefined,
    help: 'AWS KMS, or a service that speaks its protocol, for the keys that streams are encrypted by: its URL, or aws. See docs/encryption.md.',
    parse: serviceEndpoint,
  }),
  'data-key-seconds': option({
    value: 'NUMBER',
    env: 'MILLRACE_DATA_KEY_SECONDS',
    default: undefined as number | undefined,
    help: 'How long a data key is used before the key service is asked again, 1 to 3600; a key that is disabled goes on working for that long. Without it: 5, with --kms 300.',
    parse: (text): number | undefined => integerWithin(1, 3600)(text),
  }),
  region: option({
    value: 'NAME',
    env: 'MILLRACE_REGION',
    default: 'us-east-1',
    help: 'Region in ARNs.',
    parse: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, e.g. us-east-1'),
  }),
  account: option({
    value: 'DIGITS',
    env: 'MILLRACE_ACCOUNT',
    default: '000000000000',
    help: 'Account id in ARNs: twelve digits.',
    parse: matching(/^\d{12}$/, 'twelve digits'),
  }),
  'transition-ms': option({
    value: 'MS',
    env: 'MILLRACE_TRANSITION_MS',
    default: 50,
    help: 'How long CREATING, UPDATING and DELETING last, in milliseconds. AWS needs some 10000 to 60000.',
    parse: integerWithin(0, 3_600_000),
  }),
  'log-level': option({
    value: 'LEVEL',
    env: 'MILLRACE_LOG_LEVEL',
    default: 'warn' as LogLevel,
    help: 'debug, info, warn or error. Logs are JSON lines on standard error; debug has a line for each request.',
    parse: oneOf('debug', 'info', 'warn', 'error'),
  }),
}

export type ServerConfig = { -readonly [K in keyof typeof serverOptions]: (typeof serverOptions)[K]['default'] }

/** Flags win over environment variables, those over defaults. @throws ConfigError */
export function readConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ServerConfig {
  const flags = parseFlags(args)
  const config: Record<string, unknown> = {}
  for (const [name, declared] of Object.entries(serverOptions) as [string, Option<unknown>][]) {
    const fromFlag = flags[name]
    const text = fromFlag ?? env[declared.env]
    config[name] = declared.default
    if (text === undefined) continue
    try {
      config[name] = declared.parse(String(text))
    } catch (error) {
      const said = fromFlag === undefined ? declared.env : `--${name}`
      throw new ConfigError(`${said} must be ${(error as Error).message}, not "${text}"`)
    }
  }
  if ((config['tls-cert'] === undefined) !== (config['tls-key'] === undefined))
    throw new ConfigError('--tls-cert and --tls-key must be given together')
  if (config.buckets !== undefined && config['s3-endpoint'] !== undefined)
    throw new ConfigError('--buckets and --s3-endpoint are two places for the same buckets: give only one of them')
  return config as ServerConfig
}

function parseFlags(args: readonly string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(
    Object.entries(serverOptions).map(([name, declared]) => [
      name,
      { type: 'value' in declared ? ('string' as const) : ('boolean' as const) },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Record<
      string,
      string | boolean | undefined
    >
  } catch (error) {
    throw new ConfigError(refusedOptions(error, 'millrace --help'))
  }
}

/** The lines of `--help` about options. */
export function describeOptions(): string[] {
  return Object.entries(serverOptions).flatMap(([name, declared]) => {
    const { value, env, help, default: standard } = declared as Option<unknown>
    const shown = standard === false ? 'off' : standard === undefined || `${standard}` === '' ? 'none' : standard
    return [`  --${name}${value ? ` ${value}` : ''}`, `      ${help}`, `      Default: ${shown}. Environment: ${env}`]
  })
}
