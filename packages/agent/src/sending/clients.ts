import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { FirehoseClient } from '@aws-sdk/client-firehose'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import type { Clock } from '@millrace/ports'
import { type AgentConfig, withScheme } from '../config/agent-config.ts'
import { assumeRole } from './assume-role.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Clients = {
  readonly kinesis: KinesisClient
  readonly firehose: FirehoseClient
  readonly cloudwatch: CloudWatchClient
  destroy(): void
}

/** The AWS clients as the configuration and the environment say: what the file names comes first. */
export function openClients(config: AgentConfig, env: Environment, clock: Clock): Clients {
  const endpoints = endpointsOf(config, env)
  const region = regionOf(config, env)
  const own = config.credentials ?? staticCredentials(endpoints, env)
  const credentials = config.assumeRole
    ? assumeRole({ ...config.assumeRole, endpoint: endpoints.sts, region, credentials: own, clock })
    : own
  const options = (endpoint: string | undefined) => ({
    region,
    // The agent retries by itself, with the flow's back-off, and for as long as it takes.
    maxAttempts: 1,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  })
  const { connectionsMax, connectTimeoutMs, requestTimeoutMs } = config
  const http = {
    requestTimeout: requestTimeoutMs,
    connectionTimeout: connectTimeoutMs,
    httpAgent: { maxSockets: connectionsMax, keepAlive: true },
    httpsAgent: { maxSockets: connectionsMax, keepAlive: true },
  }
  const firehose = new FirehoseClient({ ...options(endpoints.firehose), requestHandler: http })
  // One call at a time for each file gains nothing from HTTP/2, and HTTP/1.1 takes less of the processor, here
  // and of Millrace. Firehose's client is the one that has it by itself.
  const { requestHandler } = firehose.config
  const kinesis = new KinesisClient({ ...options(endpoints.kinesis), requestHandler })
  // It copies every input and output for a log that nobody keeps: a tenth of the time of a call.
  for (const client of [kinesis, firehose]) client.middlewareStack.remove('loggerMiddleware')
  const cloudwatch = new CloudWatchClient({ ...options(endpoints.cloudwatch), maxAttempts: 3, requestHandler })
  return {
    kinesis,
    firehose,
    cloudwatch,
    destroy() {
      for (const client of [kinesis, firehose, cloudwatch]) client.destroy()
    },
  }
}

type ResolvedEndpoints = AgentConfig['endpoints']

/**
 * As URLs. Where one of them is not AWS's own (Millrace, another emulator), the services that the file does not name are
 * taken to be there too: nothing of a test setup goes to AWS by accident.
 */
export function endpointsOf({ endpoints }: Pick<AgentConfig, 'endpoints'>, env: Environment): ResolvedEndpoints {
  const given = Object.values(endpoints).flatMap((endpoint) => (endpoint ? [withScheme(endpoint)] : []))
  const local = env.AWS_ENDPOINT_URL ?? given.find((endpoint) => !isAws(endpoint))
  const of = (endpoint: string | undefined, name: string) =>
    endpoint ? withScheme(endpoint) : (env[`AWS_ENDPOINT_URL_${name}`] ?? local)
  return {
    kinesis: of(endpoints.kinesis, 'KINESIS'),
    firehose: of(endpoints.firehose, 'FIREHOSE'),
    cloudwatch: of(endpoints.cloudwatch, 'CLOUDWATCH'),
    sts: of(endpoints.sts, 'STS'),
  }
}

const isAws = (endpoint: string) => /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname)

/** AWS's hosts name their region: kinesis.eu-west-1.amazonaws.com. */
export function regionOf({ region, endpoints }: AgentConfig, env: Environment): string {
  const named = [endpoints.kinesis, endpoints.firehose]
    .map((endpoint) => /\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(endpoint ?? '')?.[1])
    .find((found) => found !== undefined)
  return region ?? named ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1'
}

/** A server on this machine asks for no real key; without any, the SDK would look for one on the network. */
function staticCredentials(endpoints: ResolvedEndpoints, env: Environment) {
  const hasSome = env.AWS_ACCESS_KEY_ID || env.AWS_PROFILE || env.AWS_WEB_IDENTITY_TOKEN_FILE
  const used = [endpoints.kinesis, endpoints.firehose, endpoints.cloudwatch]
  const areLocal = used.every((endpoint) => endpoint !== undefined && isLoopback(endpoint))
  return hasSome || !areLocal ? undefined : { accessKeyId: 'millrace', secretAccessKey: 'millrace' }
}

const isLoopback = (endpoint: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(endpoint).hostname)
