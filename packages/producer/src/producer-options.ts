import { sealOverheadBytesMax } from '@millrace/formats'
import { type Clock, foregroundClock, type Logger, type MetricRecorder, noMetrics, silentLogger } from '@millrace/ports'
import type { RecordEncryption } from './record-encryption.ts'

/** The stream, by either of its names. */
export type StreamIdentifier =
  | { readonly streamName: string; readonly streamArn?: undefined }
  | { readonly streamArn: string; readonly streamName?: undefined }

/** Changes bytes before they are put: compression, encryption. What comes out is what consumers get, and must undo. */
export type EncodeData = (data: Uint8Array, partitionKey: string) => Uint8Array | Promise<Uint8Array>

export type ProducerOptions = StreamIdentifier & ProducerSettings

export type ProducerSettings = {
  /** Pack small records of a shard into one Kinesis record, as the KPL does. Readers must de-aggregate. @default true */
  readonly aggregation?: boolean
  /** User records in one Kinesis record. @default 4294967295 */
  readonly aggregationCountMax?: number
  /** Size of an aggregated Kinesis record, in bytes; no more than `recordSizeBytesMax`. @default 51200 */
  readonly aggregationSizeBytesMax?: number

  /** Send many Kinesis records in one PutRecords. Without it, each goes in a call of its own. @default true */
  readonly collection?: boolean
  /** Kinesis records in one PutRecords, up to AWS's 500. @default 500 */
  readonly collectionCountMax?: number
  /** Size of one PutRecords, in bytes of data and partition keys. @default 5242880 */
  readonly collectionSizeBytesMax?: number

  /** How long a record may wait for company, in milliseconds. Longer means fewer, fuller calls. @default 100 */
  readonly recordMaxBufferedMs?: number
  /** How long a record is tried before it fails as Expired, in milliseconds from its `put`. @default 30000 */
  readonly recordTtlMs?: number
  /** How long one PutRecords may take, in milliseconds; then it counts as failed, and may yet arrive. @default 6000 */
  readonly requestTimeoutMs?: number
  /** PutRecords under way at the same time. @default 24 */
  readonly connectionsMax?: number

  /**
   * How much of a shard's 1000 records and 1 MiB a second this producer uses, in percent; more than 100, for shards save up.
   * `Infinity` for no limit: against a server without limits. @default 150
   */
  readonly rateLimitPercent?: number
  /** Fail a throttled record at once, instead of trying it again. @default false */
  readonly failIfThrottled?: boolean

  /** Data and partition key of a user record, in bytes: what the stream allows. @default 1048576 */
  readonly recordSizeBytesMax?: number
  /** Bytes that are accepted and not yet put. Above it `put` fails, and `room` and `putAll` wait. @default 67108864 */
  readonly bufferBytesMax?: number

  /** Compresses what is put. @default not at all */
  readonly compress?: EncodeData
  /** Encrypts what is put, after it was compressed. @default not at all */
  readonly encrypt?: EncodeData
  /**
   * Encrypts what is put, after it was compressed, in a form that `@millrace/consumer` decrypts; instead of `encrypt`.
   * @default not at all
   */
  readonly encryption?: RecordEncryption
  /**
   * What `compress` and `encrypt` are given. `user-record`: each record's data, before aggregation; what is on the wire is
   * a KPL aggregate that every KCL takes apart. `kinesis-record`: a whole aggregate at once, which compresses far better,
   * but only a consumer that undoes it first can take it apart. @default 'user-record'
   */
  readonly encodingScope?: 'user-record' | 'kinesis-record'

  /** Where KPL's metrics go: a `CloudWatchMetrics` of `@millrace/ports`, for one. @default nowhere */
  readonly metrics?: MetricRecorder
  /** Which metrics: KPL's few, or all. @default 'detailed' */
  readonly metricsLevel?: 'none' | 'summary' | 'detailed'
  /** The finest dimensions that metrics have; coarser ones are counted too. @default 'shard' */
  readonly metricsGranularity?: 'global' | 'stream' | 'shard'

  /** @default the machine's, which keeps the process alive while a record waits */
  readonly clock?: Clock
  /** @default silent */
  readonly logger?: Logger
}

