import { hostname } from 'node:os'
import type { UserRecord } from '@millrace/formats'
import {
  type Clock,
  foregroundClock,
  type Logger,
  type MetricRecorder,
  noMetrics,
  type Random,
  silentLogger,
  systemRandom,
} from '@millrace/ports'
import type { RecordDecryption } from './record-decryption.ts'

/** Where an application begins in a stream that it has no leases for. */
export type InitialPosition = 'TRIM_HORIZON' | 'LATEST' | { readonly timestamp: Date }

/** What to do about records whose processing threw. */
export type ProcessorErrorAction = 'retry' | 'skip' | 'stop'

export type ProcessorFailure = {
  readonly shardId: string
  readonly error: unknown
  readonly records: readonly UserRecord[]
  /** 1 for the first time with these records. */
  readonly attempt: number
}

export type ConsumerOptions = {
  /** Names the lease table: workers of one name share the stream. */
  readonly applicationName: string
  /** The stream, by its name or its ARN. One of the two. */
  readonly streamName?: string
  readonly streamArn?: string
  /** This worker among those of the application: no two may have the same. @default host name and a UUID */
  readonly workerId?: string
  /** The lease table. @default applicationName */
  readonly tableName?: string
  /** Tags for the lease table when it is created. */
  readonly tableTags?: Readonly<Record<string, string>>
  /** Where to begin when the table has no leases. @default 'LATEST' */
  readonly initialPosition?: InitialPosition

  /** How long a lease may go unrenewed before others take it. All workers of the application must have the same. @default 10000 */
  readonly failoverTimeMs?: number
  /**
   * From so many leases on they are renewed in transactions of up to 100 rows, for a fraction of the processor time. On AWS a
   * transactional write costs twice as much: Infinity renews each by itself, however many they are. @default 250
   */
  readonly renewTogetherFrom?: number
  /** How often the table is scanned for leases to take. @default failoverTimeMs / 2 */
  readonly takeIntervalMs?: number
  /** The most leases that this worker takes. @default no limit */
  readonly leasesMax?: number
  /** The most leases stolen from another worker at one time. @default 1 */
  readonly leasesToStealMax?: number
  /** How often one worker compares the leases with the stream's shards, and removes finished ones. @default 60000 */
  readonly shardSyncIntervalMs?: number
  /** Who shares out the leases. 'auto': each worker takes its share, unless a KCL 3 fleet has a leader who does. @default 'auto' */
  readonly leaseAssignment?: 'auto' | 'take'

  /** How a shard is read: by GetRecords, or by a registered consumer with SubscribeToShard. @default 'polling' */
  readonly retrieval?: 'polling' | 'fan-out'
  /** The registered consumer for fan-out: registered when it does not exist. @default applicationName */
  readonly consumerName?: string
  /** An existing registered consumer for fan-out, instead of a name. */
  readonly consumerArn?: string
  /** Records for each GetRecords, 1 to 10000. @default 10000 */
  readonly recordsPerReadMax?: number
  /** Between two reads of a shard that has nothing more to give (KCL 3: 1500, KCL 2: 1000). @default 1000 */
  readonly idleTimeBetweenReadsMs?: number
  /** Between two reads of a shard that is behind: AWS allows five a second for all applications together. @default 200 */
  readonly readGapMs?: number
  /** Reads a second over all shards that have been quiet for a minute: with many of them, each waits longer. @default 75 */
  readonly idleReadsPerSecondMax?: number
  /** Bytes read ahead of the processor, for each shard. @default 8388608 */
  readonly prefetchBytesMax?: number
  /** The same for all shards together; a shard that has nothing may always read one page. @default 268435456 */
  readonly prefetchTotalBytesMax?: number
  /** Kinesis records read ahead of the processor, for each shard. @default 30000 */
  readonly prefetchRecordsMax?: number

  /**
   * What to do when processRecords throws. 'retry': the same records again, after 1 s, 2 s, ... 30 s, for as long as it takes.
   * 'skip': log them and go on, as KCL does. 'stop': stop this worker. Or a function that chooses. @default 'retry'
   */
  readonly onProcessorError?:
    | ProcessorErrorAction
    | ((failure: ProcessorFailure) => ProcessorErrorAction | Promise<ProcessorErrorAction>)
  /** Decrypts what a producer's `encryption` made; what cannot be decrypted goes to `onProcessorError`. @default not at all */
  readonly encryption?: RecordDecryption
  /** How long stop() waits for processors before it gives their leases up all the same. @default 30000 */
  readonly shutdownTimeoutMs?: number

  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  readonly metrics?: MetricRecorder
}

