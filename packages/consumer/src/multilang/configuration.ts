import type { ProtocolVersion } from './messages.ts'

/** What a multi-language application is, out of KCL's properties. Absent members have the consumer's own defaults. */
export type MultilangConfiguration = {
  /** The record processor's program and its arguments. */
  readonly command: readonly string[]
  readonly streamName: string
  readonly streamArn?: string
  readonly applicationName: string
  /** The lease table. @default the application's name */
  readonly tableName?: string
  readonly workerId?: string
  readonly initialPosition: 'LATEST' | 'TRIM_HORIZON' | Date
  readonly retrieval:
    | { readonly mode: 'polling' }
    | { readonly mode: 'fan-out'; readonly consumerName?: string; readonly consumerArn?: string }
  readonly region?: string
  readonly endpoints: { readonly kinesis?: string; readonly dynamoDb?: string; readonly cloudWatch?: string }
  /** @default the SDK's own chain */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly failoverTimeMs?: number
  readonly shardSyncIntervalMs?: number
  readonly maxRecords?: number
  readonly idleTimeBetweenReadsMs?: number
  readonly maxLeasesForWorker?: number
  readonly maxLeasesToStealAtOneTime?: number
  readonly metricsLevel: 'NONE' | 'SUMMARY' | 'DETAILED'
  readonly metricsBufferTimeMs?: number
  /** How long a child may be silent within an action. @default for ever */
  readonly timeoutMs?: number
  /** How long the end may take in all. */
  readonly shutdownGraceMs: number
  readonly protocol: ProtocolVersion
  /** What was said and is not done, for the log. */
  readonly warnings: readonly string[]
}

/** What an operator said wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** KCL's DEFAULT_SHUTDOWN_GRACE_MILLIS. */
const shutdownGraceMsDefault = 5000

type Draft = { -readonly [K in keyof MultilangConfiguration]?: MultilangConfiguration[K] } & {
  endpoints: { kinesis?: string; dynamoDb?: string; cloudWatch?: string }
  retrievalMode?: 'FANOUT' | 'POLLING' | 'DEFAULT'
  consumerName?: string
  consumerArn?: string
  /** Keys that only polling knows: with one of them, KCL's default retrieval is polling. */
  pollingKeys: string[]
  warnings: string[]
}

type Setter = (draft: Draft, text: string) => void

/** Sets a member to what `parse` makes of the text. */
const sets =
  <K extends keyof Draft>(member: K, parse: (text: string) => NonNullable<Draft[K]>): Setter =>
  (draft, text) => {
    draft[member] = parse(text)
  }

const polling =
  (key: string, setter: Setter): Setter =>
  (draft, text) => {
    draft.pollingKeys.push(key)
    setter(draft, text)
  }

const endpoint =
  (service: keyof Draft['endpoints']): Setter =>
  (draft, text) => {
    draft.endpoints[service] = url(text)
  }

/** A switch that is always as KCL has it by default; the other way is warned of. */
const onlyIf =
  (key: string, always: 'true' | 'false'): Setter =>
  (draft, text) => {
    if (word(text, ['TRUE', 'FALSE']).toLowerCase() !== always) draft.warnings.push(`${key} is always ${always} here`)
  }