type Encoding = 'compress' | 'encrypt' | 'encryption'

export type Settings = Required<Omit<ProducerSettings, Encoding>> &
  Pick<ProducerSettings, Encoding> & {
    readonly stream: { readonly StreamName?: string; readonly StreamARN?: string }
    /** For messages and dimensions. */
    readonly streamName: string
  }

/** Milliseconds that a timer can hold. */
const msMax = 2 ** 31 - 1
const mebibyte = 1024 * 1024

/** All options with their defaults. @throws RangeError naming the option whose value cannot be */
export function settingsOf(options: ProducerOptions): Settings {
  const { streamName, streamArn } = options
  if (!streamName === !streamArn) throw new RangeError('give streamName or streamArn, and not both')
  const number = (name: keyof ProducerSettings, byDefault: number, min: number, max: number): number => {
    const value = (options[name] ?? byDefault) as number
    if (typeof value === 'number' && value >= min && value <= max) return value
    throw new RangeError(`${name} is ${value}; it is a number from ${min} to ${max}`)
  }
  const { encryption, encodingScope = 'user-record' } = options
  if (encryption && options.encrypt) throw new RangeError('give encryption or encrypt, and not both')
  for (const name of ['dataKeyRecordsMax', 'dataKeyAgeMaxMs'] as const) {
    const value = encryption?.[name] ?? 1
    if (!(value >= 1 && value <= 2 ** 32)) throw new RangeError(`encryption.${name} is ${value}; it is from 1 to 2^32`)
  }
  const recordSizeBytesMax = number('recordSizeBytesMax', mebibyte, 1, 10 * mebibyte)
  // An aggregate that is sealed as a whole must be within the limit when it is sealed.
  const sealedBytes = encryption && encodingScope === 'kinesis-record' ? sealOverheadBytesMax : 0
  const aggregateMost = recordSizeBytesMax - sealedBytes
  const settings: Settings = {
    stream: streamArn ? { StreamARN: streamArn } : { StreamName: streamName! },
    streamName: streamName ?? streamArn!.slice(streamArn!.lastIndexOf('/') + 1),
    aggregation: options.aggregation ?? true,
    aggregationCountMax: number('aggregationCountMax', 4_294_967_295, 1, Number.POSITIVE_INFINITY),
    aggregationSizeBytesMax: number('aggregationSizeBytesMax', Math.min(51_200, aggregateMost), 64, aggregateMost),
    collection: options.collection ?? true,
    collectionCountMax: options.collection === false ? 1 : number('collectionCountMax', 500, 1, 500),
    collectionSizeBytesMax: number('collectionSizeBytesMax', 5 * mebibyte, 52_224, 10 * mebibyte),
    recordMaxBufferedMs: number('recordMaxBufferedMs', 100, 0, msMax),
    recordTtlMs: number('recordTtlMs', 30_000, 1, msMax),
    requestTimeoutMs: number('requestTimeoutMs', 6_000, 1, msMax),
    connectionsMax: number('connectionsMax', 24, 1, 256),
    rateLimitPercent: number('rateLimitPercent', 150, 1, Number.POSITIVE_INFINITY),
    failIfThrottled: options.failIfThrottled ?? false,
    recordSizeBytesMax,
    bufferBytesMax: number('bufferBytesMax', 64 * mebibyte, recordSizeBytesMax, Number.POSITIVE_INFINITY),
    compress: options.compress,
    encrypt: options.encrypt,
    encryption,
    encodingScope,
    metrics: options.metrics ?? noMetrics,
    metricsLevel: options.metrics ? (options.metricsLevel ?? 'detailed') : 'none',
    metricsGranularity: options.metricsGranularity ?? 'shard',
    clock: options.clock ?? foregroundClock,
    logger: options.logger ?? silentLogger,
  }
  if (settings.collectionSizeBytesMax < recordSizeBytesMax)
    throw new RangeError(`collectionSizeBytesMax is less than recordSizeBytesMax, ${recordSizeBytesMax}`)
  return settings
}
