import { AgentConfigError, ConfigReader } from './config-reader.ts'
import { type Flow, readFlow } from './flow-config.ts'
import { parseJsonWithComments } from './json-with-comments.ts'

/** What agent.json says, with every default in its place. Times are in milliseconds. */
export type AgentConfig = {
  readonly endpoints: Endpoints
  readonly region: string | undefined
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly assumeRole: { readonly arn: string; readonly externalId: string | undefined } | undefined
  readonly cloudwatch: {
    readonly emitMetrics: boolean
    readonly namespace: string
    readonly tagInstance: boolean
    readonly periodMs: number
  }
  readonly checkpointFile: string | undefined
  readonly checkpointTimeToLiveMs: number
  /** Calls under way at one time, over all flows. */
  readonly sendsMax: number
  readonly connectionsMax: number
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly statusPeriodMs: number
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly file: string | undefined }
  readonly flows: readonly Flow[]
}

/** Each as the file has it, with or without a scheme. */
export type Endpoints = Readonly<Record<'kinesis' | 'firehose' | 'cloudwatch' | 'sts', string | undefined>>

const dayMs = 24 * 3_600_000
const notNegative = { min: 0, max: Number.MAX_SAFE_INTEGER }
const positive = { min: 1, max: Number.MAX_SAFE_INTEGER }
const countRange = { min: 1, max: 10_000 }

/**
 * Reads the text of an agent.json.
 * @param cores processor cores of this machine, by which AWS's agent counts its sending threads
 * @throws AgentConfigError with a line for each fault
 */
export function readAgentConfig(text: string, cores: number): { config: AgentConfig; warnings: readonly string[] } {
  let parsed: unknown
  try {
    parsed = parseJsonWithComments(text)
  } catch (error) {
    throw new AgentConfigError([`it is not JSON: ${(error as Error).message}`])
  }
  const faults: string[] = []
  const warnings: string[] = []
  const reader = new ConfigReader(parsed, '', faults, warnings)
  const sendsPerCore = reader.integer('maxSendingThreadsPerCore', 12, countRange)
  const sendsMax = reader.integer('maxSendingThreads', Math.max(2, sendsPerCore * cores), countRange)
  const config: AgentConfig = {
    endpoints: {
      kinesis: endpoint(reader, 'kinesis.endpoint'),
      firehose: endpoint(reader, 'firehose.endpoint'),
      cloudwatch: endpoint(reader, 'cloudwatch.endpoint'),
      sts: endpoint(reader, 'sts.endpoint'),
    },
    region: reader.string('kinesis.region'),
    credentials: credentials(reader),
    assumeRole: assumeRole(reader),
    cloudwatch: {
      emitMetrics: reader.boolean('cloudwatch.emitMetrics', true),
      namespace: reader.string('cloudwatch.namespace') ?? 'AWSKinesisAgent',
      tagInstance: reader.boolean('cloudwatch.tagInstance', false),
      periodMs: reader.integer('cloudwatch.metricsBufferTimeMillis', 30_000, { min: 1000, max: 3_600_000 }),
    },
    checkpointFile: reader.string('checkpointFile'),
    checkpointTimeToLiveMs: reader.integer('checkpointTimeToLiveDays', 7, { min: 1, max: 36_500 }) * dayMs,
    sendsMax,
    connectionsMax: reader.integer('maxConnections', Math.max(50, sendsMax), countRange),
    connectTimeoutMs: reader.integer('connectionTimeoutMillis', 10_000, positive),
    requestTimeoutMs: reader.integer('socketTimeoutMillis', 50_000, positive),
    shutdownTimeoutMs: reader.integer('shutdownTimeoutMillis', 10_000, notNegative),
    statusPeriodMs: reader.integer('log.statusReportingPeriodSeconds', 30, { min: 1, max: 86_400 }) * 1000,
    log: { level: logLevel(reader), file: reader.string('log.file') },
    flows: flows(reader, faults, warnings),
  }
  reader.ignore(
    ['sendingThreadsMaxQueueSize', 'sendingThreadsKeepAliveMillis'],
    'there are no threads here, and a batch that may not be sent yet waits in its file',
  )
  reader.ignore(['connectionTTLMillis', 'useTcpKeepAlive', 'useHttpGzip'], 'the AWS SDK has no such setting')
  reader.ignore(['cloudwatch.metricsQueueSize'], 'figures are summed up before they are sent')
  reader.ignore(
    ['userDefinedCredentialsProvider.classname', 'userDefinedCredentialsProvider.location'],
    'a Java class cannot be loaded; the credentials come from the usual places of the AWS SDK',
  )
  reader.ignorePrefix('log.', 'log lines go to standard error, or to log.file')
  reader.finish()
  if (faults.length > 0) throw new AgentConfigError(faults)
  return { config, warnings }
}

function endpoint(reader: ConfigReader, key: string): string | undefined {
  const text = reader.string(key)
  if (text === undefined) return undefined
  const url = URL.parse(withScheme(text))
  if (text === '' || url === null || !/^https?:$/.test(url.protocol))
    return reader.fault(key, `must be a host or an http or https address, not ${JSON.stringify(text)}`)
  return text
}

/** AWS's agent takes a bare host for HTTPS. */
export function withScheme(endpoint: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`
}

function credentials(reader: ConfigReader): AgentConfig['credentials'] {
  const accessKeyId = reader.string('awsAccessKeyId')
  const secretAccessKey = reader.string('awsSecretAccessKey')
  if (!accessKeyId && !secretAccessKey) return undefined
  if (!accessKeyId || !secretAccessKey)
    return reader.fault('awsAccessKeyId', 'and awsSecretAccessKey must be given together')
  return { accessKeyId, secretAccessKey }
}

function assumeRole(reader: ConfigReader): AgentConfig['assumeRole'] {
  const arn = reader.string('assumeRoleARN')
  const externalId = reader.string('assumeRoleExternalId')
  if (!arn && externalId) reader.fault('assumeRoleExternalId', 'needs assumeRoleARN')
  return arn ? { arn, externalId } : undefined
}

/** Log4j's names, which AWS's agent takes. */
const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error', FATAL: 'error' } as const

function logLevel(reader: ConfigReader): AgentConfig['log']['level'] {
  const name = reader.string('log.level')?.toUpperCase()
  if (name === undefined) return 'info'
  if (Object.hasOwn(levels, name)) return levels[name as keyof typeof levels]
  return reader.fault('log.level', `must be one of ${Object.keys(levels).join(', ')}`) ?? 'info'
}

function flows(reader: ConfigReader, faults: string[], warnings: string[]): Flow[] {
  const list = reader.list('flows')
  if (!reader.has('flows')) reader.fault('flows', 'is missing: say which files go to which stream')
  else if (list.length === 0) reader.fault('flows', 'must hold at least one flow')
  const read = list.map((value, i) => readFlow(value, `flows[${i}].`, faults, warnings))
  const seen = new Map<string, number>()
  for (const [i, { id }] of read.entries()) {
    if (seen.has(id)) faults.push(`flows[${i}] is the same as flows[${seen.get(id)}]: same files, same destination`)
    seen.set(id, i)
  }
  return read
}