const setters: Readonly<Record<string, Setter>> = {
  executableName: sets('command', (text) => text.trim().split(/ +/)),
  streamName: sets('streamName', nonEmpty),
  streamArn: sets('streamArn', streamArn),
  applicationName: sets('applicationName', nonEmpty),
  tableName: sets('tableName', nonEmpty),
  workerId: sets('workerId', nonEmpty),
  workerIdentifier: sets('workerId', nonEmpty),
  initialPositionInStream: sets('initialPosition', (text) => word(text, ['LATEST', 'TRIM_HORIZON'])),
  initialPositionInStreamExtended: sets('initialPosition', (text) => new Date(wholeNumber(text) * 1000)),
  retrievalMode: sets('retrievalMode', (text) => word(text, ['FANOUT', 'POLLING', 'DEFAULT'])),
  'fanoutConfig.consumerName': sets('consumerName', nonEmpty),
  'fanoutConfig.consumerArn': sets('consumerArn', nonEmpty),

  regionName: sets('region', nonEmpty),
  'kinesisClient.region': sets('region', nonEmpty),
  kinesisEndpoint: endpoint('kinesis'),
  'kinesisClient.endpointOverride': endpoint('kinesis'),
  dynamoDBEndpoint: endpoint('dynamoDb'),
  'dynamoDbClient.endpointOverride': endpoint('dynamoDb'),
  cloudWatchEndpoint: endpoint('cloudWatch'),
  'cloudWatchClient.endpointOverride': endpoint('cloudWatch'),
  awsCredentialsProvider: credentialsProvider,

  failoverTimeMillis: sets('failoverTimeMs', positiveNumber),
  shardSyncIntervalMillis: sets('shardSyncIntervalMs', positiveNumber),
  maxRecords: polling('maxRecords', sets('maxRecords', positiveNumber)),
  idleTimeBetweenReadsInMillis: polling('idleTimeBetweenReadsInMillis', sets('idleTimeBetweenReadsMs', wholeNumber)),
  maxLeasesForWorker: sets('maxLeasesForWorker', positiveNumber),
  maxLeasesToStealAtOneTime: sets('maxLeasesToStealAtOneTime', positiveNumber),
  cleanupLeasesUponShardCompletion: onlyIf('cleanupLeasesUponShardCompletion', 'true'),
  callProcessRecordsEvenForEmptyRecordList: onlyIf('callProcessRecordsEvenForEmptyRecordList', 'false'),
  metricsLevel: sets('metricsLevel', (text) => word(text, ['NONE', 'SUMMARY', 'DETAILED'])),
  metricsBufferTimeMillis: sets('metricsBufferTimeMs', positiveNumber),
  timeoutInSeconds: sets('timeoutMs', (text) => positiveNumber(text) * 1000),
  shutdownGraceMillis: sets('shutdownGraceMs', wholeNumber),
  multiLangProtocol: sets('protocol', (text) => (word(text, ['1', '2']) === '1' ? 1 : 2)),
}

/** KCL's keys that say nothing here: what they tune does not exist, or is another's part. Taken without a word. */
const withoutEffect = new Set([
  ...['processingLanguage', 'maxActiveThreads', 'validateSequenceNumberBeforeCheckpointing', 'userAgent'],
  ...['metricsMaxQueueSize', 'metricsEnabledDimensions', 'taskBackoffTimeMillis', 'logWarningForTaskAfterMillis'],
  ...['initialLeaseTableReadCapacity', 'initialLeaseTableWriteCapacity', 'maxLeaseRenewalThreads', 'billingMode'],
  ...['maxGetRecordsThreadPool', 'retryGetRecordsInSeconds', 'listShardsBackoffTimeInMillis'],
  ...['maxListShardsRetryAttempts', 'schedulerInitializationBackoffTimeMillis', 'ignoreUnexpectedChildShards'],
  ...['gracefulLeaseHandoffTimeoutMillis', 'isGracefulLeaseHandoffEnabled', 'parentShardPollIntervalMillis'],
  ...['clientVersionConfig', 'leaseAssignmentIntervalMillis', 'enablePriorityLeaseAssignment'],
  ...['skipShardSyncAtWorkerInitializationIfLeasesExist', 'shardPrioritization', 'usePollingConfigIdleTimeValue'],
])

/**
 * Makes a configuration of properties. Keys that nobody knows are warned of, as KCL does; values that make no sense, and
 * what must be said and is not, are errors.
 *
 * @throws ConfigurationError
 */
