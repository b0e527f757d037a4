import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { AwsError } from './aws-error.ts'

/*
 * What a room may ask of the world without knowing who answers. `main.ts` fills them.
 */

/** Where services count what AWS publishes in CloudWatch, by AWS's names (namespace `AWS/Kinesis`). */
export interface MetricSink {
  /** Adds one observation. Cheap: called for each request, never for each record. */
  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void
  /** Forgets a resource that is gone: each series whose dimensions contain all of these. */
  forget(dimensions: Dimensions): void
}

/** What was observed of one metric of one resource since someone last took it. */
export type Observed = {
  readonly metric: string
  readonly dimensions: Dimensions
  readonly unit: MetricUnit
  readonly count: number
  readonly sum: number
  readonly minimum: number
  readonly maximum: number
}

/** Gives on what a MetricSink took, added up: nothing more need be done for each observation. */
export interface MetricSource {
  /** What came since the last call. */
  take(): readonly Observed[]
  /** Calls back at the first observation after each `take`. */
  listen(listener: () => void): void
}

/** Single records that shall fail on purpose (see the gateway's faults). */
export interface RecordFaults {
  /** The error for the next record of this operation, or undefined if it may go on. */
  nextRecord(operation: string): AwsError | undefined
}

/** A record of a shard as readers inside the server get it: its data is a view that nobody may write to. */
export type StreamRecord = {
  readonly sequenceNumber: string
  /** Its place in its shard: rises by one from record to record. */
  readonly offset: number
  /** Empty if it has none. */
  readonly partitionKey: string
  readonly data: Uint8Array
  readonly arrivedAtMs: number
}

/** A stream to read, or a registered consumer of one: that reads with a throughput of its own. */
export type StreamSource = {
  /** Another for a stream that was deleted and made again under its name. */
  readonly streamId: string
  readonly streamName: string
  readonly streamArn: string
  /** Undefined where the shard's shared throughput is used. */
  readonly consumerName: string | undefined
  /** Its reads take nothing of the shared throughput, as a channel's do not. @default false */
  readonly isUncounted?: boolean | undefined
  readonly retentionMs: number
}

/** A shard that can still be read. Parents that are not listed any more have nothing left to read. */
export type StreamShard = {
  readonly shardId: string
  readonly parentShardIds: readonly string[]
  readonly isOpen: boolean
}

export type StreamStart =
  | { readonly type: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly type: 'AT_TIMESTAMP'; readonly timestampMs: number }

export type StreamPage = {
  readonly records: readonly StreamRecord[]
  /** Behind which the next page begins; rises also when the records that were there are gone. */
  readonly after: string
  /** How far the last record is behind now; 0 when nothing is left to read. */
  readonly behindMs: number
  /** Nothing is left to read for now. */
  readonly isCaughtUp: boolean
  /** A closed shard that was read to its end: its children come next. */
  readonly isAtEnd: boolean
  /** How often the shard's limits made the read wait. @default 0 */
  readonly throttledCount?: number | undefined
}

export type StreamReadLimits = {
  /** Keys and data; a larger record comes alone. */
  readonly bytesMax: number
  readonly recordsMax: number
  /** How long to wait for the first record, in milliseconds. */
  readonly waitMs: number
}

/** Reads streams for those who deliver them: event source mappings, delivery streams. A position is a sequence number. */
export interface StreamReader {
  /** What an ARN of a stream or a consumer names; undefined while there is no such thing, or not yet. */
  find(arn: string): StreamSource | undefined
  /** Shards that can be read, oldest first; none if the stream is gone. */
  shards(source: StreamSource): readonly StreamShard[]
  /** The sequence number behind which reading from `start` begins. @throws ResourceNotFoundException */
  position(source: StreamSource, shardId: string, start: StreamStart): Promise<string>
  /**
   * The records behind a sequence number, oldest first, no faster than the limits of the shard or the consumer allow.
   * @throws ResourceNotFoundException if the stream, the shard or the consumer is gone
   */
  read(
    source: StreamSource,
    shardId: string,
    after: string,
    limits: StreamReadLimits,
    signal: AbortSignal,
  ): Promise<StreamPage>
  /** Tells after each change of any stream or consumer. Returns how to stop. */
  watch(listener: () => void): () => void
}