export type Settings = ReturnType<typeof settingsOf>

/** The options with their defaults. Throws a RangeError that names the option. */
export function settingsOf(options: ConsumerOptions) {
  const { applicationName, streamName, streamArn } = options
  if (!applicationName) throw new RangeError('applicationName must not be empty: it names the lease table.')
  if ((streamName === undefined) === (streamArn === undefined))
    throw new RangeError('Give streamName or streamArn, and not both.')
  const random = options.random ?? systemRandom
  const failoverTimeMs = within('failoverTimeMs', options.failoverTimeMs ?? 10_000, 100, 3_600_000)
  return {
    applicationName,
    streamName: streamName ?? streamNameOf(streamArn!),
    streamArn,
    workerId: options.workerId ?? `${hostname()}-${random.uuid()}`,
    tableName: options.tableName ?? applicationName,
    tableTags: Object.entries(options.tableTags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    initialPosition: options.initialPosition ?? 'LATEST',
    failoverTimeMs,
    renewTogetherFrom: within('renewTogetherFrom', options.renewTogetherFrom ?? 250, 1, Number.POSITIVE_INFINITY),
    takeIntervalMs: within('takeIntervalMs', options.takeIntervalMs ?? failoverTimeMs / 2, 10, 3_600_000),
    leasesMax: within('leasesMax', options.leasesMax ?? Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY),
    leasesToStealMax: within('leasesToStealMax', options.leasesToStealMax ?? 1, 1, 10_000),
    shardSyncIntervalMs: within('shardSyncIntervalMs', options.shardSyncIntervalMs ?? 60_000, 100, 86_400_000),
    leaseAssignment: options.leaseAssignment ?? 'auto',
    retrieval: options.retrieval ?? 'polling',
    consumerName: options.consumerName ?? applicationName,
    consumerArn: options.consumerArn,
    recordsPerReadMax: within('recordsPerReadMax', options.recordsPerReadMax ?? 10_000, 1, 10_000),
    idleTimeBetweenReadsMs: within('idleTimeBetweenReadsMs', options.idleTimeBetweenReadsMs ?? 1000, 0, 240_000),
    readGapMs: within('readGapMs', options.readGapMs ?? 200, 0, 60_000),
    idleReadsPerSecondMax: within('idleReadsPerSecondMax', options.idleReadsPerSecondMax ?? 75, 0.1, 1e6),
    prefetchBytesMax: within('prefetchBytesMax', options.prefetchBytesMax ?? 8 * 1024 * 1024, 1, 2 ** 30),
    prefetchTotalBytesMax: within(
      'prefetchTotalBytesMax',
      options.prefetchTotalBytesMax ?? 256 * 1024 * 1024,
      1,
      2 ** 40,
    ),
    prefetchRecordsMax: within('prefetchRecordsMax', options.prefetchRecordsMax ?? 30_000, 1, 1e7),
    onProcessorError: options.onProcessorError ?? 'retry',
    encryption: options.encryption,
    shutdownTimeoutMs: within('shutdownTimeoutMs', options.shutdownTimeoutMs ?? 30_000, 0, 3_600_000),
    clock: options.clock ?? foregroundClock,
    random,
    logger: options.logger ?? silentLogger,
    metrics: options.metrics ?? noMetrics,
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most))
    throw new RangeError(`${name} must be from ${least} to ${most}, and is ${value}.`)
  return value
}

function streamNameOf(arn: string): string {
  const name = /^arn:[^:]*:kinesis:[^:]*:[^:]*:stream\/([^/:]+)$/.exec(arn)?.[1]
  if (name === undefined) throw new RangeError(`streamArn is not the ARN of a stream: ${arn}`)
  return name
}
