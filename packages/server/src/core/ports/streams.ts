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
  /** Of what came behind the place that was asked for, how much was gone before it was read: expired, or lost by damage. @default 0 */
  readonly goneCount?: number | undefined
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