export function configurationOf(properties: ReadonlyMap<string, string>): MultilangConfiguration {
  const draft: Draft = { endpoints: {}, pollingKeys: [], warnings: [] }
  for (const [key, text] of properties) {
    const setter = settersByLowerCase.get(key.toLowerCase())
    if (text.trim() === '' || withoutEffect.has(key)) continue
    // Of KCL 3: workers that weigh their load, and the tables for that.
    if (/^(coordinatorState|workerMetrics|inMemoryWorkerMetrics)/.test(key)) continue
    if (!setter) {
      draft.warnings.push(`the property ${key} is not known, and has no effect`)
      continue
    }
    try {
      setter(draft, text.trim())
    } catch (error) {
      throw new ConfigurationError(`${key} must be ${(error as Error).message}, not "${text}"`)
    }
  }
  return completed(draft)
}

/** KCL's own setters look past the first letter's case: `AwsCredentialsProvider`, `regionName` and `RegionName`. */
const settersByLowerCase = new Map(Object.entries(setters).map(([key, setter]) => [key.toLowerCase(), setter]))

function completed(draft: Draft): MultilangConfiguration {
  const { retrievalMode, consumerName, consumerArn, pollingKeys, streamArn: arn, ...rest } = draft
  if (!rest.command) throw new ConfigurationError('executableName is required, e.g. executableName = sampleapp.py')
  if (!rest.applicationName) throw new ConfigurationError('applicationName is required')
  // An ARN takes precedence over a name.
  const streamName = arn === undefined ? rest.streamName : arn.slice(arn.indexOf('/') + 1)
  if (!streamName) throw new ConfigurationError('streamName or streamArn is required')
  const isPolling = retrievalMode === 'POLLING' || (retrievalMode !== 'FANOUT' && pollingKeys.length > 0)
  return {
    ...rest,
    command: rest.command,
    applicationName: rest.applicationName,
    streamName,
    ...(arn !== undefined && { streamArn: arn }),
    initialPosition: rest.initialPosition ?? 'LATEST',
    retrieval: isPolling
      ? { mode: 'polling' }
      : { mode: 'fan-out', ...(consumerName && { consumerName }), ...(consumerArn && { consumerArn }) },
    metricsLevel: rest.metricsLevel ?? 'DETAILED',
    shutdownGraceMs: rest.shutdownGraceMs ?? shutdownGraceMsDefault,
    protocol: rest.protocol ?? 2,
  }
}

/** `StaticCredentialsProvider|KEY|SECRET`; KCL's other providers are the SDK's own chain here. */
function credentialsProvider(draft: Draft, text: string): void {
  const [name = '', accessKeyId, secretAccessKey] = text.split('|').map((part) => part.trim())
  const shortName = name.slice(name.lastIndexOf('.') + 1)
  if (/^(Kcl|Basic)?StaticCredentialsProvider$/.test(shortName)) {
    if (!accessKeyId || !secretAccessKey) throw new Error('StaticCredentialsProvider|KEY|SECRET')
    draft.credentials = { accessKeyId, secretAccessKey }
  } else if (!/^(Default(AWS)?Credentials|Environment|SystemProperty|InstanceProfile|Container)/.test(shortName)) {
    draft.warnings.push(`the credentials provider ${shortName} is not known; the SDK's own chain is used`)
  }
}

function nonEmpty(text: string): string {
  if (text === '') throw new Error('something')
  return text
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new Error('a whole number')
  return number
}

function positiveNumber(text: string): number {
  const number = wholeNumber(text)
  if (number === 0) throw new Error('a whole number above 0')
  return number
}

function word<const W extends string>(text: string, words: readonly W[]): W {
  const found = words.find((one) => one === text.toUpperCase())
  if (found === undefined) throw new Error(words.join(' or '))
  return found
}

function url(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) throw new Error('a URL, e.g. http://127.0.0.1:4567')
  return text
}

function streamArn(text: string): string {
  if (!/^arn:[^:]+:kinesis:[^:]+:\d{12}:stream\/[\w.-]{1,128}$/.test(text))
    throw new Error('the ARN of a stream, e.g. arn:aws:kinesis:us-east-1:123456789012:stream/NAME')
  return text
}