/** What a function answered. */
export type FunctionAnswer = {
  /** `Unhandled` or `Handled` where the function failed: then the payload says how. */
  readonly functionError?: string | undefined
  /** JSON. */
  readonly payload: Uint8Array
}

/** Runs Lambda functions, for those inside the server who pass records through one. */
export interface FunctionInvoker {
  /**
   * @param functionName name or ARN, perhaps with a version or an alias
   * @param payload JSON of at most 6 MB
   * @throws FunctionNotInvoked
   */
  invoke(functionName: string, payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer>
}

/** A function that was not run, or of which nothing is known. */
export class FunctionNotInvoked extends Error {
  readonly reason: 'access denied' | 'not found' | 'role not assumed' | 'throttled' | 'unreachable'

  constructor(reason: FunctionNotInvoked['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** A channel of a stream, as whoever delivers it needs to know it. */
export type StreamChannel = {
  readonly id: string
  readonly name: string
  readonly arn: string
  readonly status: string
  /** Rises with each change of the settings. */
  readonly version: number
  readonly streamArn: string
  readonly streamName: string
  /** How long records wait in the stream. */
  readonly retentionMs: number
  /** Since when it is delivered: records that came before are not. Undefined: not yet, or not any more. */
  readonly startMs: number | undefined
  readonly recordFormat: 'JSON' | 'STRING' | 'BYTE_ARRAY'
  /** How long a record may wait for company. */
  readonly freshnessMs: number
  readonly bucketArn: string
  readonly compression: 'NONE' | 'GZIP' | 'ZSTD'
  readonly storageClass: string
  readonly kmsKeyId: string | undefined
  /** The key of an object whose oldest record came at that time; `unique` makes it another one than all others. */
  objectKey(oldestMs: number, unique: string): string
  /** Where records go that are not what the channel says. */
  readonly deadLetters: { readonly bucketArn: string; readonly prefix: string }
  /** Where its errors are told; undefined where nobody asked. */
  readonly errorLog: { readonly logGroup: string; readonly logStream: string } | undefined
}

/** The channels of all streams, for whoever delivers them. */
export interface StreamChannels {
  all(): readonly StreamChannel[]
  find(id: string): StreamChannel | undefined
  /** Tells after each change of a channel. Returns how to stop. */
  watch(listener: (id: string) => void): () => void
}

/** Who delivers channels, for those who make them. */
export interface ChannelDeliveries {
  /** From now on all channels are delivered. @throws InvalidArgumentException where there is nothing to deliver to */
  begin(): Promise<void>
}

export type OutboundRequest = {
  /** `http://` or `https://` */
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  /** From when there is a connection to send it on, or one is being made, to the last byte that is received. */
  readonly timeoutMs: number
  readonly responseBytesMax: number
}

export type OutboundResponse = {
  readonly status: number
  /** By names in lower case; several of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * The network, for those who bring records to addresses that a client named. What is loopback, link-local or private is not
 * reached unless the operator allowed it; a redirect is an answer like any other.
 */
export interface Outbound {
  /**
   * Sends once; again at once, on a new connection, only if the one that was kept from an earlier request turns out to be
   * closed before anything of an answer came. @throws OutboundFailed
   */
  request(request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse>
  /** The address to connect to, for other protocols: a name is resolved once, here. @throws OutboundFailed */
  resolve(host: string): Promise<string>
  /** Lets go of connections that are kept for the next request. */
  close(): void
}

/** Why a request had no answer. */
export type OutboundFailure =
  | 'forbidden address'
  | 'unknown host'
  | 'connection failed'
  | 'connection reset'
  | 'handshake failed'
  | 'timeout'
  | 'invalid response'
  | 'response too large'

export class OutboundFailed extends Error {
  readonly failure: OutboundFailure

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

/** One event of a log, as CloudWatch Logs keeps them. */
export type LogEvent = {
  /** Milliseconds since 1970. */
  readonly timestampMs: number
  readonly message: string
}

/** Where services put what AWS would put into CloudWatch Logs. */
export interface LogEvents {
  /** Never waits and never fails: what finds no room is left out, and told of there. */
  put(logGroup: string, logStream: string, event: LogEvent): void
}

/** What a store is told of an object beside its bytes: S3's headers. A folder has no place for them. */
export type ObjectHeaders = {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** The KMS key that the object shall be encrypted by (SSE-KMS). */
  readonly kmsKeyArn?: string | undefined
  /** e.g. `GLACIER_IR`. @default the bucket's */
  readonly storageClass?: string | undefined
}

/** Where whole objects are put: a folder as bucket, or a service that speaks S3. */
export interface ObjectStore {
  /**
   * Puts an object whole or not at all, over one that is there; resolves once it is durable. A folder makes the bucket if
   * it is missing, S3 does not.
   * @param parts the object's bytes, one part after the other
   * @throws ObjectRefused
   */
  put(
    bucket: string,
    key: string,
    parts: readonly Uint8Array[],
    headers?: ObjectHeaders,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * An object's bytes; undefined if there is none. Absent where objects are only put.
   * @throws ObjectRefused; also for an object of more bytes
   */
  get?(bucket: string, key: string, bytesMax: number): Promise<Uint8Array | undefined>
}

/** Why an object is not there. Nothing tells whether a later try goes well: whoever puts tries again as long as it likes. */
export class ObjectRefused extends Error {
  /** As S3 names it, e.g. `NoSuchBucket`, or as it would: `ConnectionFailed`, `Timeout`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A table of a data catalog, by AWS Glue's names. */
export type TableQuery = {
  /** An account. @default the server's own */
  readonly catalogId?: string | undefined
  readonly databaseName: string
  readonly tableName: string
  /** @default 'LATEST' */
  readonly versionId?: string | undefined
}

/** What stands in a table's files; types as Hive writes them. */
export type TableSchema = {
  readonly versionId: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** Tells what tables look like to those who write their files. */
export interface TableSchemas {
  /** As it is now; undefined if there is no such table, or no such version of it. @throws AwsError if it cannot be read */
  find(table: TableQuery): Promise<TableSchema | undefined>
}

/** Pairs that a data key is bound to: whoever asks for it must name the same, e.g. `aws:kinesis:arn`. */
export type EncryptionContext = Readonly<Record<string, string>>

export type NewDataKey = {
  /** 32 bytes, which never leave memory. */
  readonly plaintext: Uint8Array
  /** The same, as only the key service opens it. */
  readonly wrapped: Uint8Array
  /** The master key that wraps it. */
  readonly keyArn: string
}

/** Master keys, which never leave it: the keyring, or AWS KMS. */
export interface KeyService {
  /**
   * Makes a data key under a master key.
   * @param keyId its id or ARN, an alias (`alias/name`) or an alias's ARN
   * @throws KeyRefused
   */
  generateDataKey(keyId: string, context: EncryptionContext): Promise<NewDataKey>
  /** The data key's plaintext. @throws KeyRefused */
  decrypt(wrapped: Uint8Array, keyArn: string, context: EncryptionContext): Promise<Uint8Array>
}

/** Why a master key was not used; `unreachable` is no answer at all. */
export type KeyRefusal =
  | 'access denied'
  | 'disabled'
  | 'invalid state'
  | 'not found'
  | 'opt-in required'
  | 'throttled'
  | 'unreachable'

/** A master key that was not used, in the key service's own words. */
export class KeyRefused extends Error {
  readonly reason: KeyRefusal

  constructor(reason: KeyRefusal, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Data keys that logs are sealed by. Their numbers are never given twice. */
export interface LogKeys {
  /**
   * A new data key. @throws KeyRefused
   * @param owner whose logs it seals, for `forget`; another for a stream that is made again under its name
   */
  create(
    keyId: string,
    owner: string,
    context: EncryptionContext,
  ): Promise<{ readonly dataKey: number; readonly keyArn: string }>
  /** May it be used? Undefined if so, as nearly always; else when the key service was asked. @throws KeyRefused */
  allow(dataKey: number): undefined | Promise<void>
  /** Forgets a data key: what was sealed by it cannot be read any more. */
  remove(dataKey: number): Promise<void>
  /** Forgets all keys of an owner. */
  forget(owner: string): Promise<void>
}

/** Seals what must not lie open in the catalog: passwords, access keys, tokens. */
export interface SecretBox {
  /** Text that only `open` reads, and only under the same name. @throws KeyRefused */
  seal(name: string, secret: string): Promise<string>
  /** What was sealed; text that is not sealed comes back as it is. @throws KeyRefused */
  open(name: string, sealed: string): Promise<string>
}
